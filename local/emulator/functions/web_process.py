"""One execution environment of a web function: the process that its start script becomes, and requests to it.

It takes the place of Lambda and of the AWS Lambda Web Adapter in it: starts the script, waits until the application
answers at the readiness path, and passes on one request at a time
(docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
aws.github.io/aws-lambda-web-adapter/reference/architecture.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import h11

from local.emulator.settings import HOST
from local.processes import free_port

_LAUNCHER = Path(__file__).with_name("web_launcher.py")
_START_SECONDS = 30.0
_SHUTDOWN_SECONDS = 2.0
"""What Lambda gives an environment with an extension, which the adapter is, between SIGTERM and SIGKILL."""
_POLL_SECONDS = 0.02
_CHUNK = 64 * 1024


class WebProcessError(Exception):
    """The application does not start, ended, or answered with something that is no HTTP."""


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """A request as the application gets it; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Head:
    """Status and headers of an answer."""

    status: int
    headers: list[tuple[bytes, bytes]]


class WebProcess:
    """A running application; `start` makes one."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self._port = port
        self._lines: list[str] = []
        self._reader = asyncio.create_task(self._read_output())

    @classmethod
    async def start(cls, *, script: Path, environment: Mapping[str, str], readiness_path: str) -> WebProcess:
        """Start a script and wait until the application answers 2xx.

        Raises WebProcessError, with what the script printed, when it ends or takes too long.
        """
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-E", str(_LAUNCHER), str(script)),
            cwd=script.parent,
            env={**environment, "AWS_LWA_PORT": str(port), "PORT": str(port)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        started = cls(process, port)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await started._wait_until_ready(readiness_path)
        except (TimeoutError, WebProcessError) as error:
            await started.kill()
            why = str(error) or f"does not answer {readiness_path} within {_START_SECONDS:.0f} s"
            raise WebProcessError(f"{script.name} {why}:\n{started.output()}") from None
        except BaseException:
            await started.kill()
            raise
        return started

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def answer(self, request: WebRequest) -> AsyncIterator[Head | bytes]:
        """The head of the answer, then its body as it comes.

        Raises WebProcessError when the application ends, or answers what is no HTTP.
        """
        try:
            reader, writer = await asyncio.open_connection(HOST, self._port)
        except OSError as error:
            raise WebProcessError(f"takes no connection: {error}") from None
        try:
            connection = h11.Connection(h11.CLIENT)
            head = h11.Request(method=request.method, target=request.target, headers=_framed(request))
            writer.write(connection.send(head) or b"")
            writer.write(connection.send(h11.Data(data=request.body)) or b"")
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            async for part in _parts(connection, reader):
                yield part
        except (h11.ProtocolError, ConnectionError) as error:
            raise WebProcessError(f"breaks the connection: {error}") from None
        finally:
            writer.close()

    async def stop(self) -> None:
        """End it as Lambda shuts an environment down."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SHUTDOWN_SECONDS):
                    await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it at once, as Lambda does at the time limit."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()  # lets the launcher's watcher go
        await self._reader

    async def settled_output(self) -> str:
        """`output`, once what was printed before the end of an answer is through the pipe, some turns of the loop."""
        for _ in range(5):
            await asyncio.sleep(0)
        return self.output()

    def output(self) -> str:
        """What it has printed since this was last asked, as far as it is read."""
        lines, self._lines = self._lines, []
        return "\n".join(lines)

    async def _wait_until_ready(self, path: str) -> None:
        request = WebRequest(method="GET", target=path, headers={"host": HOST}, body=b"")
        while True:
            if not self.alive:
                raise WebProcessError(f"ended with exit code {self._process.returncode}")
            with contextlib.suppress(WebProcessError):
                async for part in self.answer(request):
                    if isinstance(part, Head) and 200 <= part.status < 300:
                        return
            await asyncio.sleep(_POLL_SECONDS)

    async def _read_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        partial = b""
        while chunk := await self._process.stdout.read(_CHUNK):
            *lines, partial = (partial + chunk).split(b"\n")
            self._lines += [line.decode("utf-8", "replace") for line in lines]
        if partial:
            self._lines.append(partial.decode("utf-8", "replace"))


def _framed(request: WebRequest) -> list[tuple[str, str]]:
    """The headers with the body's length and without what belongs to the connection."""
    own = ("connection", "content-length", "transfer-encoding")
    kept = [(name, value) for name, value in request.headers.items() if name not in own]
    return [*kept, ("content-length", str(len(request.body))), ("connection", "close")]


async def _parts(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[Head | bytes]:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            hops = (b"connection", b"keep-alive", b"transfer-encoding")
            yield Head(
                status=event.status_code, headers=[(name, value) for name, value in event.headers if name not in hops]
            )
        elif isinstance(event, h11.Data):
            yield bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return
        else:
            raise WebProcessError("ended within an answer")


def isolated_path(folder: Path) -> str:
    """PATH for a start script, on which `python3` sees the standard library and PYTHONPATH alone.

    That is what a bundle finds on AWS; this environment's own packages would hide what it lacks. `folder` is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3"):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
        (folder / name).chmod(0o755)
    return os.pathsep.join([str(folder), "/usr/local/bin", "/usr/bin", "/bin"])
