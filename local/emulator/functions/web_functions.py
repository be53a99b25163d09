"""Web functions: execution environments by need, up to the reserved concurrency, each with one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import logging
import os
import shutil
import sys
import time
import uuid
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.emulator.functions.web_process import Head, WebProcess, WebRequest, isolated_path
from local.emulator.log_delivery import function_logs
from local.emulator.settings import REGION, Settings

_LOG = logging.getLogger("foundation.web_functions")
WRAPPER = "/opt/bootstrap"
"""What AWS_LAMBDA_EXEC_WRAPPER names in a function of the AWS Lambda Web Adapter."""

Function = Mapping[str, Any]


class ThrottledError(Exception):
    """As many requests are under way as the function may have."""


class InvocationError(Exception):
    """The invocation failed: the application did not start or broke off, or the time limit was reached."""


class WebFunctions:
    """The environments of every web function of the account."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.state / "tmp" / "web"
        self._path = isolated_path(self._folder / "bin")
        self._idle: dict[str, list[tuple[str, WebProcess]]] = defaultdict(list)
        self._running: set[WebProcess] = set()
        self._invocations: set[asyncio.Task[None]] = set()  # the event loop itself keeps no hold of a task

    async def invoke(self, function: Function, request: WebRequest, *, request_id: str) -> AsyncIterator[Head | bytes]:
        """The answer of one invocation, which goes on to its end whoever listens.

        Raises ThrottledError before it begins, and InvocationError when it fails.
        """
        config = function["config"]
        slot, _ = lambda_svc._acquire_execution_slot(function, config)
        if slot is None:
            raise ThrottledError(config["FunctionName"])
        parts: asyncio.Queue[Head | bytes | Exception | None] = asyncio.Queue()
        invocation = asyncio.create_task(self._run(function, request, request_id, parts))
        # A caller that goes away does not end it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
        self._invocations.add(invocation)
        invocation.add_done_callback(self._invocations.discard)
        invocation.add_done_callback(lambda _: lambda_svc._release_execution_slot(slot))
        while (part := await parts.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part

    async def stop(self) -> None:
        """End every environment."""
        idle = [process for processes in self._idle.values() for _, process in processes]
        self._idle.clear()
        await asyncio.gather(*(process.stop() for process in {*idle, *self._running}))
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _run(
        self,
        function: Function,
        request: WebRequest,
        request_id: str,
        parts: asyncio.Queue[Head | bytes | Exception | None],
    ) -> None:
        config, began, process, printed = function["config"], time.monotonic(), None, ""
        failure: str | None = None
        try:
            async with asyncio.timeout(config["Timeout"]):
                process = await self._environment(function)
                self._running.add(process)
                async for part in process.answer(request):
                    parts.put_nowait(part)
        except TimeoutError:
            failure = f"{request_id} Task timed out after {config['Timeout']:.2f} seconds"
        except Exception as error:  # whatever it is, somebody waits for the answer
            failure = f"{request_id} {config['FunctionName']}: {error}"
        if process is not None:
            self._running.discard(process)
            if failure:
                await process.kill()
            printed = await process.settled_output()
            if not failure:
                self._idle[_name(config)].append((_revision(config), process))
        if failure:
            _LOG.warning("%s", failure)
        parts.put_nowait(InvocationError(failure) if failure else None)
        output = "\n".join(filter(None, (printed, failure)))
        function_logs.write(function, request_id, output, bool(failure), round((time.monotonic() - began) * 1000))

    async def _environment(self, function: Function) -> WebProcess:
        """One that waits and has the function's present code and settings, or a new one; older ones are shut down."""
        config = function["config"]
        waiting = self._idle[_name(config)]
        while waiting:
            revision, process = waiting.pop()
            if revision == _revision(config) and process.alive:
                return process
            await process.stop()
        code = await asyncio.to_thread(self._code, function["code_zip"])
        variables = (config.get("Environment") or {}).get("Variables") or {}
        return await WebProcess.start(
            script=code / config["Handler"],
            environment=self._variables(config, code),
            readiness_path=variables.get("AWS_LWA_READINESS_CHECK_PATH", "/"),
        )

    def _code(self, packed: bytes) -> Path:
        """The unpacked bundle, with the modes of its files."""
        folder = self._folder / hashlib.sha256(packed).hexdigest()[:16]
        if not folder.exists():
            draft = folder.with_name(f"{folder.name}-{uuid.uuid4().hex}")
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                archive.extractall(draft)
                for entry in archive.infolist():
                    if mode := entry.external_attr >> 16 & 0o777:
                        (draft / entry.filename).chmod(mode)
            with contextlib.suppress(OSError):  # another request was faster
                draft.rename(folder)
        return folder

    def _variables(self, config: Mapping[str, Any], code: Path) -> dict[str, str]:
        """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, under the function's own role."""
        return {
            **os.environ,
            **lambda_svc._runtime_env_vars(config),
            **lambda_runtime.execution_credentials(config),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": f"{sys.prefix}/runtime",
            "_HANDLER": config["Handler"],
            "PATH": self._path,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def is_web_function(function: Function) -> bool:
    """Whether the AWS Lambda Web Adapter's wrapper starts it."""
    variables = (function["config"].get("Environment") or {}).get("Variables") or {}
    return bool(variables.get("AWS_LAMBDA_EXEC_WRAPPER") == WRAPPER)


def _name(config: Mapping[str, Any]) -> str:
    return str(config["FunctionName"])


def _revision(config: Mapping[str, Any]) -> str:
    return f"{config.get('CodeSha256')} {config.get('RevisionId')}"
