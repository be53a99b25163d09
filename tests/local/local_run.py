"""A local run of the tests: the commands that a developer types, on ports and in a folder of its own."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2

from local.emulator.settings import ACCOUNT, REGION, port_variable
from local.layout import REPOSITORY, Layout, Ports
from local.platform import Platform
from local.processes import free_port, port_is_free
from local.record import Record
from tests.local.aws_clients import aws_client, role_client

AGENT = "acme-corp/finance-agent"


def outlives(pid: int) -> bool:
    """Whether the process that led a group, or a child of it, is still there after a while.

    A process that has ended stays in the table until its parent, by then the machine's first process, takes note.
    """
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


@dataclass
class LocalRun:
    """The platform of one state folder, which may or may not run.

    Attributes:
        state: the folder.
        ports: its ports.
        repository: the checkout that it deploys and whose commands it runs.
        printed: what the last `up` printed.
    """

    state: Path
    ports: Ports
    repository: Path = REPOSITORY
    printed: str = ""

    @classmethod
    def beside_others(cls, state: Path, repository: Path = REPOSITORY) -> LocalRun:
        """On free ports, so that it runs beside a developer's own."""
        return cls(state, Ports(emulator=free_port(), edge=free_port(), gateway=free_port()), repository)

    @property
    def platform(self) -> Platform:
        """The parts of it, as the commands use them."""
        return Platform(Layout(self.state, self.repository), self.ports)

    @property
    def environment(self) -> dict[str, str]:
        """What tells the commands where to run."""
        ports = {port_variable(name): str(port) for name, port in asdict(self.ports).items()}
        return {**os.environ, **ports, "FOUNDATION_STATE": str(self.state)}

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated account's owner."""
        return aws_client(service, self.ports.endpoint_url)

    def client_as(self, role_arn: str, service: str) -> Any:
        """A boto3 client that acts as a role."""
        return role_client(service, self.ports.endpoint_url, role_arn)

    def leave_a_killed_emulator(self) -> None:
        """Leave what a platform leaves whose emulator was killed."""
        platform = self.platform
        platform.layout.create()
        platform.aws.start()
        Record(ports=self.ports, deployed=platform.deployment.fingerprint()).write(platform.layout)
        pid = platform.aws.daemon.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def pids(self) -> list[int]:
        """The process ids of the emulated AWS and the gateway, as far as they run."""
        daemons = (self.platform.aws.daemon, self.platform.gateway.daemon)
        return [pid for daemon in daemons if (pid := daemon.pid())]

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m local …` and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "local", *arguments],
            cwd=self.repository,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m local …` to its end."""
        with self.begin(*arguments) as process:
            output, errors = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def operate(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of an operator on this platform to its end."""
        return subprocess.run(
            [sys.executable, "-m", "operations", command, "--environment", "local", *arguments],
            cwd=self.repository,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask_for_token(
        self, client_id: str, client_secret: str, scope: str, *, domain: str = f"foundation-dev-{ACCOUNT}"
    ) -> httpx2.Response:
        """What a pool's real token endpoint answers to client credentials."""
        tls = ssl.create_default_context(cafile=str(self.platform.layout.ca_file))
        with httpx2.Client(proxy=self.ports.edge_url, verify=tls, trust_env=False) as http:
            return http.post(
                f"https://{domain}.auth.{REGION}.amazoncognito.com/oauth2/token",
                data={"grant_type": "client_credentials", "scope": scope},
                auth=(client_id, client_secret),
            )

    def up(self) -> None:
        """Run `python -m local up`, which must succeed."""
        run = self.command("up")
        assert run.returncode == 0, run.stdout + run.stderr
        self.printed = run.stdout

    def ports_in_use(self) -> list[int]:
        """Those of its ports that something listens on."""
        return [port for port in asdict(self.ports).values() if not port_is_free(port)]
