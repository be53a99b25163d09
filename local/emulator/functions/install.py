"""Makes ministack run Python functions in this package's worker and pass on the client context."""

from __future__ import annotations

import base64
import contextlib
import contextvars
import json
import queue
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.emulator.functions.worker import END_OF_OUTPUT
from local.emulator.patching import replace
from local.emulator.responses import Response, refusal

_OUTPUT_SECONDS = 2.0
"""For which a line of a worker that has answered may be on its way."""

_client_context: contextvars.ContextVar[Any] = contextvars.ContextVar("client_context", default=None)


_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
"""What Lambda's Python runtimes have on their path
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-version)."""


def install() -> None:
    """Change how functions are invoked from now on."""
    _make_runtime()
    lambda_runtime._PYTHON_WORKER_SCRIPT = Path(__file__).with_name("worker.py").read_text()
    _keep_client_context()
    _wrap_events()
    _read_all_output()
    _report_failures()


def _make_runtime() -> None:
    """Lay out, beside this environment's packages, those of them that a function may see."""
    folder = Path(sys.prefix) / "runtime"
    folder.mkdir(exist_ok=True)
    for name in _RUNTIME:
        module = Path(boto3.__file__).parents[1] / name
        if not (folder / name).exists():
            (folder / name).symlink_to(module)


def _keep_client_context() -> None:
    """Remember the header of an invocation for the thread that carries it out."""
    original = lambda_svc._invoke

    async def invoke(name: str, event: Any, headers: Mapping[str, str], *rest: Any, **named: Any) -> Response:
        encoded = headers.get("x-amz-client-context")
        try:
            context = json.loads(base64.b64decode(encoded)) if encoded else None
        except ValueError:
            return refusal(
                "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
            )
        token = _client_context.set(context)
        try:
            response: Response = await original(name, event, headers, *rest, **named)
            return response
        finally:
            _client_context.reset(token)

    replace(original, invoke)


def _wrap_events() -> None:
    """Send a Python worker the event together with the client context."""
    original = lambda_runtime.Worker.invoke

    def invoke(self: Any, event: Any, request_id: str, **named: Any) -> Any:
        if _is_python(self.config):
            event = {"event": event, "client_context": _client_context.get()}
        return original(self, event, request_id, **named)

    lambda_runtime.Worker.invoke = invoke


def _read_all_output() -> None:
    """Read what a Python worker printed up to its last line.

    ministack waits some milliseconds for more; under load it takes the rest for the next invocation's, and of a
    function that prints nothing every call takes 50 ms.
    """
    original = lambda_runtime.Worker._drain_stderr_bounded

    def drain(self: Any) -> str:
        if not _is_python(self.config) or self._proc is None:
            return str(original(self))
        lines: list[str] = []
        with contextlib.suppress(queue.Empty):
            while (line := self._stderr_queue.get(timeout=_OUTPUT_SECONDS)) != END_OF_OUTPUT:
                lines.append(line)
        return "\n".join(lines).strip("\n")

    lambda_runtime.Worker._drain_stderr_bounded = drain


def _report_failures() -> None:
    """Turn the worker's answer into a value or a function error."""
    original = lambda_svc._execute_function_warm

    def execute(function: Any, event: Any, request_id: str) -> Any:
        outcome = original(function, event, request_id)
        if outcome.get("error") or outcome.get("throttle") or not _is_python(function.get("config") or function):
            return outcome
        body = outcome["body"]
        if "failure" in body:
            return {**outcome, "body": body["failure"], "error": True}
        return {**outcome, "body": body["value"]}

    replace(original, execute)


def _is_python(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")
