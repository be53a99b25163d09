"""The functions' settings, from environment variables that the stacks write; read once, at the first call."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

CLAIMS = (
    "tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "permissions", "environment",
)  # fmt: skip
"""What a token says of an agent, by the platform's names."""


class SettingsError(Exception):
    """An environment variable is missing or cannot be used; the message names it."""


@dataclass(frozen=True)
class TokenSettings:
    """Which tokens are taken (FOUNDATION_TOKENS).

    Attributes:
        discovery_url: Where the identity provider describes itself (OpenID Connect Discovery 1.0 §4).
        claims: The platform's names to the provider's, with `client_id` and `scope`. A name that is missing is never
            read from a token, but from the directory of agents.
        audience: Audiences of which a token must have one; any when empty.
        clients: Clients that are taken; any when empty.
        scopes: Scopes of which a token must have one; any when empty.
        registered: Whether the provider asks the directory itself before it says who an agent is, as the kit's own
            pool does. Otherwise the directory is asked about every client, and has to agree with the token.
    """

    discovery_url: str
    claims: Mapping[str, str]
    audience: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    registered: bool = False

    @classmethod
    def from_environment(cls) -> Self:
        """Read FOUNDATION_TOKENS.

        Raises:
            SettingsError: It is missing, has another form, or names no claim for the tenant.
        """
        name = "FOUNDATION_TOKENS"
        form = composite(name)
        url, claims = form.get("discovery_url"), form.get("claims")
        if not isinstance(url, str) or not url.startswith("https://"):
            raise SettingsError(f"{name}: discovery_url is {url!r}; give an https URL")
        if not isinstance(claims, dict) or not claims.get("tenant_id"):
            raise SettingsError(f"{name}: claims names no claim for tenant_id")
        lists = {key: frozenset(form.get(key) or ()) for key in ("audience", "clients", "scopes")}
        registered = form.get("registered", False)
        if not isinstance(registered, bool):
            raise SettingsError(f"{name}: registered is {registered!r}; write true or false")
        return cls(url, {"client_id": "client_id", "scope": "scope", **claims}, registered=registered, **lists)


@dataclass(frozen=True)
class AuditSettings:
    """How calls are recorded (FOUNDATION_AUDIT).

    Attributes:
        log_group: Name of the audit log group, which is the functions' own.
        required: A call goes on only when its record was acknowledged.
        version: Version of the record's fields.
    """

    log_group: str
    required: bool
    version: str

    @classmethod
    def from_environment(cls) -> Self:
        """Read FOUNDATION_AUDIT.

        Raises:
            SettingsError: It is missing or has another form.
        """
        form = composite("FOUNDATION_AUDIT")
        if not isinstance(form.get("required"), bool):
            raise SettingsError(f"FOUNDATION_AUDIT: required is {form.get('required')!r}; write true or false")
        return cls(str(form.get("log_group", "")), form["required"], str(form.get("version", "1.0")))


@dataclass(frozen=True)
class Limits:
    """What a body may be (FOUNDATION_LIMITS): bytes, and depth of nesting."""

    body_bytes: int
    depth: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read FOUNDATION_LIMITS.

        Raises:
            SettingsError: It is missing or has another form.
        """
        form = composite("FOUNDATION_LIMITS")
        numbers = form.get("body_bytes"), form.get("depth")
        if not all(isinstance(number, int) and number > 0 for number in numbers):
            raise SettingsError(f"FOUNDATION_LIMITS: {form} has no body_bytes and depth above zero")
        return cls(form["body_bytes"], form["depth"])


@dataclass(frozen=True)
class Redaction:
    """Which rules redact what (FOUNDATION_REDACTION): rule names by classification."""

    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> Self:
        """Read FOUNDATION_REDACTION.

        Raises:
            SettingsError: It is missing or has another form.
        """
        form = composite("FOUNDATION_REDACTION")
        if not all(isinstance(names, list) for names in form.values()):
            raise SettingsError(f"FOUNDATION_REDACTION: {form} is no object of lists")
        return cls({level: tuple(map(str, names)) for level, names in form.items()})


def text(name: str) -> str:
    """An environment variable that has to be there.

    Raises:
        SettingsError: It is missing or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the stack that makes the function sets it")
    return value


def composite(name: str) -> dict[str, Any]:
    """An environment variable that is a JSON object.

    Raises:
        SettingsError: It is missing or is none.
    """
    try:
        value = json.loads(text(name))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingsError(f"{name} is no JSON object")
    return value
