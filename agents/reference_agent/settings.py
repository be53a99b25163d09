"""The configuration: variables of the environment, read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

_REQUIRED = {
    "FOUNDATION_AGENT": "<tenant>/<agent>",
    "FOUNDATION_ENVIRONMENT": "the environment's name",
    "FOUNDATION_SECRET": "name of the agent's secret, foundation/<environment>/agents/<tenant>/<agent>",
    "FOUNDATION_GATEWAY_URL_PARAMETER": "parameter with the gateway's URL, /foundation/<environment>/gateway/url",
    "AWS_REGION": "the region",
}  # fmt: skip
_AGENT = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")

DEFAULT_INSTRUCTIONS = (
    "You answer questions about what your tools can read. Use them for facts, and say so when they do not tell. "
    "When a tool is not permitted or does not work, say it in a sentence and go on with what you have."
)


class SettingsError(Exception):
    """Settings that are missing or wrong, in one sentence."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this process runs.

    Attributes:
        tenant: The agent's tenant.
        agent: Its name there.
        environment: Name of the environment.
        secret: Name of its secret.
        gateway_url_parameter: Name of the parameter with the gateway's URL.
        region: The AWS region.
        instructions: The system prompt.
        host: Address to listen on.
        port: Port to listen on.
        grace_seconds: How long questions may run on after SIGTERM.
        answer_seconds: How long a question may take.
        concurrent_questions: How many are answered at a time; more get 503.
        telemetry_endpoint: Where traces and metrics go by OTLP over HTTP; None to send none.
    """

    tenant: str
    agent: str
    environment: str
    secret: str
    gateway_url_parameter: str
    region: str
    instructions: str = DEFAULT_INSTRUCTIONS
    host: str = "0.0.0.0"  # noqa: S104 - a pod's own address is not known before it runs
    port: int = 8080
    grace_seconds: float = 25.0
    answer_seconds: float = 120.0
    concurrent_questions: int = 16
    telemetry_endpoint: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables.

        Raises:
            SettingsError: Some are missing, or one has a value that cannot be used.
        """
        missing = [f"{name} ({meaning})" for name, meaning in _REQUIRED.items() if not environment.get(name)]
        if missing:
            raise SettingsError(f"The environment lacks {', '.join(missing)}: set them in the agent's Deployment.")
        agent = environment["FOUNDATION_AGENT"]
        if not _AGENT.fullmatch(agent):
            raise SettingsError(
                f"FOUNDATION_AGENT is {agent!r}; it must be <tenant>/<agent>, as acme-corp/finance-agent."
            )
        tenant, _, name = agent.partition("/")
        return cls(
            tenant=tenant,
            agent=name,
            environment=environment["FOUNDATION_ENVIRONMENT"],
            secret=environment["FOUNDATION_SECRET"],
            gateway_url_parameter=environment["FOUNDATION_GATEWAY_URL_PARAMETER"],
            region=environment["AWS_REGION"],
            instructions=environment.get("FOUNDATION_INSTRUCTIONS") or cls.instructions,
            host=environment.get("FOUNDATION_HOST") or cls.host,
            port=_number(environment, "FOUNDATION_PORT", cls.port, int, lowest=1),
            grace_seconds=_number(environment, "FOUNDATION_GRACE_SECONDS", cls.grace_seconds, float, lowest=0),
            answer_seconds=_number(environment, "FOUNDATION_ANSWER_SECONDS", cls.answer_seconds, float, lowest=1),
            concurrent_questions=_number(
                environment, "FOUNDATION_CONCURRENT_QUESTIONS", cls.concurrent_questions, int, lowest=1
            ),
            telemetry_endpoint=environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        )


_Number = TypeVar("_Number", int, float)


def _number(
    environment: Mapping[str, str], name: str, default: _Number, kind: Callable[[str], _Number], *, lowest: int
) -> _Number:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = kind("-1")
    if not lowest <= value < 1_000_000:
        raise SettingsError(f"{name} is {text!r}; it must be a number from {lowest}.")
    return value
