"""What the emulator is told through its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"
REGION = "us-east-1"
HOST = "127.0.0.1"
DEFAULT_PORTS = {"emulator": 4566, "edge": 4567, "gateway": 4580}


class SettingsError(ValueError):
    """A variable of the emulator's environment is missing or wrong; the message names it."""


def port_variable(name: str) -> str:
    """The environment variable that sets the port called `name`, such as FOUNDATION_EDGE_PORT."""
    return f"FOUNDATION_{name.upper()}_PORT"


def read_port(environment: Mapping[str, str], name: str, default: int) -> int:
    """The port called `name`, as its variable says. Raises SettingsError for a value that is no port."""
    value = environment.get(port_variable(name), str(default))
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise SettingsError(f"{port_variable(name)} is {value!r}: give it a port number from 1 to 65535")
    return int(value)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where one emulator keeps its files and which ports it takes.

    `state` holds everything it writes; `port` serves the AWS API, `edge_port` the proxy for host names that an
    endpoint setting cannot redirect, `gateway_port` is the first port that a created gateway's URL may name.
    `schemas` is cfn-lint's folder of CloudFormation resource schemas (`providers/`, `resources/`), `node_modules` the
    installed `nodejs/package.json` of this package.
    """

    state: Path
    port: int
    edge_port: int
    gateway_port: int
    schemas: Path
    node_modules: Path

    @property
    def endpoint_url(self) -> str:
        """The AWS API's address."""
        return f"http://{HOST}:{self.port}"

    @property
    def edge_url(self) -> str:
        """The proxy's address, as HTTPS_PROXY takes it."""
        return f"http://{HOST}:{self.edge_port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the local authority that clients must trust."""
        return self.state / "ca.pem"

    @property
    def hosts_file(self) -> Path:
        """Other hosts that the edge serves: a JSON object of host names and loopback ports; may be missing."""
        return self.state / "hosts.json"

    @property
    def host_packages(self) -> Path:
        """The site-packages that cfn-lint lies in: the project's, which has the packages of all bundles."""
        return self.schemas.parents[2]

    @property
    def ca_key_file(self) -> Path:
        """The authority's private key, readable by its owner only."""
        return self.state / "ca-key.pem"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the FOUNDATION_* variables.

        Raises SettingsError naming every variable that is missing or not usable.
        """
        problems: list[str] = []

        def folder(name: str) -> Path:
            value = environment.get(name, "")
            if not value:
                problems.append(f"{name} is not set: give it a folder")
            return Path(value).resolve()

        def port(name: str) -> int:
            try:
                return read_port(environment, name, DEFAULT_PORTS[name])
            except SettingsError as error:
                problems.append(str(error))
                return 0

        state = folder("FOUNDATION_STATE")
        settings = cls(
            state=state,
            port=port("emulator"),
            edge_port=port("edge"),
            gateway_port=port("gateway"),
            schemas=folder("FOUNDATION_CFN_SCHEMAS"),
            node_modules=Path(environment.get("FOUNDATION_NODE_MODULES", state / "nodejs" / "node_modules")).resolve(),
        )
        if not problems and not (settings.schemas / "providers" / f"{REGION}.json").is_file():
            problems.append(
                f"FOUNDATION_CFN_SCHEMAS is {settings.schemas}, which holds no providers/{REGION}.json: "
                "give it the folder cfnlint/data/schemas of an installed cfn-lint"
            )
        if problems:
            raise SettingsError("; ".join(problems))
        return settings
