"""The directory of agents: one parameter per client under a path of Parameter Store, written by its tenant's stack.

It changes without a deployment of any function, and has no default: an agent that it does not know is nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from governance import ages, aws, patience, trouble
from governance.ages import Moment, age
from governance.refusals import RefusedError
from governance.settings import CLAIMS

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""A tenant's or an agent's name, as the settings take it."""

LONGEST_SLUG = 32

_CLIENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
"""What a parameter's name can hold:
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html"""

LISTS = ("groups", "permissions")
"""What an agent has several of."""

_TEXTS = ("agent_type", "agent_version")
_PRINTABLE = re.compile(r"[\x20-\x7e]{0,256}")
_MOST_KEPT = 4096


class MalformedEntryError(Exception):
    """An entry of the directory has another form; the message says where, and holds no value."""


@dataclass(frozen=True)
class Entry:
    """One agent.

    Attributes:
        tenant_id: Its tenant.
        organization_id: The tenant's part of the company.
        agent_id: `<tenant>/<agent>`.
        agent_type: What kind of agent it is.
        agent_version: Its version; may be empty.
        groups: Its groups: the platform's by name, its tenant's as `<tenant>/<group>`.
        permissions: What it may call: `<target>/*`, `<target>/<tool>`, `mcp:<method>`.
        environment: The environment it belongs to.
        suspended: Whether its settings suspend it.
    """

    tenant_id: str
    organization_id: str
    agent_id: str
    agent_type: str
    agent_version: str
    groups: tuple[str, ...]
    permissions: tuple[str, ...]
    environment: str
    suspended: bool

    def claims(self) -> dict[str, Any]:
        """What a token says of the agent."""
        return {name: list(value) if isinstance(value := getattr(self, name), tuple) else value for name in CLAIMS}


class Directory:
    """The agents under one path.

    Args:
        path: The path, without a slash at its end.
        environment: The environment that every entry must belong to.
        keep_seconds: How long an entry is used without asking again.
        clock: The present moment.
    """

    def __init__(
        self, path: str, *, environment: str, keep_seconds: float, clock: Callable[[], Moment] = ages.now
    ) -> None:
        self._path = path
        self._environment = environment
        self._keep = keep_seconds
        self._clock = clock
        self._kept: dict[str, tuple[Moment, Entry]] = {}

    def entry(self, client_id: str) -> Entry | None:
        """The agent of a client; None when nobody registered it.

        Raises:
            RefusedError: The directory cannot be asked.
            MalformedEntryError: The entry has another form.
        """
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        now = self._clock()
        if client_id in self._kept and age(self._kept[client_id][0], now) <= self._keep:
            return self._kept[client_id][1]
        text = self._ask(client_id)
        if text is None:
            self._kept.pop(client_id, None)
            return None
        entry = read_entry(text, environment=self._environment)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[client_id] = now, entry
        return entry

    def _ask(self, client_id: str) -> str | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the package docstring

        try:
            answer = patience.within(lambda: aws.ssm().get_parameter(Name=f"{self._path}/{client_id}"))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            trouble.warn("the directory of agents cannot be read", error)
            raise RefusedError("directory_unavailable") from None
        except (BotoCoreError, TimeoutError) as error:
            trouble.warn("the directory of agents cannot be read", error)
            raise RefusedError("directory_unavailable") from None
        return answer["Parameter"]["Value"]


def read_entry(text: str, *, environment: str) -> Entry:
    """The entry of its JSON.

    Args:
        text: A parameter's value.
        environment: The environment that it must belong to.

    Raises:
        MalformedEntryError: It has another form.
    """
    try:
        form = json.loads(text)
    except ValueError:
        raise MalformedEntryError("the entry is not JSON") from None
    if not isinstance(form, dict) or form.keys() != {*CLAIMS, "suspended"}:
        raise MalformedEntryError(f"the entry has other members than {', '.join(CLAIMS)} and suspended")
    if not is_slug(form["tenant_id"]) or not is_agent(form["agent_id"], form["tenant_id"]):
        raise MalformedEntryError("tenant_id and agent_id are not <tenant> and <tenant>/<agent>")
    wrong = [name for name in _TEXTS if not is_text(form[name])]
    wrong += [name for name in LISTS if not isinstance(form[name], list) or not all(map(is_text, form[name]))]
    wrong += [] if isinstance(form["suspended"], bool) else ["suspended"]
    wrong += [] if form["environment"] == environment else ["environment"]
    wrong += [] if is_slug(form["organization_id"]) else ["organization_id"]
    wrong += [] if "groups" in wrong or all(is_group(one, form["tenant_id"]) for one in form["groups"]) else ["groups"]
    if wrong:
        raise MalformedEntryError(f"{', '.join(wrong)} cannot be used")
    return Entry(**{**form, **{name: tuple(form[name]) for name in LISTS}})


def is_slug(value: object) -> bool:
    """Whether it is a name of a tenant or an agent."""
    return isinstance(value, str) and len(value) <= LONGEST_SLUG and SLUG.fullmatch(value) is not None


def is_agent(value: object, tenant_id: str) -> bool:
    """Whether it is `<tenant>/<agent>` of that tenant; no other case of letters is the same."""
    tenant, _, agent = value.partition("/") if isinstance(value, str) else ("", "", "")
    return tenant == tenant_id and is_slug(agent)


def is_group(value: object, tenant_id: str) -> bool:
    """Whether it is a group that an agent of a tenant can be in: the platform's, or `<tenant>/<group>` of its own.

    A group of any other form could make policies, which look for its name in quotes in the claim's JSON text, see a
    group that is none.
    """
    return is_slug(value) or is_agent(value, tenant_id)


def is_text(value: object) -> bool:
    """Whether it can stand in a header and a log."""
    return isinstance(value, str) and _PRINTABLE.fullmatch(value) is not None
