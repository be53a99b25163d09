"""Reads what `config/` says and what the code that it names offers, each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stacks.settings.access.handwritten import Statement, read_statements
from stacks.settings.access.members import PLATFORM_FILE
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.groups import PlatformGroups
from stacks.settings.sentences import sentences
from stacks.settings.targets.agreement import read_targets
from stacks.settings.targets.documents import Document
from stacks.settings.tenant import TenantSettings
from stacks.settings.tool_specs import read_specs, unreachable_services
from stacks.settings.versions import Serving, lost_servers, serve
from stacks.settings.yaml_file import YamlError, read_yaml
from toolkit.spec import ServerSpec

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Files:
    """What the files of `config/` say, as far as each is right by itself.

    Attributes:
        name: the environment.
        environments: all environments.
        environment: what the environment's file says.
        tenants: the tenants of all environments, by their files.
        complete: whether no tenant's file is wrong.
        platform: the platform's groups.
        statements: the policies written by hand.
    """

    name: str
    environments: list[str]
    environment: EnvironmentSettings
    tenants: Mapping[Path, TenantSettings]
    complete: bool
    platform: PlatformGroups
    statements: Sequence[Statement]

    @property
    def label(self) -> str:
        """The environment's file."""
        return f"config/{self.name}.yaml"

    @property
    def present(self) -> dict[Path, TenantSettings]:
        """The tenants of the environment."""
        return {
            file: tenant
            for file, tenant in self.tenants.items()
            if tenant.environments is None or self.name in tenant.environments
        }


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What the tool servers and the other targets of the environment offer, as `Settings` has it."""

    specs: Mapping[str, ServerSpec]
    serving: Serving
    documents: Mapping[str, Document]


def read_files(name: str, *, environments: list[str], root: Path, mistakes: list[str]) -> Files | None:
    """Read the files; None when the environment's own cannot be used.

    Args:
        name: the environment.
        environments: all environments.
        root: the folder that holds `config/`.
        mistakes: gets a sentence for everything that is wrong.
    """
    config = root / "config"
    environment = _parse(EnvironmentSettings, config / f"{name}.yaml", root, mistakes)
    parsed = {
        file: _parse(TenantSettings, file, root, mistakes) for file in sorted((config / "tenants").glob("*.yaml"))
    }
    if environment is None:
        return None
    platform = _platform_groups(root, mistakes)
    statements, wrong = read_statements(config, name, environments)
    mistakes += wrong
    return Files(
        name=name,
        environments=environments,
        environment=environment,
        tenants={file: tenant for file, tenant in parsed.items() if tenant is not None},
        complete=None not in parsed.values(),
        platform=platform,
        statements=statements,
    )


def read_offered(files: Files, *, prefix: str, root: Path, today: date, mistakes: list[str]) -> Offered:
    """Read what the environment offers.

    Args:
        files: what the files say.
        prefix: first part of its names.
        root: the folder that holds `config/`, `lambda/` and `versions/`.
        today: the day by which promised ends of versions are judged.
        mistakes: gets a sentence for everything that is wrong.
    """
    environment, label = files.environment, files.label
    specs, unusable = read_specs(environment, label=label, root=root)
    serving = serve(environment.tool_servers, specs, root=root, today=today)
    mistakes += [*unusable, *serving.mistakes]
    if (named := named_anywhere(root / "config", "tool_servers")) is not None:
        mistakes += lost_servers(named, root=root)
    for major in (major for majors in serving.majors.values() for major in majors):
        mistakes += unreachable_services(environment, {major.server: major.declared}, label=label)
    documents, wrong = read_targets(
        environment.targets, servers=environment.tool_servers, prefix=prefix, label=label, root=root
    )
    mistakes += wrong
    return Offered(specs=specs, serving=serving, documents=documents)


def named_anywhere(config: Path, *sections: str) -> set[str] | None:
    """What any environment names in `sections`; None when a file hides it, which its own synthesis tells."""
    found: set[str] = set()
    for file in config.glob("*.yaml"):
        try:
            content = read_yaml(file)
        except YamlError:
            return None
        for names in (content.get(section, {}) for section in sections):
            if not isinstance(names, dict):
                return None
            found.update(names)
    return found


def _platform_groups(root: Path, mistakes: list[str]) -> PlatformGroups:
    """The platform's groups; none without the file."""
    file = root / PLATFORM_FILE
    if not file.is_file():
        return PlatformGroups()
    return _parse(PlatformGroups, file, root, mistakes) or PlatformGroups()


def _parse(model: type[Model], file: Path, root: Path, mistakes: list[str]) -> Model | None:
    label = str(file.relative_to(root))
    try:
        return model.model_validate(read_yaml(file))
    except YamlError as error:
        mistakes.append(f"{label}: {error}")
    except ValidationError as error:
        mistakes.extend(f"{label}: {sentence}" for sentence in sentences(error, model))
    return None
