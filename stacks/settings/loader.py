"""Reads and checks `config/`: one environment, its tenants, and what they say of each other.

Every mistake becomes one sentence `file: key: value is wrong because …: the way out`, and all mistakes of all
files are reported together, before anything is synthesized.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

from stacks.settings.access import AccessPlan, Sources, plan_access
from stacks.settings.access.offer import read_offer
from stacks.settings.agent_agreement import agent_mistakes
from stacks.settings.agreement import (
    cluster_mistakes,
    cluster_notices,
    ignored_files,
    name_mistakes,
    quota_mistakes,
    tenant_mistakes,
)
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.files import Files, Offered, named_anywhere, read_files, read_offered
from stacks.settings.targets.documents import Document
from stacks.settings.tenant import TenantSettings
from stacks.settings.versions import ServedMajor
from toolkit.spec import ServerSpec

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

    @property
    def path(self) -> str:
        """`/<project>/<environment>`, what the names of parameters and log groups begin with."""
        return f"/{self.project}/{self.name}"

    @property
    def gateway_parameter(self) -> str:
        """Name of the SSM parameter that holds the gateway's URL."""
        return f"{self.path}/gateway/url"

    @property
    def agent_secrets(self) -> str:
        """What the names of agents' secrets begin with; `<tenant>/<agent>` follows."""
        return f"{self.project}/{self.name}/agents/"

    def token_domain(self, account: str) -> str:
        """First label of the token endpoint's host, for the environment in `account`."""
        return f"{self.prefix}-{account}"


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
    files = read_files(name, environments=environments, root=root, mistakes=mistakes)
    if files is None:
        raise SettingsError(mistakes)
    offered = read_offered(
        files,
        prefix=f"{PROJECT}-{name}",
        root=root,
        today=today or datetime.now(UTC).date(),
        mistakes=mistakes,
    )
    mistakes += _disagreements(files)
    if mistakes:
        raise SettingsError(list(dict.fromkeys(mistakes)))
    # Only once the files are right by themselves: what they say of each other follows from it.
    access, mistakes = plan_access(_sources(files, offered, config))
    if access is None:
        raise SettingsError(list(dict.fromkeys(mistakes)))
    return Settings(
        project=PROJECT,
        name=name,
        environment=files.environment,
        tenants=tuple(files.present.values()),
        tool_specs=offered.specs,
        served_majors=offered.serving.majors,
        notices=(*offered.serving.notices, *cluster_notices(name, files.environment)),
        target_documents=offered.documents,
        access=access,
    )


def _disagreements(files: Files) -> Iterator[str]:
    """Where the files disagree with each other, and with the limits of what they end up in."""
    name, environment, present = files.name, files.environment, files.present
    for file, tenant in files.tenants.items():
        yield from tenant_mistakes(file, tenant, environment=environment, environments=files.environments)
    yield from agent_mistakes(name, environment, present)
    if files.complete:
        yield from quota_mistakes(name, environment, present)
    yield from cluster_mistakes(name, environment)


def _sources(files: Files, offered: Offered, config: Path) -> Sources:
    """What access is worked out from."""
    return Sources(
        name=files.name,
        environment=files.environment,
        tenants=tuple(files.present.values()),
        everywhere=tuple(files.tenants.values()),
        platform=files.platform,
        statements=files.statements,
        offer=read_offer(offered.serving.majors, files.environment.targets, offered.documents),
        elsewhere=named_anywhere(config, "tool_servers", "targets") or set(),
    )


def _not_chosen(name: str | None, environments: list[str]) -> str:
    """What to say when `name` is none of the environments."""
    given = f"there is no environment {name!r}" if name else "no environment is chosen"
    choice = ", ".join(environments) or "none yet: add config/<name>.yaml"
    near = get_close_matches(name or "", environments, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{given}{hint}: choose with -c env=<name>, or make's ENV=<name>, one of {choice}"
