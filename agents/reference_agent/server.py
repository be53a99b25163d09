"""The end of a pod: it says that it is not ready, finishes what it answers, and ends with 0."""

from __future__ import annotations

import asyncio
import time
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from reference_agent import logs
from reference_agent.service import Work
from reference_agent.settings import Settings


class DrainingServer(uvicorn.Server):
    """Goes on listening after SIGTERM until no question runs, so that probes are answered meanwhile.

    uvicorn closes its socket at once, and ends by the signal that it got: Kubernetes would show that as an error.

    Args:
        config: As `uvicorn.Server`.
        work: What runs.
        grace_seconds: How long it waits for that.
    """

    def __init__(self, config: uvicorn.Config, *, work: Work, grace_seconds: float) -> None:
        super().__init__(config)
        self._work, self._grace_seconds = work, grace_seconds
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's interface
        """Begin to end; a second signal ends at once."""
        if self._until is not None:
            self.should_exit = self.force_exit = True
            return
        self._until = time.monotonic() + self._grace_seconds
        self._work.draining = True
        logs.happened("draining", signal=sig, running=self._work.running)

    async def on_tick(self, counter: int) -> bool:
        """See `uvicorn.Server`, which asks ten times a second whether to end."""
        if self._until is not None and (not self._work.running or time.monotonic() >= self._until):
            logs.happened("ending", running=self._work.running)
            return True
        return await super().on_tick(counter)


def serve(application: Starlette, settings: Settings, work: Work) -> None:
    """Serve until the process is told to end."""
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    server = DrainingServer(config, work=work, grace_seconds=settings.grace_seconds)
    asyncio.run(server.serve())
