"""The process of one Python execution environment; ministack starts it and speaks JSON lines with it.

Runs in the emulator's environment, before anything of the function is imported, on any Python from 3.11 on. It
follows the Lambda runtime where ministack's own worker differs: the client context reaches the handler, an error
keeps its type and stack trace, and the environment survives it
(docs.aws.amazon.com/lambda/latest/dg/python-context.html, docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html).
"""

import importlib
import json
import os
import sys
import time
import traceback
from types import SimpleNamespace
from typing import IO, Any

END_OF_OUTPUT = "\x1eend of an invocation's output"
"""Last line of what an invocation prints: whoever reads it need not guess whether more is to come."""


class Context:
    """The second argument of a handler."""

    identity = None

    def __init__(self, init: dict[str, Any], call: dict[str, Any], client_context: dict[str, Any] | None) -> None:
        """`init` describes the function, `call` this invocation."""
        name = init["function_name"]
        self.function_name = name
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = str(init["memory"])
        self.invoked_function_arn = call.get("invoked_function_arn") or init["arn"]
        self.aws_request_id = call.get("request_id", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{name}")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self.client_context = None if client_context is None else _client_context(client_context)
        self._deadline = time.monotonic() + call.get("timeout_ms", 3000) / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def _client_context(given: dict[str, Any]) -> SimpleNamespace:
    client = given.get("client")
    return SimpleNamespace(
        custom=given.get("custom"),
        env=given.get("env"),
        client=SimpleNamespace(**client) if isinstance(client, dict) else None,
    )


def main() -> None:
    """Import the handler, then answer one invocation per line until the input ends."""
    answers = sys.stdout
    output = sys.stdout = sys.stderr  # what a function prints is log
    init = json.loads(sys.stdin.readline())
    os.environ.update(init.get("env", {}))
    _see_only(init["code_dir"])
    _layers()
    try:
        handler = getattr(importlib.import_module(init["module"]), init["handler"])
    except Exception as error:
        traceback.print_exc()
        _write(answers, {"status": "error", "error": f"{type(error).__name__}: {error}"})
        return
    _write(answers, {"status": "ready"})
    for line in sys.stdin:
        result = _invoke(handler, init, json.loads(line))
        print(f"\n{END_OF_OUTPUT}", file=output, flush=True)
        _write(answers, {"status": "ok", "result": result})


def _see_only(bundle: str) -> None:
    """Look for modules in the bundle, the standard library and what Lambda's runtime brings, and nowhere else."""
    library = [path for path in sys.path[1:] if "site-packages" not in path]
    sys.path[:] = [bundle, *library, f"{sys.prefix}/runtime"]


def _layers() -> None:
    for layer in filter(None, os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)):
        sys.path.insert(1, f"{layer}/python")


def _invoke(handler: Any, init: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """`{"value": …}`, or `{"failure": …}` with the error as Lambda reports it."""
    call, wrapped = message.get("ctx") or {}, message["event"]
    os.environ.pop("_X_AMZN_TRACE_ID", None)
    if call.get("trace_id"):
        os.environ["_X_AMZN_TRACE_ID"] = str(call["trace_id"])
    context = Context(init, call, wrapped["client_context"])
    try:
        value = handler(wrapped["event"], context)
    except Exception as error:
        traceback.print_exc()
        return {"failure": _failure(error, call)}
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        text = f"Unable to marshal response: {error}"
        return {"failure": {"errorMessage": text, "errorType": "Runtime.MarshalError", "stackTrace": []}}
    return {"value": value}


def _failure(error: Exception, call: dict[str, Any]) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": call.get("request_id", ""),
        "stackTrace": traceback.format_tb(error.__traceback__)[1:],
    }


def _write(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
