"""Who calls: the tenant's context of one call, from verified claims and never from what the caller writes (R7)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.directory import LISTS, Directory, Entry, MalformedEntryError, is_agent, is_group, is_slug, is_text
from governance.refusals import RefusedError
from governance.settings import CLAIMS, TokenSettings
from governance.tokens import Claims, numeric_date, scopes

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,256}")
_LONGEST_CONTEXT = 2000
"""A propagated header's value is printable ASCII of at most 4 KB
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-headers.html), but a Lambda target gets all of
them in its client context, which holds 3,583 bytes in base64
(https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html): 2,687 of JSON, ids and the tool's name included."""

_MARK = re.compile(r"[\W_]")
_TENANT_NAMES = frozenset({"tenant", "tenantid", "xtenant", "xtenantid"})


@dataclass(frozen=True)
class Caller:
    """An agent, as its token proves it.

    Attributes:
        tenant_id: Its tenant.
        organization_id: The tenant's part of the company.
        client_id: Its OAuth client.
        user_id: The token's subject.
        agent_id: `<tenant>/<agent>`.
        agent_type: What kind of agent it is.
        agent_version: Its version.
        groups: Its groups.
        permissions: What it may call.
        environment: The environment it belongs to.
        scopes: The token's scopes.
        issued_at: When the token was issued, in seconds since 1970; None when it does not say.
        expires_at: When it expires.
    """

    tenant_id: str
    organization_id: str
    client_id: str
    user_id: str | None
    agent_id: str
    agent_type: str
    agent_version: str
    groups: tuple[str, ...]
    permissions: tuple[str, ...]
    environment: str
    scopes: tuple[str, ...]
    issued_at: float | None
    expires_at: float

    def headers(self) -> dict[str, str]:
        """The headers that a target learns the caller from.

        Raises:
            RefusedError: They are longer than a target may get.
        """
        context = {
            "agent_id": self.agent_id,
            "agent_type": self.agent_type,
            "agent_version": self.agent_version,
            "groups": self.groups,
            "environment": self.environment,
        }
        headers = {
            "X-Tenant-ID": self.tenant_id,
            "X-Client-ID": self.client_id,
            "X-Org-ID": self.organization_id,
            "X-User-Context": json.dumps(context, separators=(",", ":")),
        }
        if len(json.dumps(headers)) > _LONGEST_CONTEXT:
            raise RefusedError("claims_malformed")
        return headers

    def may(self, permission: str) -> bool:
        """Whether it has a permission, `<target>/<tool>` or `mcp:<method>`, or all of that kind."""
        kind, mark, _ = permission.partition("/" if "/" in permission and ":" not in permission else ":")
        return permission in self.permissions or f"{kind}{mark}*" in self.permissions

    def contradicted_by(self, arguments: Any) -> bool:
        """Whether arguments name, at any depth, another tenant than the caller's.

        A key of a table counts as well: `{"key": {"tenant_id": "another"}}` asks for another tenant's item, and so
        does `{"S": "another"}`, as DynamoDB writes texts.
        """
        own = (None, self.tenant_id, {"S": self.tenant_id})
        waiting = [arguments]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if any(_names_tenant(key) and inner not in own for key, inner in value.items()):
                    return True
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
        return False


class Callers:
    """Makes callers of verified claims.

    Args:
        settings: How the provider names its claims.
        directory: Knows what the token does not say.
        environment: The environment that a token must be for.
    """

    def __init__(self, settings: TokenSettings, directory: Directory, *, environment: str) -> None:
        self._settings = settings
        self._directory = directory
        self._environment = environment

    def of(self, claims: Claims) -> Caller:
        """The caller of a token.

        Raises:
            RefusedError: The claims lack something, have another form, are for another environment or contradict the
                directory, or the directory cannot be asked.
        """
        said = {name: claims[own] for name in CLAIMS if (own := self._settings.claims.get(name, "")) in claims}
        client_id = claims.get(self._settings.claims["client_id"])
        if "tenant_id" not in said or not isinstance(client_id, str):
            raise RefusedError("claims_missing")
        if "environment" in self._settings.claims and "environment" not in said:
            raise RefusedError("claims_missing")
        if said.get("environment", self._environment) != self._environment:
            raise RefusedError("claims_environment")
        known = {name: _texts(value) if name in LISTS else value for name, value in said.items()}
        complete = all(name in known for name in CLAIMS if name != "environment")
        if not (complete and self._settings.registered):
            entry = self._registered(client_id, known["tenant_id"])
            known = {**entry.claims(), **known} if self._settings.registered else _agreed(entry, known)
        return self._checked(known, client_id, claims)

    def _registered(self, client_id: str, tenant_id: object) -> Entry:
        try:
            entry = self._directory.entry(client_id)
        except MalformedEntryError:
            raise RefusedError("claims_malformed") from None
        if entry is None:
            raise RefusedError("claims_missing")
        if entry.tenant_id != tenant_id:
            raise RefusedError("claims_disagree")
        if entry.suspended:
            raise RefusedError("suspended")
        return entry

    def _checked(self, known: Mapping[str, Any], client_id: str, claims: Claims) -> Caller:
        tenant_id, subject = known["tenant_id"], claims.get("sub")
        if not (
            is_slug(tenant_id)
            and is_slug(known["organization_id"])
            and is_agent(known["agent_id"], tenant_id)
            and is_text(known["agent_type"])
            and is_text(known["agent_version"])
            and all(is_group(group, tenant_id) for group in known["groups"])
            and _CLIENT_ID.fullmatch(client_id)
        ):
            raise RefusedError("claims_malformed")
        return Caller(
            **{
                **{name: value for name, value in known.items() if name not in LISTS},
                **{name: tuple(known[name]) for name in LISTS},
                "environment": self._environment,
            },
            client_id=client_id,
            user_id=subject[:256] if isinstance(subject, str) else None,
            scopes=scopes(claims, self._settings),
            issued_at=numeric_date(claims.get("iat")),
            expires_at=float(claims["exp"]),
        )


def _agreed(entry: Entry, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the directory says of an agent whose provider nobody obliged to ask it, once the token agrees.

    Raises:
        RefusedError: It says another agent or other groups, and policies read what it says.
    """
    if said.get("agent_id", entry.agent_id) != entry.agent_id:
        raise RefusedError("claims_disagree")
    if set(said.get("groups", entry.groups)) != set(entry.groups):
        raise RefusedError("claims_disagree")
    return entry.claims()


def _texts(value: object) -> tuple[str, ...]:
    """A claim that is a list of texts, or the JSON text of one, as providers write it that know texts only."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, list) or not all(map(is_text, value)):
        raise RefusedError("claims_malformed")
    return tuple(value)


def _names_tenant(key: str) -> bool:
    return _MARK.sub("", key).casefold() in _TENANT_NAMES
