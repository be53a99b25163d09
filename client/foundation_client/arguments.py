"""The command line. Imports nothing that takes time, so that help and mistakes are answered at once."""

from __future__ import annotations

import argparse

from foundation_client import __version__
from foundation_client.variables import AGENT, ENVIRONMENT, URL

_EXIT_CODES = """\
exit codes: 0 done, 1 the agent failed or refused, 2 wrong usage or settings, 3 no credentials or no permission,
  4 nobody answers or something else does, 130 Ctrl-C
"""


def parser() -> argparse.ArgumentParser:
    """The parser of `foundation`; its options are in the guide docs/guides/chat.md."""
    connection = _connection()
    parser = argparse.ArgumentParser(
        prog="foundation",
        description="Talk to a company's agents on AWS.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"foundation-client {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chat = commands.add_parser(
        "chat",
        parents=[connection],
        help="talk to an agent; with -m, ask once",
        description="Talk to an agent. With -m, or with a message on the standard input, ask once: the answer goes to "
        "the standard output, everything else to the standard error.",
    )
    chat.add_argument("-m", "--message", help="ask this and leave; - reads it from the standard input")
    chat.add_argument("-c", "--conversation", metavar="ID", help="continue this conversation; a new one when left out")
    output = chat.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object when the answer is over")
    output.add_argument("--json-stream", action="store_true", help="print a JSON object a line as things happen")
    listing = commands.add_parser("conversations", parents=[connection], help="list your conversations")
    listing.add_argument(
        "--limit", type=_positive, default=20, metavar="N", help="at most so many, the last used first (20)"
    )
    listing.add_argument("--json", action="store_true", help="print a JSON array")
    show = commands.add_parser("show", parents=[connection], help="print a conversation")
    show.add_argument("conversation", metavar="ID", help="the conversation")
    show.add_argument("--json", action="store_true", help="print a JSON array of its messages")
    delete = commands.add_parser("delete", parents=[connection], help="delete a conversation for good")
    delete.add_argument("conversation", metavar="ID", help="the conversation")
    delete.add_argument("-y", "--yes", action="store_true", help="do not ask")
    tools = commands.add_parser("tools", parents=[connection], help="list the tools that the agent may call")
    tools.add_argument("--json", action="store_true", help="print a JSON array, with their schemas")
    return parser


def _connection() -> argparse.ArgumentParser:
    """The options of every command: whom to speak to, and as whom."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("whom to speak to, and as whom")
    group.add_argument("--env", help=f"environment, or local for the platform on this machine ({ENVIRONMENT})")
    group.add_argument("--agent", metavar="TENANT/AGENT", help=f"the agent ({AGENT})")
    group.add_argument("--url", help=f"its address, in place of environment and agent ({URL})")
    group.add_argument("--profile", help="profile with your AWS credentials (AWS_PROFILE)")
    group.add_argument("--region", help="AWS region (AWS_REGION)")
    group.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR)")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
