"""The reference agent as a process of its own: what its image runs, with the code that its Dockerfile copies."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from local.layout import REPOSITORY
from tests.local.local_run import free_port

DOCKERFILE = REPOSITORY / "agents" / "Dockerfile"


@dataclass(frozen=True)
class AgentProcess:
    """A running agent.

    Attributes:
        url: where it answers.
        process: the process.
        log: what it prints.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, question: str, **headers: str) -> httpx2.Response:
        """Ask it a question; header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.post(f"{self.url}/ask", json={"question": question}, headers=named, timeout=60, trust_env=False)

    def get(self, path: str) -> httpx2.Response:
        """Ask for a path, as a probe does."""
        return httpx2.get(f"{self.url}{path}", timeout=60, trust_env=False)

    def terminate(self) -> None:
        """Do as Kubernetes does."""
        self.process.send_signal(signal.SIGTERM)

    def lines(self) -> list[dict[str, Any]]:
        """Its log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def copied_code(folder: Path) -> Path:
    """Copy what the Dockerfile copies of our packages to where it copies it, below a folder; gives the search path."""
    copies = re.findall(r"^COPY (\S+) /agent/code/(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    for source, name in copies:
        shutil.copytree(REPOSITORY / source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextlib.contextmanager
def agent_process(
    folder: Path, environment: Mapping[str, str], *, search_path: str, ready: bool = True
) -> Iterator[AgentProcess]:
    """Run the agent until the end of the block.

    Args:
        folder: Where its log goes.
        environment: Its variables beside the port.
        search_path: PYTHONPATH of it.
        ready: Whether to wait until it can answer; else until it lives.
    """
    port = free_port()
    log = folder / "agent.log"
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": search_path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "FOUNDATION_PORT": str(port),
        "FOUNDATION_HOST": "127.0.0.1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_agent"], env={**own, **environment}, stdout=output, stderr=output, cwd="/"
        )
    agent = AgentProcess(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait_until(agent, "/ready" if ready else "/health")
        yield agent
    finally:
        process.kill()
        process.wait(timeout=10)


def _wait_until(agent: AgentProcess, path: str) -> None:
    transport = httpx2.HTTPTransport(retries=0)
    with httpx2.Client(transport=transport, timeout=60, trust_env=False) as http:
        for _ in range(600):
            if agent.process.poll() is not None:
                break
            with contextlib.suppress(httpx2.TransportError):
                if http.get(f"{agent.url}{path}").status_code == 200:
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.process.wait(timeout=0.1)
    raise RuntimeError(f"the agent does not answer {path} with 200:\n{agent.log.read_text()[-4000:]}")
