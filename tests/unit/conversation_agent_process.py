"""The service as a process of its own, with its DynamoDB in this one: moto's, over HTTP."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from botocore import xform_name
from botocore.exceptions import ClientError

from foundation.function import SOURCE_ROOT
from tests import http_server
from tests.unit.agent_services import AgentServices
from tests.unit.conversation_agent_support import FINANCE, as_principal, variables
from tests.unit.conversations_support import World


@contextmanager
def dynamodb(world: World) -> Iterator[str]:
    """The table over HTTP (DynamoDB's JSON protocol); gives the address."""
    lock = threading.Lock()

    class Handler(http_server.Handler):
        def do_POST(self) -> None:
            given = json.loads(self.body(), object_hook=_decoded)
            operation = xform_name(self.headers["x-amz-target"].rpartition(".")[2])
            try:
                with lock:
                    answer = getattr(world.client, operation)(**given)
                status, body = 200, {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            except ClientError as error:
                status, body = 400, {"__type": error.response["Error"]["Code"], **error.response}
                body = {**body, "message": error.response["Error"].get("Message", "")}
                body.pop("ResponseMetadata", None)
            text = json.dumps(body, default=lambda value: base64.b64encode(value).decode())
            self.send(status, text.encode(), media_type="application/x-amz-json-1.0")

    with http_server.listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    """Binary attributes are base64 in the protocol, and bytes for boto3."""
    return {"B": base64.b64decode(value["B"])} if [*value] == ["B"] else value


@dataclass
class Process:
    """A service that runs as a process."""

    process: subprocess.Popen[bytes]
    client: httpx2.Client

    def kill(self) -> None:
        """End it as Lambda does at a timeout."""
        self.process.kill()
        self.process.wait(timeout=10)

    def terminate(self) -> float:
        """End it as Lambda does with an environment; gives the seconds that it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        return time.monotonic() - begin


@contextmanager
def process(services: AgentServices, table_url: str, script: list[list[dict[str, Any]]]) -> Iterator[Process]:
    """`python -m conversation_agent` with a script for its model, once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **variables(services),
        "PYTHONPATH": str(SOURCE_ROOT),
        "AWS_LWA_PORT": str(port),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": services.origin,
        "AWS_ENDPOINT_URL_DYNAMODB": table_url,
        "FOUNDATION_MODEL": "scripted",
        "FOUNDATION_MODEL_SCRIPT": json.dumps({"turns": script}),
        "NO_PROXY": "*",
    }
    running = subprocess.Popen([sys.executable, "-m", "conversation_agent"], env=environment)
    client = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers=as_principal(FINANCE), timeout=30, trust_env=False
    )
    try:
        _until_it_listens(running, client)
        yield Process(running, client)
    finally:
        client.close()
        if running.poll() is None:
            running.kill()
            running.wait(timeout=10)


def _until_it_listens(running: subprocess.Popen[bytes], client: httpx2.Client) -> None:
    for _ in range(600):
        assert running.poll() is None, "the service ended at its start"
        try:
            assert client.get("/health").json() == {"status": "ok"}
            return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service does not listen")
