"""The line that a person types on: editing, history, completion of commands, pasting of several lines.

By prompt_toolkit; Enter sends, Alt-Enter begins a new line, pasted line feeds stay in the message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth, Output

MARK = "> "


class CommandCompleter(Completer):
    """Completes the commands that begin a line with a slash."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._commands = commands

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - the interface's
    ) -> Iterable[Completion]:
        """The commands that begin as the line does, with what they do."""
        typed = document.text_before_cursor
        if typed.startswith("/") and " " not in typed:
            for name, what in self._commands.items():
                if name.startswith(typed):
                    yield Completion(name, start_position=-len(typed), display_meta=what)


def make_prompt(
    *,
    commands: Mapping[str, str],
    history_file: Path,
    warn: Callable[[str], None],
    color: bool = True,
    terminal_input: Input | None = None,
    terminal_output: Output | None = None,
) -> PromptSession[str]:
    """A prompt that remembers what was typed; `warn` is told when it cannot."""
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return PromptSession(
        MARK,
        history=_history(history_file, warn),
        completer=CommandCompleter(commands),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        key_bindings=keys,
        prompt_continuation=" " * len(MARK),
        color_depth=None if color else ColorDepth.DEPTH_1_BIT,
        input=terminal_input,
        output=terminal_output,
        reserve_space_for_menu=6,
    )


def _history(file: Path, warn: Callable[[str], None]) -> History:
    """A file that its owner alone may read, since what is asked may be confidential."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        file.chmod(0o600)
    except OSError as error:
        warn(f"What you type is not kept: {file} cannot be written ({error.strerror}).")
        return InMemoryHistory()
    return FileHistory(file)
