"""Reads and checks `config/`: one environment, its tenants, and what they say of each other.

Every mistake becomes one sentence `file: key: value is wrong because …: the way out`, and all mistakes of all
files are reported together, before anything is synthesized.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stacks.settings.access import AccessPlan, Sources, plan_access
from stacks.settings.access.handwritten import read_statements
from stacks.settings.access.members import PLATFORM_FILE
from stacks.settings.access.offer import read_offer
from stacks.settings.agreement import (
    cluster_mistakes,
    ignored_files,
    name_mistakes,
    quota_mistakes,
    tenant_mistakes,
)
from stacks.settings.conversation import service_mistakes
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.groups import PlatformGroups
from stacks.settings.sentences import sentences
from stacks.settings.targets.agreement import read_targets
from stacks.settings.targets.documents import Document
from stacks.settings.tenant import TenantSettings
from stacks.settings.tool_specs import read_specs, unreachable_services
from stacks.settings.versions import ServedMajor, lost_servers, serve
from stacks.settings.workload import workload_mistakes
from stacks.settings.yaml_file import YamlError, read_yaml
from toolkit.spec import ServerSpec

Model = TypeVar("Model", bound=BaseModel)

ROOT = Path(__file__).parents[2]
PROJECT = "foundation"


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
        tool_specs: what the current major of each of its tool servers offers, by name.
        access: who may call what, and how often, worked out of all of this.
        target_documents: what describes the tools of its other targets, by target, where something does.
        served_majors: the majors of each tool server that are served side by side, the current one first, by name.
        notices: sentences on what is in order and asks for something all the same, such as a version to publish.
    """

    project: str
    name: str
    environment: EnvironmentSettings
    tenants: tuple[TenantSettings, ...]
    tool_specs: Mapping[str, ServerSpec]
    served_majors: Mapping[str, tuple[ServedMajor, ...]]
    notices: tuple[str, ...]
    target_documents: Mapping[str, Document]
    access: AccessPlan

    @property
    def prefix(self) -> str:
        """`<project>-<environment>`, first part of every physical name."""
        return f"{self.project}-{self.name}"


def available_environments(config: Path = ROOT / "config") -> list[str]:
    """The environments that have a file in `config`, sorted."""
    return sorted(path.stem for path in config.glob("*.yaml"))


def load_settings(name: str | None, *, root: Path = ROOT, today: date | None = None) -> Settings:
    """The checked settings of the environment `name` and its tenants.

    Args:
        name: the environment, as given by `-c env=<name>`.
        root: the folder that holds `config/`, `lambda/` and `versions/`.
        today: the day by which promised ends of versions are judged; the present one when left out.

    Raises:
        SettingsError: with one sentence for every mistake in every file read.
    """
    config = root / "config"
    environments = available_environments(config)
    if name not in environments:
        raise SettingsError([_not_chosen(name, environments)])
    mistakes = [*name_mistakes(name), *ignored_files(config)]
    environment = _parse(EnvironmentSettings, config / f"{name}.yaml", root, mistakes)
    files = sorted((config / "tenants").glob("*.yaml"))
    parsed = {file: _parse(TenantSettings, file, root, mistakes) for file in files}
    tenants = {file: tenant for file, tenant in parsed.items() if tenant is not None}
    if environment is None:
        raise SettingsError(mistakes)
    label = f"config/{name}.yaml"
    specs, unusable = read_specs(environment, label=label, root=root)
    serving = serve(environment.tool_servers, specs, root=root, today=today or datetime.now(UTC).date())
    mistakes += [*unusable, *serving.mistakes]
    if (named := _named_anywhere(config, "tool_servers")) is not None:
        mistakes += lost_servers(named, root=root)
    for major in (major for majors in serving.majors.values() for major in majors):
        mistakes += unreachable_services(environment, {major.server: major.declared}, label=label)
    documents, wrong = read_targets(
        environment.targets, servers=environment.tool_servers, prefix=f"{PROJECT}-{name}", label=label, root=root
    )
    mistakes += wrong
    for file, tenant in tenants.items():
        mistakes += tenant_mistakes(file, tenant, environment=environment, environments=environments)
    present = {file: t for file, t in tenants.items() if t.environments is None or name in t.environments}
    mistakes += service_mistakes(name, environment, present)
    mistakes += workload_mistakes(name, environment, present)
    if len(tenants) == len(files):
        mistakes += quota_mistakes(name, environment, present)
    mistakes += cluster_mistakes(name, environment)
    platform = _platform_groups(root, mistakes)
    statements, wrong = read_statements(config, name, environments)
    mistakes += wrong
    if mistakes:
        raise SettingsError(list(dict.fromkeys(mistakes)))
    # Only once the files are right by themselves: what they say of each other follows from it.
    access, mistakes = plan_access(
        Sources(
            name=name,
            environment=environment,
            tenants=tuple(present.values()),
            everywhere=tuple(tenants.values()),
            platform=platform,
            statements=statements,
            offer=read_offer(serving.majors, environment.targets, documents),
            elsewhere=_named_anywhere(config, "tool_servers", "targets") or set(),
        )
    )
    if access is None:
        raise SettingsError(list(dict.fromkeys(mistakes)))
    return Settings(
        project=PROJECT,
        name=name,
        environment=environment,
        tenants=tuple(present.values()),
        tool_specs=specs,
        served_majors=serving.majors,
        notices=tuple(serving.notices),
        target_documents=documents,
        access=access,
    )


def _platform_groups(root: Path, mistakes: list[str]) -> PlatformGroups:
    """The platform's groups; none without the file."""
    file = root / PLATFORM_FILE
    if not file.is_file():
        return PlatformGroups()
    return _parse(PlatformGroups, file, root, mistakes) or PlatformGroups()


def _not_chosen(name: str | None, environments: list[str]) -> str:
    """What to say when `name` is none of the environments."""
    given = f"there is no environment {name!r}" if name else "no environment is chosen"
    choice = ", ".join(environments) or "none yet: add config/<name>.yaml"
    near = get_close_matches(name or "", environments, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{given}{hint}: choose with -c env=<name>, or make's ENV=<name>, one of {choice}"


def _named_anywhere(config: Path, *sections: str) -> set[str] | None:
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


def _parse(model: type[Model], file: Path, root: Path, mistakes: list[str]) -> Model | None:
    label = str(file.relative_to(root))
    try:
        return model.model_validate(read_yaml(file))
    except YamlError as error:
        mistakes.append(f"{label}: {error}")
    except ValidationError as error:
        mistakes.extend(f"{label}: {sentence}" for sentence in sentences(error, model))
    return None
