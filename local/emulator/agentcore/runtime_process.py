"""Running the servers of AgentCore runtimes as processes of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.emulator.agentcore.runtime_logs import RuntimeLog
from local.emulator.settings import HOST
from local.processes import free_port

_LAUNCHER = Path(__file__).with_name("runtime_launcher.py")
_START_SECONDS = 30
_POLL_SECONDS = 0.05


class NotRunningError(Exception):
    """The server does not run; the sentence says where to look."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Where a server of one protocol listens on AWS.

    docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-service-contract.html
    """

    port: int
    path: str


CONTRACTS = {
    "HTTP": Contract(port=8080, path="/invocations"),
    "MCP": Contract(port=8000, path="/mcp"),
    "A2A": Contract(port=9000, path="/"),
    "AGUI": Contract(port=8080, path="/invocations"),
}


class RuntimeProcess:
    """One server: started when it is first needed, again when it ended, and gone with the emulator."""

    def __init__(
        self,
        *,
        code: Path,
        overlay: Path,
        entry_point: str,
        contract: Contract,
        environment: Mapping[str, str],
        log: RuntimeLog,
    ) -> None:
        """`overlay` holds packages that come before those of `code`, the unpacked archive.

        `environment` is what the process gets beside the emulator's own; what it prints goes to `log`.
        """
        self._code = code
        self._overlay = overlay
        self._entry_point = entry_point
        self._contract = contract
        self._environment = dict(environment)
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def url(self) -> str:
        """Where the running server takes requests. Raises NotRunningError when it does not come up."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return f"http://{HOST}:{self._port}{self._contract.path}"

    def stop(self) -> None:
        """End the server."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(5)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None

    def _start(self) -> None:
        self._port = free_port()
        process = subprocess.Popen(  # noqa: S603 - to run what was deployed is the point
            [
                *(sys.executable, _LAUNCHER, self._code, self._overlay, self._entry_point),
                *(str(self._contract.port), str(self._port)),
            ],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._process = process
        assert process.stdout is not None  # noqa: S101 - it was asked for above
        threading.Thread(target=self._follow, args=(process.stdout,), name="runtime-log", daemon=True).start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                process.kill()
                process.wait()
                how = "ended" if ended else f"did not listen at port {self._contract.port} within {_START_SECONDS} s"
                raise NotRunningError(
                    "An error occurred when starting the runtime. Please check your CloudWatch logs for more "
                    f"information: {self._entry_point} {how}, see {self._log.file}"
                )
            time.sleep(_POLL_SECONDS)

    def _follow(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._log.write(line.decode("utf-8", "replace").rstrip("\n"))
        self._log.flush()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self._port), timeout=1):
            return True
        return False
