"""Whether an environment has what its agents ask for: a service for conversations, models, a pool, a way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from foundation.inference_profiles import DESTINATIONS, begins_in
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.identity import OidcProvider
from stacks.settings.suggestions import did_you_mean
from stacks.settings.tenant import TenantSettings


def agent_mistakes(name: str, environment: EnvironmentSettings, tenants: Mapping[Path, TenantSettings]) -> list[str]:
    """Where conversations and workloads of the tenants in the environment `name` disagree with what it has."""
    label = f"config/{name}.yaml"
    found = [*_model_mistakes(label, environment), *_service_mistakes(label, environment)]
    for file, tenant in tenants.items():
        place = f"config/tenants/{file.name}: agents"
        for agent, conversation in tenant.conversations.items():
            if environment.agent_service is None:
                user = f"{tenant.tenant}/{agent}"
                found.append(f"{label}: agent_service: is missing, and {user} has conversations: add it")
            found += _lacking(f"{place}.{agent}.conversation", conversation.model, environment, label)
        if environment.cluster is not None:
            for agent, workload in tenant.workloads.items():
                found += _lacking(f"{place}.{agent}.workload", workload.model, environment, label)
    return found


def _model_mistakes(label: str, environment: EnvironmentSettings) -> Iterator[str]:
    for model, settings in environment.models.items():
        profile = settings.inference_profile
        if profile is not None and not begins_in(profile, environment.region):
            yield (
                f"{label}: models.{model}.inference_profile: {profile!r} cannot be called in {environment.region}: use "
                f"a profile of that region, or region one of {', '.join(DESTINATIONS[profile])}"
            )


def _service_mistakes(label: str, environment: EnvironmentSettings) -> Iterator[str]:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html."""
    service = environment.agent_service
    if service is None:
        return
    if service.in_vpc and not environment.network.nat_gateways:
        yield (
            f"{label}: agent_service.in_vpc: true leaves agents no way to the token endpoint, which PrivateLink does "
            "not serve, while network.nat_gateways is 0: set that to 1 or more, or in_vpc to false"
        )
    if service.adapter_layer is not None and service.adapter_layer.split(":")[3] != environment.region:
        yield (
            f"{label}: agent_service.adapter_layer: {service.adapter_layer!r} is not in {environment.region}: name a "
            "version of the layer there, where the functions are"
        )


def _lacking(place: str, model: str, environment: EnvironmentSettings, label: str) -> Iterator[str]:
    """What an agent's section at `place`, which asks for `model`, does not find in the environment."""
    if isinstance(environment.identity.provider, OidcProvider):
        yield (
            f"{place}: needs a secret that the kit keeps, and {label} has identity.provider of the kind oidc: "
            "use the kit's own pool there, or remove it"
        )
    if model not in environment.models:
        known = f"use one of {', '.join(environment.models)}, or add it" if environment.models else "add it"
        hint = did_you_mean(model, environment.models)
        yield f"{place}.model: {model!r} is no model: {hint}{known} to models of {label}"
