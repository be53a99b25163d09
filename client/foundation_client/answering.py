"""Gives a message to the agent and shows the answer, until it is over in one way or another."""

from __future__ import annotations

from contextlib import closing

from foundation_client.displays.interface import Display
from foundation_client.events import Done, Notice
from foundation_client.failure import CommandError, Exit
from foundation_client.stopping import stop
from foundation_client.turn import Turn


def answer(turn: Turn, display: Display) -> Exit:
    """Show the answer to a message: OK when it is whole, AGENT when the agent did not finish it.

    Ctrl-C hangs up and tells the service to stop, which then stores what was said so far; that is INTERRUPTED, and the
    display tells whether the service took it. Raises CommandError when the service cannot be reached or refuses, after
    the display was told.
    """
    code = Exit.AGENT
    try:
        display.begin()
        with closing(turn.events()) as events:
            for event in events:
                display.show(event)
                if isinstance(event, Done) and event.status == "complete":
                    code = Exit.OK
    except KeyboardInterrupt:
        display.end(stop(turn, lambda words: display.show(Notice(words))))
        return Exit.INTERRUPTED
    except CommandError as failure:
        display.fail(failure)
        raise
    except BaseException:
        display.end()
        raise
    display.end()
    return code
