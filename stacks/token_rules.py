"""Whose tokens the gateway of an environment accepts, from its settings (R2, R21)."""

from __future__ import annotations

from foundation.interceptors import TokenRules
from foundation.machine_identity import MachineIdentity
from stacks.settings import OidcProvider, Settings


def token_rules(settings: Settings, identity: MachineIdentity | None) -> TokenRules:
    """The rules for the kit's own pool, or for the identity provider that the settings name.

    Args:
        settings: the environment's settings.
        identity: the pool; None with another provider.
    """
    provider = settings.environment.identity.provider
    claims = provider.claims.model_dump()
    if isinstance(provider, OidcProvider):
        return TokenRules(
            discovery_url=provider.discovery_url,
            audience=provider.allowed_audience,
            clients=provider.allowed_clients,
            scopes=provider.scopes,
            claims=claims,
        )
    if identity is None:
        raise ValueError(f"{settings.name} has the kit's own pool: pass it.")
    # No audience and no clients: Cognito's machine tokens have no audience, and a client that no tenant registered gets
    # no token (docs/decisions/authorizer-claims.md): the function that makes its claims asks the directory.
    return TokenRules(discovery_url=identity.discovery_url, scopes=identity.scopes, claims=claims, registered=True)


def required_claims(settings: Settings) -> dict[str, str]:
    """The value that a token has to have, by the name of the claim: it is for this environment and no other."""
    return {settings.environment.identity.provider.claims.environment: settings.name}
