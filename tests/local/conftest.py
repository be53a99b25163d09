"""An emulated AWS for the tests of this folder: its own ports and state, so that it runs beside `make local`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from local import installation
from local.emulator.client_environment import client_environment
from local.processes import free_port
from tests.local.aws_clients import aws_client, role_client
from tests.local.local_run import LocalRun, outlives
from tests.local.other_environments import OtherAccount

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator: `endpoint_url` is the AWS API, `edge_url` the proxy, `ca` the authority to trust."""

    endpoint_url: str
    edge_url: str
    ca: Path
    state: Path
    process: subprocess.Popen[bytes]
    log: Path
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an AWS client and an HTTPS client at this emulator."""
        return client_environment(endpoint_url=self.endpoint_url, edge_url=self.edge_url, ca_file=self.ca)

    def client(self, service: str) -> Any:
        """A boto3 client of this emulator, one per service."""
        if service not in self._clients:
            self._clients[service] = aws_client(service, self.endpoint_url)
        return self._clients[service]

    def client_as(self, role_arn: str, service: str) -> Any:
        """A boto3 client that acts as a role."""
        return role_client(service, self.endpoint_url, role_arn)


@pytest.fixture(scope="session")
def emulator_python() -> Path:
    """The interpreter of the emulator's environment, made once per version of its requirements."""
    return installation.emulator_python()


@pytest.fixture(scope="session")
def emulator(emulator_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator of this test session; it ends with it."""
    running = start_emulator(emulator_python, tmp_path_factory.mktemp("emulator"))
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=15) == 0, running.log.read_text()[-2000:]


@pytest.fixture(scope="session")
def local_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """The whole platform, brought up by the command behind `make local` and taken down by that of `make local-down`.

    It begins where an earlier platform's emulator was killed.
    """
    run = LocalRun.beside_others(tmp_path_factory.mktemp("local") / "state")
    run.leave_a_killed_emulator()
    run.up()
    pids = run.pids()
    yield run
    down = run.command("down")
    assert down.returncode == 0, down.stderr
    assert not run.state.exists()
    assert run.ports_in_use() == []
    assert [pid for pid in pids if outlives(pid)] == [], "processes, or children of theirs, outlive `down`"


@pytest.fixture(scope="session")
def other_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherAccount]:
    """An emulated account of its own for gamma and prod, bootstrapped and otherwise empty."""
    run = LocalRun.beside_others(tmp_path_factory.mktemp("other-environments") / "state")
    platform = run.platform
    platform.layout.create()
    platform.aws.start()
    try:
        platform.deployment.bootstrap()
        yield OtherAccount(run)
    finally:
        platform.aws.daemon.stop()


def start_emulator(python: Path, state: Path) -> Emulator:
    """Start an emulator on free ports and wait until it is ready; the caller ends `process`."""
    port, edge_port = free_port(), free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(state),
        "PYTHONPATH": str(REPOSITORY),
        "FOUNDATION_STATE": str(state),
        "FOUNDATION_CFN_SCHEMAS": str(SCHEMAS),
        "FOUNDATION_NODE_MODULES": str(installation.emulator_node_modules()),
        "FOUNDATION_EMULATOR_PORT": str(port),
        "FOUNDATION_EDGE_PORT": str(edge_port),
        "FOUNDATION_GATEWAY_PORT": str(free_port()),
    }
    log = state / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen([python, "-m", "local.emulator"], env=environment, stdout=output, stderr=output)
    endpoint = f"http://127.0.0.1:{port}"
    _wait_until_ready(process, f"{endpoint}/_foundation/health", log)
    return Emulator(
        endpoint_url=endpoint,
        edge_url=f"http://127.0.0.1:{edge_port}",
        ca=state / "ca.pem",
        state=state,
        process=process,
        log=log,
    )


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended at once:\n{log.read_text()}")
        try:
            with opener.open(url, timeout=1) as answer:
                json.load(answer)
                return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the emulator was not ready within 30 s:\n{log.read_text()[-4000:]}")
