"""One event loop that serves the emulated AWS and the edge until the process is told to stop."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from importlib.metadata import version

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app as ministack_app
from ministack.core import lambda_runtime

from local.emulator import extension
from local.emulator.edge import Edge
from local.emulator.functions.urls import function_urls
from local.emulator.functions.web_functions import WebFunctions
from local.emulator.gatekeeper import Application, Receive, Scope, Send, guarded
from local.emulator.settings import ACCOUNT, HOST, REGION, Settings

HEALTH_PATH = "/_foundation/health"


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then end the Lambda processes. Raises OSError when a port is taken."""
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    extension.install(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    edge = Edge(settings)
    await edge.start()
    web_functions = WebFunctions(settings)
    config = Config()
    config.bind = [f"{HOST}:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.shutdown_timeout = 5
    try:
        application = guarded(function_urls(_with_health(settings), web_functions))
        await hypercorn_serve(application, config, shutdown_trigger=stop.wait)
    finally:
        await edge.stop()
        await web_functions.stop()
        await asyncio.to_thread(lambda_runtime.reset)


def _with_health(settings: Settings) -> Application:
    """Ministack's application with the extension's own health page in front."""
    page = json.dumps(
        {
            "pid": os.getpid(),
            "state": str(settings.state),
            "account": ACCOUNT,
            "region": REGION,
            "endpoint_url": settings.endpoint_url,
            "edge_url": settings.edge_url,
            "ministack": version("ministack"),
        }
    ).encode()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == HEALTH_PATH:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(page))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": page})
            return
        await ministack_app.app(scope, receive, send)

    return application
