"""Which model answers: one of Bedrock, or on a developer's machine the scripted one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway_agent.errors import ModelSettingsError

if TYPE_CHECKING:
    from strands.models import BedrockModel, Model

_CONNECT_SECONDS = 5
_READ_SECONDS = 120
"""How long Bedrock may be silent: between two pieces of an answer, and before the first."""
_MAX_TOKENS = 4096


def model_from(settings: Mapping[str, str]) -> Model:
    """The model that settings name. Each is a variable of the environment:

    - `FOUNDATION_MODEL`: `bedrock`, or `scripted` on a developer's machine; `bedrock` when left out.
    - `FOUNDATION_MODEL_ID`: id of a Bedrock model or inference profile.
    - `FOUNDATION_GUARDRAIL_ID`, `FOUNDATION_GUARDRAIL_VERSION`: a guardrail; both or none.
    - `FOUNDATION_MODEL_MAX_TOKENS`: the longest answer; 4096 when left out.
    - `FOUNDATION_MODEL_SCRIPT`: what the scripted model is to say, as JSON.

    Args:
        settings: The environment, or a part of it.

    Raises:
        ModelSettingsError: A setting is missing or wrong, or the scripted model is not allowed here.
    """
    return _bedrock(settings) if _kind(settings) == "bedrock" else _scripted(settings)


def check(settings: Mapping[str, str]) -> None:
    """Check settings without making the model, which takes seconds. A script, and whether it may be played, stay open.

    Args:
        settings: As `model_from`.

    Raises:
        ModelSettingsError: A setting is missing or wrong.
    """
    if _kind(settings) == "bedrock":
        _config(settings)


def _kind(settings: Mapping[str, str]) -> str:
    kind = settings.get("FOUNDATION_MODEL", "bedrock")
    if kind not in ("bedrock", "scripted"):
        raise ModelSettingsError(f"FOUNDATION_MODEL is {kind!r}; it must be 'bedrock', or 'scripted' for a local run.")
    return kind


def _config(settings: Mapping[str, str]) -> BedrockModel.BedrockConfig:
    model_id = settings.get("FOUNDATION_MODEL_ID")
    if not model_id:
        raise ModelSettingsError(
            "FOUNDATION_MODEL_ID is not set: give the id of a Bedrock model or of an inference profile."
        )
    return {
        "model_id": model_id,
        "max_tokens": _max_tokens(settings),
        "streaming": True,
        **_guardrail(settings),
    }


def _bedrock(settings: Mapping[str, str]) -> Model:
    from botocore.config import Config  # noqa: PLC0415 - a second of imports, which a health check need not wait for
    from strands.models import BedrockModel  # noqa: PLC0415

    return BedrockModel(
        region_name=settings.get("AWS_REGION"),
        boto_client_config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
        **_config(settings),
    )


def _guardrail(settings: Mapping[str, str]) -> BedrockModel.BedrockConfig:
    """A guardrail's arguments. Its trace stays off: it would repeat what the guardrail found in an answer."""
    found, version = (settings.get(f"FOUNDATION_GUARDRAIL_{name}", "") for name in ("ID", "VERSION"))
    if found and version:
        return {"guardrail_id": found, "guardrail_version": version, "guardrail_trace": "disabled"}
    if found or version:
        raise ModelSettingsError(
            "FOUNDATION_GUARDRAIL_ID and FOUNDATION_GUARDRAIL_VERSION belong together: set both or none."
        )
    return {}


def _max_tokens(settings: Mapping[str, str]) -> int:
    text = settings.get("FOUNDATION_MODEL_MAX_TOKENS", str(_MAX_TOKENS))
    if not text.isdecimal() or int(text) < 1:
        raise ModelSettingsError(f"FOUNDATION_MODEL_MAX_TOKENS is {text!r}; it must be a whole number from 1.")
    return int(text)


def _scripted(settings: Mapping[str, str]) -> Model:
    try:
        from scripted_model import NotLocalError, Script, ScriptedModel, ScriptError  # noqa: PLC0415 - not in AWS
    except ImportError:
        raise ModelSettingsError(
            "FOUNDATION_MODEL is 'scripted', which this bundle does not hold: it belongs to local runs only."
        ) from None
    text = settings.get("FOUNDATION_MODEL_SCRIPT")
    try:
        return ScriptedModel(Script.parse(text) if text else None)
    except (NotLocalError, ScriptError) as error:
        raise ModelSettingsError(str(error)) from None
