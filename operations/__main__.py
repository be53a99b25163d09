"""What `make block`, `unblock`, `blocked` and `remove-tenant` run: `python -m operations <command>`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from operations.failure import OperationError
from operations.place import find_place
from operations.removal import removable_stacks
from operations.suspension import KillSwitch


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; what hinders it goes to the standard error, in a sentence, and gives 1."""
    options = _parser().parse_args(arguments)
    try:
        print(_done(options))
    except OperationError as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS does not do it ({error}): check the credentials and what they allow.", file=sys.stderr)
        return 1
    return 0


def _done(options: argparse.Namespace) -> str:
    """Do it, and say what was done or found."""
    if options.command == "tenant-stacks":
        if not options.tenant:
            raise OperationError("No tenant is given: add TENANT=<tenant>.")
        return " ".join(removable_stacks(options.environment, options.tenant))
    switch = KillSwitch(find_place(options.environment))
    match options.command:
        case "block":
            return switch.block(_subject(options), options.reason, force=options.force)
        case "unblock":
            return switch.unblock(_subject(options), options.reason)
    return "\n".join(_lines(switch)) or f"Nobody is suspended in {options.environment}."


def _subject(options: argparse.Namespace) -> str:
    if not options.tenant:
        raise OperationError("No tenant is given: add TENANT=<tenant>, and AGENT=<agent> for one agent of it.")
    agent = str(options.agent or "").removeprefix(f"{options.tenant}/")
    return f"{options.tenant}/{agent}" if agent else str(options.tenant)


def _lines(switch: KillSwitch) -> list[str]:
    return [
        f"{entry.subject}  {entry.source}  {entry.at or '-'}  {entry.by}  {entry.reason}"
        for entry in switch.suspended()
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description="Operate a deployed environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("block", "suspend a tenant or an agent at once"), ("unblock", "lift such a block")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--tenant", default="", help="the tenant")
        command.add_argument("--agent", help="one agent of it; the whole tenant when left out")
        command.add_argument("--reason", default="", help="why, for the audit record")
        command.add_argument("--environment", required=True, help="the environment, or local")
        if name == "block":
            command.add_argument("--force", action="store_true", help="also whom the directory does not have")
    listing = commands.add_parser("blocked", help="list what is suspended, by command or by settings")
    listing.add_argument("--environment", required=True, help="the environment, or local")
    removal = commands.add_parser("tenant-stacks", help="print the stacks of a tenant, if nothing protects them")
    removal.add_argument("--tenant", default="", help="the tenant")
    removal.add_argument("--environment", required=True, help="the environment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
