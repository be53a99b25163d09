"""Where settings of the client come from: flags, then environment variables, then the configuration file.

The file is `foundation/config.toml` in XDG_CONFIG_HOME, `~/.config` by default (XDG Base Directory Specification):

    env = "dev"                        # used when none is given
    agent = "acme-corp/finance-agent"
    [environments.prod]                # of one environment; profile, region and url may stand here too
    agent = "acme-corp/reporting-agent"
    profile = "acme-prod"
    region = "us-east-1"
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foundation_client.failure import CommandError, Exit
from foundation_client.variables import AGENT, ENVIRONMENT, URL

LOCAL = "local"
"""The environment that stands for the platform on this machine."""

_AGENT = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]*")
_FUNCTION_URL = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")
_PER_ENVIRONMENT = ("agent", "profile", "region", "url")
_TOP = ("env", "agent", "environments")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a command is to speak to, and as whom; None where AWS's own defaults or a later step decides."""

    env: str | None = None
    agent: str | None = None
    """`<tenant>/<agent>`."""
    profile: str | None = None
    region: str | None = None
    url: str | None = None


def load(flags: Settings, variables: Mapping[str, str] = os.environ) -> Settings:
    """Complete what the flags leave open. Raises CommandError for a setting that cannot be right, saying where it is.

    An address belongs to one agent. So a flag that names environment or agent goes before the address in a variable,
    and a flag or variable that names another agent than the file does before the address there.
    """
    file = config_file(variables)
    content = _content(file)
    env = flags.env or variables.get(ENVIRONMENT) or content.get("env")
    section = content.get("environments", {}).get(env, {})
    named = flags.agent or variables.get(AGENT)
    agent = named or section.get("agent") or content.get("agent")
    in_file = None if named and named != section.get("agent") else section.get("url")
    in_variable = None if flags.env or flags.agent else variables.get(URL)
    url = flags.url or in_variable or in_file
    found = Settings(
        env=env,
        agent=agent,
        profile=flags.profile or section.get("profile"),
        region=_region(flags.region, url) or section.get("region"),
        url=url,
    )
    _check(found)
    return found


def _region(flag: str | None, url: str | None) -> str | None:
    """The region of a function URL, which says its own, or of the flag. Raises CommandError if they contradict."""
    match = _FUNCTION_URL.fullmatch(urlsplit(url or "").hostname or "")
    in_url = match.group(1) if match else None
    if flag and in_url and flag != in_url:
        raise CommandError(f"{url} is in {in_url}, and --region says {flag}: leave one of them out.", Exit.USAGE)
    return in_url or flag


def config_file(variables: Mapping[str, str]) -> Path:
    """The configuration file, which need not exist."""
    return _folder(variables, "XDG_CONFIG_HOME", ".config") / "config.toml"


def history_file(variables: Mapping[str, str]) -> Path:
    """The file with what was typed."""
    return _folder(variables, "XDG_STATE_HOME", ".local/state") / "history"


def _folder(variables: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """A base folder; a relative one counts as not set, as the XDG specification says."""
    given = Path(variables.get(variable, ""))
    return (given if given.is_absolute() else Path.home() / otherwise) / "foundation"


def _content(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as TOML ({error}): correct it or remove it.", Exit.USAGE) from None
    _check_keys(file, "", content, _TOP)
    environments = content.get("environments", {})
    if not isinstance(environments, dict):
        raise CommandError(f"{file}: environments is no table: write [environments.<env>].", Exit.USAGE)
    for name, section in environments.items():
        if not isinstance(section, dict):
            raise CommandError(f"{file}: environments.{name} is no table.", Exit.USAGE)
        _check_keys(file, f"environments.{name}.", section, _PER_ENVIRONMENT)
    return content


def _check_keys(file: Path, place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key, value in table.items():
        if key not in known:
            raise CommandError(f"{file}: {place}{key} is no setting; there are {', '.join(known)}.", Exit.USAGE)
        if key != "environments" and not isinstance(value, str):
            raise CommandError(f"{file}: {place}{key} must be a text, and is {value!r}.", Exit.USAGE)


def _check(settings: Settings) -> None:
    if settings.agent is not None and not _AGENT.fullmatch(settings.agent):
        raise CommandError(
            f"{settings.agent!r} names no agent: write <tenant>/<agent>, for example acme-corp/finance-agent.",
            Exit.USAGE,
        )
    if settings.env is not None and not _ENVIRONMENT.fullmatch(settings.env):
        raise CommandError(f"{settings.env!r} names no environment: write dev, prod or local, for example.", Exit.USAGE)
