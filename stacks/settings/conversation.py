"""Whether the models, the service and the conversations that the files ask for fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from foundation.inference_profiles import DESTINATIONS, begins_in
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.identity import OidcProvider
from stacks.settings.suggestions import did_you_mean
from stacks.settings.tenant import TenantSettings


def service_mistakes(name: str, environment: EnvironmentSettings, tenants: Mapping[Path, TenantSettings]) -> list[str]:
    """Where conversations of the tenants in the environment `name`, their models and their service disagree."""
    label = f"config/{name}.yaml"
    return [
        *_model_mistakes(label, environment),
        *_vpc_mistakes(label, environment),
        *(
            mistake
            for file, tenant in tenants.items()
            for mistake in _conversation_mistakes(f"config/tenants/{file.name}", tenant, environment, label)
        ),
    ]


def _model_mistakes(label: str, environment: EnvironmentSettings) -> Iterator[str]:
    for model, settings in environment.models.items():
        profile = settings.inference_profile
        if profile is not None and not begins_in(profile, environment.region):
            yield (
                f"{label}: models.{model}.inference_profile: {profile!r} cannot be called in {environment.region}: use "
                f"a profile of that region, or region one of {', '.join(DESTINATIONS[profile])}"
            )


def _vpc_mistakes(label: str, environment: EnvironmentSettings) -> Iterator[str]:
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


def _conversation_mistakes(
    file: str, tenant: TenantSettings, environment: EnvironmentSettings, label: str
) -> Iterator[str]:
    for name, agent in tenant.agents.items():
        if agent.conversation is None:
            continue
        place = f"{file}: agents.{name}.conversation"
        if environment.agent_service is None:
            yield f"{label}: agent_service: is missing, and {tenant.tenant}/{name} has conversations: add it"
        if isinstance(environment.identity.provider, OidcProvider):
            yield (
                f"{place}: needs a secret that the kit keeps, and {label} has identity.provider of the kind oidc: "
                "use the kit's own pool there, or remove it"
            )
        if agent.conversation.model not in environment.models:
            known = f"use one of {', '.join(environment.models)}, or add it" if environment.models else "add it"
            hint = did_you_mean(agent.conversation.model, environment.models)
            yield f"{place}.model: {agent.conversation.model!r} is no model: {hint}{known} to models of {label}"
