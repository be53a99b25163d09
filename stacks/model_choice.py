"""The models of an environment's agents, from its settings."""

from __future__ import annotations

from constructs import IConstruct

from foundation.model import ModelAccess
from stacks.settings import Settings, SettingsError

SCRIPTED_CONTEXT = "foundation:scriptedModel"
"""CDK context that puts the scripted model into agents' bundles; the one value is `LOCAL`."""

LOCAL = "local"


def model_access(settings: Settings, name: str) -> ModelAccess:
    """How agents that say `model: <name>` reach their model.

    Args:
        settings: the environment's settings.
        name: a key of its `models`.

    Raises:
        KeyError: there is no such model, which `load_settings` refuses for every agent.
    """
    chosen = settings.environment.models[name]
    return ModelAccess(
        model=chosen.model,
        profile=chosen.inference_profile,
        guardrail_id=chosen.guardrail.id if chosen.guardrail else None,
        guardrail_version=chosen.guardrail.version if chosen.guardrail else None,
    )


def scripted_model(scope: IConstruct, settings: Settings) -> bool:
    """Whether the scripted model takes the place of every model, as on a platform of this machine.

    Raises:
        SettingsError: the context has another value, or the environment is not for development.
    """
    value = scope.node.try_get_context(SCRIPTED_CONTEXT)
    if value is None:
        return False
    if value != LOCAL:
        raise SettingsError([f"context {SCRIPTED_CONTEXT}: {value!r} is not known: leave it out, or write {LOCAL}"])
    if not settings.environment.development:
        raise SettingsError(
            [
                f"context {SCRIPTED_CONTEXT}: {LOCAL!r} is refused for {settings.name}, where people would get answers "
                "that no model gave: leave it out; only environments with development: true take it"
            ]
        )
    return True
