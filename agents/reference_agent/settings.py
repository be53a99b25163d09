"""The configuration: variables of the environment, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gateway_agent.variables import AgentName, number, require

_REQUIRED = {
    "FOUNDATION_AGENT": "<tenant>/<agent>",
    "FOUNDATION_ENVIRONMENT": "the environment's name",
    "FOUNDATION_SECRET": "name of the agent's secret, foundation/<environment>/agents/<tenant>/<agent>",
    "FOUNDATION_GATEWAY_URL_PARAMETER": "parameter with the gateway's URL, /foundation/<environment>/gateway/url",
    "AWS_REGION": "the region",
}  # fmt: skip

INSTRUCTIONS = (
    "You answer questions about what your tools can read. Use them for facts, and say so when they do not tell. "
    "When a tool is not permitted or does not work, say it in a sentence and go on with what you have."
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this process runs.

    Attributes:
        tenant: The agent's tenant.
        agent: Its name there.
        environment: Name of the environment.
        secret_id: Name or ARN of its secret.
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
    secret_id: str
    gateway_url_parameter: str
    region: str
    instructions: str = INSTRUCTIONS
    host: str = "0.0.0.0"  # noqa: S104 - a pod's own address is not known before it runs
    port: int = 8080
    grace_seconds: float = 25.0
    answer_seconds: float = 120.0
    concurrent_questions: int = 16
    telemetry_endpoint: str | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Read the settings.

        Args:
            variables: The process's environment.

        Raises:
            SettingsError: Variables are missing, or one cannot be used.
        """
        require(variables, _REQUIRED, where="the agent's Deployment")
        agent = AgentName.parse(variables["FOUNDATION_AGENT"])
        return cls(
            tenant=agent.tenant,
            agent=agent.name,
            environment=variables["FOUNDATION_ENVIRONMENT"],
            secret_id=variables["FOUNDATION_SECRET"],
            gateway_url_parameter=variables["FOUNDATION_GATEWAY_URL_PARAMETER"],
            region=variables["AWS_REGION"],
            instructions=variables.get("FOUNDATION_INSTRUCTIONS") or cls.instructions,
            host=variables.get("FOUNDATION_HOST") or cls.host,
            port=number(variables, "FOUNDATION_PORT", int, lowest=1, default=cls.port),
            grace_seconds=number(variables, "FOUNDATION_GRACE_SECONDS", float, lowest=0, default=cls.grace_seconds),
            answer_seconds=number(variables, "FOUNDATION_ANSWER_SECONDS", float, lowest=1, default=cls.answer_seconds),
            concurrent_questions=number(
                variables, "FOUNDATION_CONCURRENT_QUESTIONS", int, lowest=1, default=cls.concurrent_questions
            ),
            telemetry_endpoint=variables.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        )
