"""The reference agent as a process of its own: with the files that its image holds, and with no other package.

It can write no file, as in a container with a read-only file system.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx2
from packaging.requirements import Requirement

from local.layout import REPOSITORY
from local.processes import free_port

DOCKERFILE = REPOSITORY / "agents" / "Dockerfile"
REQUIREMENTS = ("lambda/gateway_agent/requirements.txt", "agents/reference_agent/requirements.txt")

_START = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a write to any file fails
runpy.run_module("reference_agent", run_name="__main__")
"""


@dataclass(frozen=True)
class AgentProcess:
    """A running agent.

    Attributes:
        url: where it answers.
        process: the process.
        printed: the lines that it has printed so far.
    """

    url: str
    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

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
        return [json.loads(line) for line in self.printed]


def copied_code(folder: Path) -> Path:
    """Copy what the Dockerfile copies of our packages to where it copies it, below a folder; gives that folder."""
    for source, name in re.findall(r"^COPY (\S+) /agent/code/(\S+)$", DOCKERFILE.read_text(), re.MULTILINE):
        shutil.copytree(REPOSITORY / source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def installed_packages(folder: Path) -> Path:
    """Links to what the image's requirements bring, as they are installed here, below a folder; gives that folder."""
    waiting = [Requirement(line) for name in REQUIREMENTS for line in _lines(REPOSITORY / name)]
    seen: set[str] = set()
    folder.mkdir()
    while waiting:
        wanted = waiting.pop()
        found = distribution(wanted.name)
        for text in () if str(wanted) in seen else found.requires or ():
            each = Requirement(text)
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in {"", *wanted.extras}):
                waiting.append(each)
        seen.add(str(wanted))
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            with contextlib.suppress(FileExistsError):  # a package of several distributions, such as opentelemetry
                (folder / top).symlink_to(Path(str(found.locate_file(top))))
    return folder


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def scripted_model(folder: Path) -> Path:
    """A copy of the scripted model, which the image does not hold, below a folder; gives that folder."""
    shutil.copytree(REPOSITORY / "lambda" / "scripted_model", folder / "scripted_model")
    return folder


def image_path(folder: Path) -> str:
    """The search path of a process that has what the image has, and the scripted model."""
    folders = (copied_code(folder / "code"), installed_packages(folder / "packages"), scripted_model(folder / "beside"))
    return os.pathsep.join(map(str, folders))


@contextlib.contextmanager
def agent_process(environment: Mapping[str, str], *, search_path: str, path: str = "/ready") -> Iterator[AgentProcess]:
    """Run the agent until the end of the block.

    Args:
        environment: Its variables beside the port.
        search_path: PYTHONPATH of it; this environment's packages are not on it.
        path: What it has to answer with 200 before the block begins.
    """
    port = free_port()
    own = {"PYTHONPATH": search_path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
    listening = {"FOUNDATION_PORT": str(port), "FOUNDATION_HOST": "127.0.0.1"}
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", _START],
        env={**own, **listening, **environment},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    agent = AgentProcess(f"http://127.0.0.1:{port}", process)
    reader = threading.Thread(target=_collect, args=(agent,), daemon=True)
    reader.start()
    try:
        _wait_until(agent, path)
        yield agent
    finally:
        process.kill()
        process.wait(timeout=10)
        reader.join(timeout=10)


def _collect(agent: AgentProcess) -> None:
    assert agent.process.stdout is not None
    for line in agent.process.stdout:
        agent.printed.append(line.rstrip("\n"))


def _wait_until(agent: AgentProcess, path: str) -> None:
    with httpx2.Client(timeout=60, trust_env=False) as http:
        for _ in range(600):
            if agent.process.poll() is not None:
                break
            with contextlib.suppress(httpx2.TransportError):
                if http.get(f"{agent.url}{path}").status_code == 200:
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.process.wait(timeout=0.1)
    raise RuntimeError("\n".join([f"the agent does not answer {path} with 200:", *agent.printed[-50:]]))
