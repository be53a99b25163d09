"""The service's settings, from environment variables that the stack writes; read once, at the start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gateway_agent.errors import SettingsError
from gateway_agent.variables import AgentName, number, require

INSTRUCTIONS = (
    "You answer questions of a company's employees about its AWS account and business systems. Use the tools that you "
    "are given for every fact; say when a tool failed or refused instead of guessing. Answer briefly, in plain words."
)
"""The system prompt."""

_REQUIRED = {
    "FOUNDATION_ENVIRONMENT": "the environment's name",
    "FOUNDATION_AGENT": "<tenant>/<agent>",
    "FOUNDATION_ACCOUNT_ID": "the account's twelve digits",
    "FOUNDATION_CALLERS": "a JSON list of role/<name> and user/<name>",
    "FOUNDATION_CONVERSATION_TABLE": "name of the conversation table",
    "FOUNDATION_RETENTION_DAYS": "days after its last use at which a conversation expires",
    "FOUNDATION_GATEWAY_URL": "the gateway's MCP endpoint",
    "FOUNDATION_SECRET": "name or ARN of the agent's secret",
}
_ACCOUNT = re.compile(r"[0-9]{12}")
_CALLER = re.compile(r"(?:role|user)/[\w+=,.@-]{1,64}")
"""Names of IAM roles and users: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service is told by its function.

    Attributes:
        environment: The environment's name, e.g. prod.
        tenant: The tenant whose agent this is; every conversation is of this tenant.
        agent: The agent's name within its tenant.
        account_id: The AWS account; callers from another one are refused.
        callers: `role/<name>` and `user/<name>` that may use the service, without paths.
        table: Name of the conversation table.
        retention_days: Days after its last use at which a conversation expires.
        gateway_url: The gateway's MCP endpoint.
        secret_id: Name or ARN of the secret with the agent's own client id and secret.
        turn_seconds: How long an answer may take at most.
        history_turns: How many earlier turns of a conversation the model gets; no variable changes it.
        reserve_seconds: How long before the function's deadline an answer is cut, to have time to store it; no
            variable changes it.
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
    turn_seconds: int = 280
    history_turns: int = 20
    reserve_seconds: int = 10

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Read the settings.

        Args:
            variables: The process's environment.

        Raises:
            SettingsError: Variables are missing, or one cannot be used.
        """
        require(variables, _REQUIRED, where="the stack that makes the function")
        agent = AgentName.parse(variables["FOUNDATION_AGENT"])
        return cls(
            environment=variables["FOUNDATION_ENVIRONMENT"],
            tenant=agent.tenant,
            agent=agent.name,
            account_id=_account(variables["FOUNDATION_ACCOUNT_ID"]),
            callers=_callers(variables["FOUNDATION_CALLERS"]),
            table=variables["FOUNDATION_CONVERSATION_TABLE"],
            retention_days=number(variables, "FOUNDATION_RETENTION_DAYS", int, lowest=1),
            gateway_url=variables["FOUNDATION_GATEWAY_URL"],
            secret_id=variables["FOUNDATION_SECRET"],
            turn_seconds=number(variables, "FOUNDATION_TURN_SECONDS", int, default=cls.turn_seconds, lowest=5),
        )


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise SettingsError(f"FOUNDATION_ACCOUNT_ID is {text!r}: write the twelve digits of an account.")
    return text


def _callers(text: str) -> frozenset[str]:
    try:
        callers = json.loads(text)
    except ValueError:
        callers = None
    if not isinstance(callers, list) or not all(isinstance(one, str) and _CALLER.fullmatch(one) for one in callers):
        raise SettingsError(
            f"FOUNDATION_CALLERS is {text!r}: write a JSON list of role/<name> and user/<name>, without paths."
        )
    return frozenset(callers)
