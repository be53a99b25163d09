"""Where a local run keeps its files and which ports it takes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from local.emulator.settings import DEFAULT_PORTS, HOST, SettingsError, port_variable, read_port
from local.failure import LocalRunError

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The loopback ports: the AWS API, the proxy to identity providers, and the first gateway."""

    emulator: int = DEFAULT_PORTS["emulator"]
    edge: int = DEFAULT_PORTS["edge"]
    gateway: int = DEFAULT_PORTS["gateway"]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, otherwise: Ports | None = None) -> Ports:
        """Read FOUNDATION_EMULATOR_PORT, FOUNDATION_EDGE_PORT and FOUNDATION_GATEWAY_PORT.

        A port that is not set is that of `otherwise`. Raises LocalRunError for a value that is no port, and when two
        ports are the same.
        """
        open_ones = asdict(otherwise or cls())
        try:
            ports = cls(**{name: read_port(environment, name, port) for name, port in open_ones.items()})
        except SettingsError as error:
            raise LocalRunError(f"{error}.") from None
        if len(set(asdict(ports).values())) < len(fields(cls)):
            raise LocalRunError(f"Two ports are the same ({ports}): give each its own.")
        return ports

    def __str__(self) -> str:
        """The ports as the variables that set them."""
        return " ".join(f"{port_variable(name)}={port}" for name, port in asdict(self).items())

    @property
    def endpoint_url(self) -> str:
        """The AWS API's address."""
        return f"http://{HOST}:{self.emulator}"

    @property
    def edge_url(self) -> str:
        """The proxy's address, as HTTPS_PROXY takes it."""
        return f"http://{HOST}:{self.edge}"


@dataclass(frozen=True)
class Layout:
    """The files of one local run, all below `state`, and the repository that it runs."""

    state: Path
    repository: Path = REPOSITORY

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Layout:
        """Use the folder FOUNDATION_STATE, by default `.local` in the repository."""
        return cls(Path(environment.get("FOUNDATION_STATE") or REPOSITORY / ".local").resolve())

    @property
    def record(self) -> Path:
        """What runs here: ports, and what was deployed."""
        return self.state / "platform.json"

    @property
    def home(self) -> Path:
        """HOME of the CDK CLI, whose cache of accounts must not mix with a developer's own."""
        return self.state / "home"

    @property
    def assembly(self) -> Path:
        """The synthesized templates and assets."""
        return self.state / "cdk.out"

    @property
    def logs(self) -> Path:
        """One log file for each process and for the CDK CLI."""
        return self.state / "logs"

    @property
    def emulator_state(self) -> Path:
        """The emulator's own folder."""
        return self.state / "emulator"

    @property
    def ca_file(self) -> Path:
        """The certificate authority of the emulated AWS, which clients of its token endpoint trust."""
        return self.emulator_state / "ca.pem"

    @property
    def hosts_file(self) -> Path:
        """The hosts that the edge serves by ports of this machine."""
        return self.emulator_state / "hosts.json"

    @property
    def client_file(self) -> Path:
        """What the client `foundation` needs to know of this platform."""
        return self.state / "client.json"

    @property
    def credentials_file(self) -> Path:
        """AWS credentials of the people who talk to agents, a profile for each role."""
        return self.state / "aws-credentials"

    @property
    def stand_ins(self) -> Path:
        """What stands for services elsewhere: written by the developer, and kept when the platform is taken down."""
        return self.state / "stand-ins.yaml"

    def shown(self, path: Path) -> str:
        """A path as a person in the repository would write it."""
        here = Path(os.path.relpath(path, self.repository))
        return str(path if here.parts[0] == ".." else here)

    def create(self) -> None:
        """Make the folders; their owner alone may read them, for the logs and the authority's key."""
        self.state.mkdir(parents=True, exist_ok=True)
        for folder in (self.home, self.logs, self.emulator_state):
            folder.mkdir(mode=0o700, exist_ok=True)

    def remove(self) -> None:
        """Remove what a local run made, and the state folder unless something else is in it (the cached venv)."""
        for folder in (self.home, self.logs, self.emulator_state, self.assembly):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.record, self.client_file, self.credentials_file, *self.state.glob("*.pid")):
            file.unlink(missing_ok=True)
        if self.state.is_dir() and not any(self.state.iterdir()):
            self.state.rmdir()
