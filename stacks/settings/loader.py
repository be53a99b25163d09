"""Reads and checks `config/`: one environment, its tenants, and what they say of each other.

Every mistake becomes one sentence `file: key: value is wrong because …: the way out`, and all mistakes of all
files are reported together, before anything is synthesized.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stacks.settings.environment import EnvironmentSettings
from stacks.settings.sentences import sentences
from stacks.settings.tenant import TenantSettings
from stacks.settings.yaml_file import YamlError, read_yaml

Model = TypeVar("Model", bound=BaseModel)

ROOT = Path(__file__).parents[2]
PROJECT = "foundation"
AGENTCORE_GATEWAY_NAME_LENGTH = 48
"""https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGateway.html"""


class SettingsError(Exception):
    """The configuration cannot be used. `mistakes` holds one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One environment with the tenants that exist in it.

    Attributes:
        project: first part of every name.
        name: the environment's name, which is its file's.
        environment: what `config/<name>.yaml` says.
        tenants: the tenants of this environment, sorted by name.
    """

    project: str
    name: str
    environment: EnvironmentSettings
    tenants: tuple[TenantSettings, ...]

    @property
    def prefix(self) -> str:
        """`<project>-<environment>`, first part of every physical name."""
        return f"{self.project}-{self.name}"


def available_environments(config: Path = ROOT / "config") -> list[str]:
    """The environments that have a file in `config`, sorted."""
    return sorted(path.stem for path in config.glob("*.yaml"))


def load_settings(name: str | None, *, root: Path = ROOT) -> Settings:
    """The checked settings of the environment `name` and its tenants.

    Args:
        name: the environment, as given by `-c env=<name>`.
        root: the folder that holds `config/` and `lambda/`.

    Raises:
        SettingsError: with one sentence for every mistake in every file read.
    """
    config = root / "config"
    environments = available_environments(config)
    if name not in environments:
        given = f"there is no environment {name!r}" if name else "no environment is chosen"
        choice = ", ".join(environments) or "none yet: add config/<name>.yaml"
        raise SettingsError([f"{given}: pass -c env=<name>, where <name> is one of {choice}"])
    mistakes: list[str] = []
    environment = _parse(EnvironmentSettings, config / f"{name}.yaml", root, mistakes)
    files = sorted((config / "tenants").glob("*.yaml"))
    parsed = {file: _parse(TenantSettings, file, root, mistakes) for file in files}
    tenants = {file: tenant for file, tenant in parsed.items() if tenant is not None}
    if environment is not None:
        mistakes += _environment_mistakes(f"config/{name}.yaml", name, environment, root)
        for file, tenant in tenants.items():
            mistakes += _tenant_mistakes(file, tenant, environment, environments)
    if environment is None or mistakes:
        raise SettingsError(mistakes)
    present = tuple(t for t in tenants.values() if t.environments is None or name in t.environments)
    return Settings(project=PROJECT, name=name, environment=environment, tenants=present)


def _parse(model: type[Model], file: Path, root: Path, mistakes: list[str]) -> Model | None:
    label = str(file.relative_to(root))
    try:
        return model.model_validate(read_yaml(file))
    except YamlError as error:
        mistakes.append(f"{label}: {error}")
    except ValidationError as error:
        mistakes.extend(f"{label}: {sentence}" for sentence in sentences(error, model))
    return None


def _environment_mistakes(label: str, name: str, environment: EnvironmentSettings, root: Path) -> list[str]:
    found = []
    gateway_name = f"{PROJECT}-{name}"
    if len(gateway_name) > AGENTCORE_GATEWAY_NAME_LENGTH:
        found.append(
            f"{label}: the gateway would be called {gateway_name!r} and AgentCore takes "
            f"{AGENTCORE_GATEWAY_NAME_LENGTH} characters: give the file a shorter name"
        )
    for server, settings in environment.tool_servers.items():
        if not (root / "lambda" / settings.package / "handler.py").is_file():
            found.append(
                f"{label}: tool_servers.{server}.package: {settings.package!r} has no handler: "
                f"create lambda/{settings.package}/handler.py or name an existing folder"
            )
    return found


def _tenant_mistakes(
    file: Path, tenant: TenantSettings, environment: EnvironmentSettings, environments: list[str]
) -> list[str]:
    label = f"config/tenants/{file.name}"
    found = []
    if tenant.tenant != file.stem:
        found.append(f"{label}: tenant: {tenant.tenant!r} is not the file's name: call the file {tenant.tenant}.yaml")
    for name in tenant.environments or ():
        if name not in environments:
            found.append(f"{label}: environments: {name!r} does not exist: use {', '.join(environments)}")
    for agent_name, agent in tenant.agents.items():
        for scope in agent.scopes:
            server = scope.split("/")[0]
            if server not in environment.tool_servers:
                known = ", ".join(f"{server}/read, {server}/write" for server in environment.tool_servers)
                found.append(
                    f"{label}: agents.{agent_name}.scopes: {scope!r} belongs to no tool server: use {known}, "
                    f"or add {server} to tool_servers"
                )
        for name in agent.principals:
            if name not in environments:
                choice = ", ".join(environments)
                found.append(f"{label}: agents.{agent_name}.principals: {name!r} is no environment: use {choice}")
    return found
