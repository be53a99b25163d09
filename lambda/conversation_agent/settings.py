"""The service's settings, from environment variables that the stack writes; read once, at the start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

INSTRUCTIONS = (
    "You answer questions of a company's employees about its AWS account and business systems. Use the tools that you "
    "are given for every fact; say when a tool failed or refused instead of guessing. Answer briefly, in plain words."
)
"""The system prompt of an agent whose settings give none."""

_AGENT = re.compile(r"(?P<tenant>[a-z0-9]+(?:-[a-z0-9]+)*)/(?P<agent>[a-z0-9]+(?:-[a-z0-9]+)*)")
_ACCOUNT = re.compile(r"\d{12}")
_CALLER = re.compile(r"(?:role|user)/[\w+=,.@-]{1,64}")
"""Names of IAM roles and users: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""


class SettingsError(Exception):
    """A variable is missing or cannot be used; the message names it, its value and the way out."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service is told by its function.

    Attributes:
        environment: the environment's name, e.g. prod.
        tenant: the tenant whose agent this is; every conversation is of this tenant.
        agent: the agent's name within its tenant.
        account_id: the AWS account; callers from another one are refused.
        callers: `role/<name>` and `user/<name>` that may use the service, without paths.
        table: name of the conversation table.
        retention_days: days after its last use at which a conversation expires.
        gateway_url: the gateway's MCP endpoint.
        secret_id: name or ARN of the secret with the agent's own client id and secret.
        instructions: the system prompt.
        history_turns: how many earlier turns of a conversation the model gets.
        turn_seconds: how long an answer may take at most.
        reserve_seconds: how long before the function's deadline an answer is cut, to have time to store it.
    """

    environment: str
    tenant: str
    agent: str
    account_id: str
    callers: frozenset[str]
    table: str
    retention_days: int
    gateway_url: str
    secret_id: str
    instructions: str = INSTRUCTIONS
    history_turns: int = 20
    turn_seconds: int = 280
    reserve_seconds: int = 10

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Read the settings.

        Args:
            variables: the process's environment.

        Raises:
            SettingsError: a variable is missing or cannot be used.
        """
        name = _matching(variables, "FOUNDATION_AGENT", _AGENT, "<tenant>/<agent>, e.g. acme-corp/finance-agent")
        tenant, _, agent = name.partition("/")
        return cls(
            environment=_text(variables, "FOUNDATION_ENVIRONMENT"),
            tenant=tenant,
            agent=agent,
            account_id=_matching(variables, "FOUNDATION_ACCOUNT_ID", _ACCOUNT, "the twelve digits of an account"),
            callers=_callers(variables),
            table=_text(variables, "FOUNDATION_CONVERSATION_TABLE"),
            retention_days=_number(variables, "FOUNDATION_RETENTION_DAYS", None, at_least=1),
            gateway_url=_text(variables, "FOUNDATION_GATEWAY_URL"),
            secret_id=_text(variables, "FOUNDATION_SECRET"),
            instructions=variables.get("FOUNDATION_INSTRUCTIONS") or INSTRUCTIONS,
            history_turns=_number(variables, "FOUNDATION_HISTORY_TURNS", cls.history_turns, at_least=0),
            turn_seconds=_number(variables, "FOUNDATION_TURN_SECONDS", cls.turn_seconds, at_least=5),
            reserve_seconds=_number(variables, "FOUNDATION_RESERVE_SECONDS", cls.reserve_seconds, at_least=1),
        )


def _text(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the stack that makes the function sets it")
    return value


def _matching(variables: Mapping[str, str], name: str, form: re.Pattern[str], what: str) -> str:
    value = _text(variables, name)
    if not form.fullmatch(value):
        raise SettingsError(f"{name} is {value!r}; write {what}")
    return value


def _number(variables: Mapping[str, str], name: str, default: int | None, *, at_least: int) -> int:
    value = variables.get(name, "") or (str(default) if default is not None else _text(variables, name))
    if not re.fullmatch(r"\d{1,6}", value) or int(value) < at_least:
        raise SettingsError(f"{name} is {value!r}; write a whole number of at least {at_least}")
    return int(value)


def _callers(variables: Mapping[str, str]) -> frozenset[str]:
    name = "FOUNDATION_CALLERS"
    value = _text(variables, name)
    try:
        callers = json.loads(value)
    except ValueError:
        callers = None
    if not isinstance(callers, list) or not all(isinstance(one, str) and _CALLER.fullmatch(one) for one in callers):
        raise SettingsError(f"{name} is {value!r}; write a JSON list of role/<name> and user/<name>, without paths")
    return frozenset(callers)
