"""What each command does."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from foundation_client.answering import answer
from foundation_client.displays.interface import Display
from foundation_client.failure import CommandError, Exit
from foundation_client.place import find_place
from foundation_client.service import Service, check_id
from foundation_client.settings import Settings, load
from foundation_client.turn import Turn
from foundation_client.wire import Conversation, Message, Tool

if TYPE_CHECKING:
    from rich.console import Console


def run(options: Namespace) -> int:
    """Do what the command line says and give the exit code. Raises CommandError with a sentence for the person."""
    message = _message(options) if options.command == "chat" else None
    if options.command == "chat":
        _check_chat(options, message)
    settings = load(
        Settings(env=options.env, agent=options.agent, profile=options.profile, region=options.region, url=options.url)
    )
    with Service(find_place(settings), notify=_tell) as service:
        match options.command:
            case "chat" if message is not None:
                turn = Turn(service, message, options.conversation)
                return answer(turn, _display(options, turn))
            case "chat":
                from foundation_client.session import Session

                return Session(service, _console(options), options.conversation).run()
            case "conversations":
                _print(options, service.conversations(options.limit))
            case "show":
                _print(options, service.messages(options.conversation))
            case "delete":
                return _delete(service, options)
            case "tools":
                _print(options, service.tools())
    return Exit.OK


def _message(options: Namespace) -> str | None:
    """What to ask once; None for a conversation with a person at the terminal."""
    if options.message not in (None, "-"):
        message = str(options.message)
    elif options.message == "-" or not sys.stdin.isatty():
        message = sys.stdin.read()
    else:
        return None
    if not message.strip():
        raise CommandError("The message is empty: give one with -m or on the standard input.", Exit.USAGE)
    return message


def _check_chat(options: Namespace, message: str | None) -> None:
    if options.conversation is not None:
        check_id(options.conversation)
    if message is None and (options.json or options.json_stream or not sys.stdout.isatty()):
        raise CommandError("Without a terminal to talk at, give the message: -m, or the standard input.", Exit.USAGE)


def _display(options: Namespace, turn: Turn) -> Display:
    if options.json or options.json_stream:
        from foundation_client.displays import json_output

        if options.json_stream:
            return json_output.JsonLinesDisplay(sys.stdout)
        return json_output.JsonDisplay(sys.stdout, sys.stderr, turn)
    if _at_terminal():
        from foundation_client.displays.terminal import TerminalDisplay

        return TerminalDisplay(_console(options))
    from foundation_client.displays.plain import PlainDisplay

    return PlainDisplay(sys.stdout, sys.stderr)


def _at_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def _console(options: Namespace) -> Console:
    from rich.console import Console

    return Console(no_color=True if options.no_color else None, highlight=False, markup=False, emoji=False)


def _tell(notice: str) -> None:
    print(notice, file=sys.stderr, flush=True)


def _print(options: Namespace, rows: Sequence[Conversation] | Sequence[Message] | Sequence[Tool]) -> None:
    """Print rows: as JSON, for a terminal, or as plain lines for a pipe."""
    if options.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    from foundation_client import listings

    if _at_terminal():
        _console(options).print(listings.rendered(rows))
    else:
        sys.stdout.writelines(f"{line}\n" for line in listings.lines(rows))
        sys.stdout.flush()


def _delete(service: Service, options: Namespace) -> int:
    check_id(options.conversation)
    if not options.yes:
        if not sys.stdin.isatty():
            raise CommandError("Nobody is here to confirm: add --yes to delete.", Exit.USAGE)
        print(f"Delete conversation {options.conversation} for good? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            _tell("Kept.")
            return Exit.OK
    service.delete(options.conversation)
    _tell(f"Deleted {options.conversation}.")
    return Exit.OK
