"""Serves the agent where the Lambda Web Adapter looks for it: `python -m conversation_agent`.

Health checks are answered as soon as it listens; store and agent are loaded meanwhile. SIGTERM, which Lambda sends
before an environment goes, ends running answers and stores them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from types import FrameType

import uvicorn

from conversation_agent import logs
from conversation_agent.app import Service, create_app
from conversation_agent.loading import load
from conversation_agent.settings import Settings
from gateway_agent.errors import SettingsError
from gateway_agent.models import check as check_model

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 2


class Server(uvicorn.Server):
    """uvicorn, which waits for open streams when it is to end: so they are ended first.

    Args:
        config: As `uvicorn.Server`.
        service: What is served.

    Attributes:
        failed: It ended because store or agent cannot be made.
    """

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self.failed = False
        service.on_failed_load = self._fail

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See `uvicorn.Server`; a signal's handler, which runs between two steps of the event loop's thread."""
        asyncio.get_running_loop().call_soon_threadsafe(self._service.turns.close)
        super().handle_exit(sig, frame)

    def _fail(self) -> None:
        self.failed = self.should_exit = True


def main() -> None:
    """Serve until the process is told to end."""
    logs.configure()
    try:
        settings = Settings.from_environment(os.environ)
        check_model(os.environ)
    except SettingsError as error:
        sys.exit(f"The agent cannot start. {error}")
    app = create_app(settings, partial(load, settings, os.environ))
    port = int(os.environ.get("AWS_LWA_PORT") or os.environ.get("PORT") or "8080")
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        http="h11",
    )
    server = Server(config, app.state.service)
    server.run()
    if server.failed:
        sys.exit(1)  # Lambda starts the function anew with the next request


if __name__ == "__main__":
    main()
