"""What a person needs to know of a running platform."""

from __future__ import annotations

import json

from local.console import Console
from local.conversation import how_to_go_on
from local.emulator.settings import ACCOUNT, REGION
from local.platform import Platform


def print_status(platform: Platform, console: Console) -> None:
    """Print what runs where."""
    url = platform.account.gateway_url()
    gateway = "serves" if platform.gateway.is_healthy(url) else "does not answer; `make local` starts it again:"
    shown = platform.layout.shown
    console.say(f"Emulated AWS   {platform.ports.endpoint_url}, account {ACCOUNT}, region {REGION}")
    console.say(
        f"Proxy          {platform.ports.edge_url}, for the identity provider's host names; trust "
        f"{shown(platform.layout.ca_file)}"
    )
    console.say(f"Gateway        {gateway} {url}")
    console.say(f"Agents         {', '.join(platform.account.agents())}")
    if talking := platform.account.conversations():
        console.say(f"To talk to     {', '.join(sorted(talking))}")
    console.say(f"Logs           {shown(platform.layout.logs)}/")


def print_summary(platform: Platform, console: Console) -> None:
    """Print what runs where and how to use it. No token is in it: a command gets one."""
    url = platform.account.gateway_url()
    console.say()
    print_status(platform, console)
    console.say("\nConnect an MCP client with this configuration:\n")
    console.say(json.dumps(platform.client_configuration, indent=2))
    console.say("\nand a token in its environment:\n")
    console.say("  export FOUNDATION_TOKEN=$(make -s token)")
    console.say("\nor from a command line:\n")
    console.say(
        f"  node_modules/.bin/mcp-inspector --cli {url} --transport http --method tools/list "
        '--header "Authorization: Bearer $FOUNDATION_TOKEN"'
    )
    if platform.layout.client_file.exists():
        console.say("\nTalk to an agent:\n")
        console.say(f"  {how_to_go_on()}")
    console.say(f"\nThe platform keeps running ({console.seconds:.0f} s to here). `make local-down` stops it.")
