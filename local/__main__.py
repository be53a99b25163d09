"""`python -m local up|down|status|token`: the platform on this machine. The Makefile calls it."""

from __future__ import annotations

import argparse
import os
import signal
import sys

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.failure import LocalRunError
from local.layout import Layout, Ports
from local.platform import down, running, up
from local.record import Record
from local.report import print_status, print_summary


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    chosen = _parser().parse_args(arguments)
    layout, console = Layout.from_environment(os.environ), Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends in the same order as Ctrl-C
    try:
        match chosen.command:
            case "up":
                print_summary(up(layout, _ports(layout), console), console)
            case "down":
                down(layout, console)
            case "status":
                print_status(running(layout), console)
            case "token":
                account = running(layout).account
                print(account.token(chosen.agent or account.first_agent()).value)
    except LocalRunError as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, httpx2.HTTPError) as error:
        print(f"The platform stopped answering ({error}): run `make local` again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; what this command had started is stopped.", file=sys.stderr)
        return 130
    return 0


def _ports(layout: Layout) -> Ports:
    """The ports that the environment sets; those left open are the ones of the platform that runs, if one does."""
    record = Record.read(layout)
    return Ports.from_environment(os.environ, otherwise=record.ports if record else None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start and deploy the platform, and show it at work")
    commands.add_parser("down", help="stop the platform and remove its state")
    commands.add_parser("status", help="say what runs where")
    token = commands.add_parser("token", help="print an access token of an agent, and nothing else")
    token.add_argument("--agent", help="<tenant>/<agent>; by default the first")
    return parser


if __name__ == "__main__":
    sys.exit(main())
