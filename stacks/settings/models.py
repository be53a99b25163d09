"""The models of an environment's agents: the `models` section of `config/<environment>.yaml`.

https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from foundation.inference_profiles import PREFIXES
from stacks.settings.base import SettingsModel, text


class GuardrailSettings(SettingsModel):
    """A guardrail of Amazon Bedrock in the environment's account and region, made outside this kit."""

    id: Annotated[str, text(r"^[a-z0-9]{1,64}$", wanted="a guardrail's id, like gr4a1b2c3d5e")]
    """Its id."""
    version: Annotated[str, text(r"^([1-9]\d{0,7}|DRAFT)$", wanted='a guardrail\'s version in quotes, like "1"')]
    """Its version, in quotes. `DRAFT` changes under the agents' feet."""


class ModelSettings(SettingsModel):
    """One foundation model that agents may use, by the name under which it stands."""

    model: Annotated[
        str,
        text(
            r"^[a-z0-9-]+(\.[a-z0-9][a-z0-9-]*)+(:\d+)?$",
            wanted="the id of a Bedrock foundation model, like anthropic.claude-sonnet-4-6",
            longest=140,
        ),
    ]
    """Id of the foundation model, without the prefix of an inference profile."""
    inference_profile: Literal["us", "eu", "apac", "jp", "au", "global"] | None = None
    """The geography whose regions answer; many models are offered through such a profile only. Without it the
    environment's own region does."""
    guardrail: GuardrailSettings | None = None
    """What checks questions and answers; nothing when left out."""

    @field_validator("model")
    @classmethod
    def _is_no_profile(cls, value: str) -> str:
        prefix, _, model = value.partition(".")
        if prefix in PREFIXES:
            raise ValueError(f"is an inference profile's id: write {model}, and inference_profile: {prefix} beside it")
        return value
