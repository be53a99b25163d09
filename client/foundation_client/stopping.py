"""What Ctrl-C does: it tells the service to stop, since hanging up stops nothing on AWS.

Lambda goes on with a streamed response whose client's connection breaks
(docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from foundation_client.failure import CommandError
from foundation_client.trouble import NOT_OPEN, ServiceError
from foundation_client.turn import Turn


@dataclass(frozen=True)
class Stop:
    """How it went."""

    taken: bool
    """Whether the service took the stop: the answer ends within seconds."""
    words: str
    """For the person."""


def stop(turn: Turn, notify: Callable[[str], None]) -> Stop:
    """Stop the answer to a message; its stream is closed. `notify` is told what is being waited for."""
    if not turn.taken:
        return Stop(False, "Hung up before the agent took the message: should it have arrived, it is answered.")
    notify("Stopping")
    try:
        turn.stop(notify)
    except KeyboardInterrupt:
        return Stop(False, "Left before the service took the stop: the agent may go on.")
    except ServiceError as trouble:
        if trouble.problem == NOT_OPEN:
            return Stop(False, "The answer was whole before it could be stopped, and is stored.")
        return _not_stopped(trouble)
    except CommandError as failure:
        return _not_stopped(failure)
    return Stop(True, "Stopped.")


def _not_stopped(failure: CommandError) -> Stop:
    return Stop(False, f"Not stopped, and the agent may go on. {failure}")
