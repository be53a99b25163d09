"""How conversational agents are served: the `agent_service` section of `config/<environment>.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from stacks.settings.base import SettingsModel, text

Origin = Annotated[
    str,
    text(
        r"^(https://[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?|http://localhost(:\d{1,5})?|\*)$",
        wanted="the origin of a web page, like https://chat.example.com",
        longest=253,
    ),
]
"""Scheme, host and port of a web page (RFC 6454)."""


class AgentServiceSettings(SettingsModel):
    """A Lambda function and its Function URL for each agent that people talk to."""

    in_vpc: bool
    """Run in the private subnets. It needs a NAT gateway: agents get their tokens at the domain of a user pool, which
    PrivateLink does not serve."""
    reserved_concurrency: Annotated[int, Field(ge=1, le=1000)]
    """Answers that one agent gives at a time, taken from the account's limit."""
    memory_mb: Annotated[int, Field(ge=512, le=10240)] = 1024
    """Memory of the function, in MiB; its share of a processor grows with it."""
    timeout_seconds: Annotated[int, Field(ge=60, le=900)] = 300
    """Seconds after which Lambda ends an answer. The service stops the model earlier, to store what was said."""
    cors_origins: tuple[Origin, ...] = Field(default=(), max_length=100, strict=False)
    """Origins of web pages that may call the agents; none when left out."""
    adapter_layer: (
        Annotated[
            str,
            text(
                r"^arn:aws:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]{1,140}:[1-9]\d*$",
                wanted="the ARN of a layer's version, like "
                "arn:aws:lambda:eu-west-1:123456789012:layer:LambdaAdapterLayerArm64:1",
            ),
        ]
        | None
    ) = None
    """Version of a Lambda layer that holds the AWS Lambda Web Adapter for arm64, such as a copy of your own. AWS's
    public one when left out."""

    @field_validator("cors_origins")
    @classmethod
    def _names_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Every request carries somebody's signature, and https://fetch.spec.whatwg.org/#cors-protocol-and-credentials."""
        if "*" in value:
            raise ValueError("lets every web page call with its visitor's credentials by '*': name the origins")
        return value
