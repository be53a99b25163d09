"""A conversation at the terminal: what is typed goes to the agent, and lines that begin with a slash to the client."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prompt_toolkit import PromptSession
from rich.console import Console
from rich.text import Text

from foundation_client import listings
from foundation_client.answering import answer
from foundation_client.cleaning import clean
from foundation_client.displays.terminal import TerminalDisplay
from foundation_client.failure import CommandError, Exit
from foundation_client.prompt import make_prompt
from foundation_client.service import Service, check_id
from foundation_client.settings import history_file
from foundation_client.turn import Turn
from foundation_client.wire import Conversation

_LISTED = 20
_RECALLED = 6
"""How many messages `/open` shows again."""


@dataclass(frozen=True)
class _Command:
    """A command of the session: what it does in words, what it takes, and the method."""

    what: str
    takes: str
    do: Callable[[Session, str], None]


class _Leave(Exception):  # noqa: N818 - no error: the way out of the loop
    pass


class Session:
    """One sitting. `run` returns when the person leaves."""

    def __init__(
        self,
        service: Service,
        console: Console,
        conversation_id: str | None,
        *,
        prompt: PromptSession[str] | None = None,
    ) -> None:
        self._service = service
        self._console = console
        self._conversation_id = conversation_id
        self._listed: list[Conversation] = []
        self._prompt = prompt or make_prompt(
            commands={name: command.what for name, command in _COMMANDS.items()},
            history_file=history_file(os.environ),
            warn=lambda words: self._say(words, "yellow"),
            color=not console.no_color,
        )

    def run(self) -> int:
        """Take lines until /quit, Ctrl-D, or Ctrl-C twice on an empty line."""
        self._say(f"{self._service.place.title}. /help lists the commands, Ctrl-D leaves.", "dim")
        if self._conversation_id is not None:
            self._guarded(partial(self._open, self._conversation_id))
        interrupted = False
        while True:
            try:
                line = self._prompt.prompt().strip()
                interrupted = False
                self._guarded(partial(self._take, line))
            except KeyboardInterrupt:
                if interrupted:
                    return Exit.OK
                interrupted = True
                self._say("Ctrl-C once more, or Ctrl-D, leaves.", "dim")
            except (EOFError, _Leave):
                return Exit.OK

    def _guarded(self, do: Callable[[], None]) -> None:
        """Do it; what hinders it is told, and the session goes on."""
        try:
            do()
        except CommandError as failure:
            self._say(str(failure), "red")

    def _take(self, line: str) -> None:
        if line.startswith("/"):
            self._command(line)
        elif line:
            self._ask(line)

    def _ask(self, message: str) -> None:
        turn = Turn(self._service, message, self._conversation_id)
        self._console.print()
        try:
            answer(turn, TerminalDisplay(self._console))
        finally:
            self._conversation_id = turn.conversation_id
            self._console.print()

    def _command(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        command = _COMMANDS.get(name)
        if command is None:
            self._say(f"{clean(name)} is no command, and was not sent; /help lists them.", "red")
            return
        argument = argument.strip()
        if bool(argument) != bool(command.takes):
            self._say(f"It is {' '.join(filter(None, (name, command.takes)))}.", "red")
            return
        command.do(self, argument)

    def _conversations(self, _: str = "") -> None:
        self._listed = self._service.conversations(_LISTED)
        self._console.print(listings.rendered(self._listed))

    def _open(self, which: str) -> None:
        conversation_id = self._which(which)
        messages = self._service.messages(conversation_id)
        self._conversation_id = conversation_id
        if (earlier := len(messages) - _RECALLED) > 0:
            self._say(f"{earlier} earlier messages: `foundation show {conversation_id}` prints all.", "dim")
        self._console.print(listings.rendered(messages[-_RECALLED:]))

    def _new(self, _: str) -> None:
        self._conversation_id = None
        self._say("The next message begins a new conversation.", "dim")

    def _delete(self, which: str) -> None:
        conversation_id = self._which(which)
        title = next((row.title for row in self._listed if row.conversation_id == conversation_id), "")
        named = f"“{clean(title)}”" if title else conversation_id
        if self._console.input(Text(f"Delete {named} for good? [y/N] ")).strip().lower() not in ("y", "yes"):
            self._say("Kept.", "dim")
            return
        self._service.delete(conversation_id)
        if self._conversation_id == conversation_id:
            self._conversation_id = None
        self._listed = []
        self._say("Deleted.", "dim")

    def _tools(self, _: str) -> None:
        self._console.print(listings.rendered(self._service.tools()))

    def _help(self, _: str) -> None:
        for name, command in _COMMANDS.items():
            usage = " ".join(filter(None, (name, command.takes)))
            self._console.print(Text.assemble((f"{usage:<15}", "bold"), (command.what, "dim")))
        self._say("Enter sends, Alt-Enter begins a new line, Ctrl-C stops an answer.", "dim")

    def _quit(self, _: str) -> None:
        raise _Leave

    def _which(self, argument: str) -> str:
        """The id of a conversation, given by itself or as its number in the last list."""
        if not argument.isdecimal():
            return check_id(argument)
        if not 1 <= int(argument) <= len(self._listed):
            raise CommandError(
                f"No conversation of the last list has number {argument}: /conversations lists them.", Exit.USAGE
            )
        return self._listed[int(argument) - 1].conversation_id

    def _say(self, words: str, style: str) -> None:
        self._console.print(Text(words, style))


_COMMANDS = {
    "/conversations": _Command("list your conversations", "", Session._conversations),
    "/open": _Command("continue a conversation", "N|ID", Session._open),
    "/new": _Command("begin a new conversation", "", Session._new),
    "/delete": _Command("delete a conversation", "N|ID", Session._delete),
    "/tools": _Command("list the agent's tools", "", Session._tools),
    "/help": _Command("list these commands", "", Session._help),
    "/quit": _Command("leave", "", Session._quit),
}
