"""The ARNs of AgentCore's resources.

docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrockagentcore.html ("Resource types"); the
account has one token vault and one directory of workload identities, both called "default".
"""

from __future__ import annotations

from local.emulator.settings import ACCOUNT, REGION

_PREFIX = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}"
TOKEN_VAULT = f"{_PREFIX}:token-vault/default"
WORKLOAD_IDENTITY_DIRECTORY = f"{_PREFIX}:workload-identity-directory/default"


def gateway(gateway_id: str) -> str:
    """A gateway."""
    return f"{_PREFIX}:gateway/{gateway_id}"


def policy_engine(engine_id: str) -> str:
    """A policy engine."""
    return f"{_PREFIX}:policy-engine/{engine_id}"


def policy(engine_id: str, policy_id: str) -> str:
    """A policy of an engine."""
    return f"{policy_engine(engine_id)}/policy/{policy_id}"


def workload_identity(name: str) -> str:
    """A workload identity."""
    return f"{WORKLOAD_IDENTITY_DIRECTORY}/workload-identity/{name}"


def api_key_provider(name: str) -> str:
    """An API key credential provider."""
    return f"{TOKEN_VAULT}/apikeycredentialprovider/{name}"


def oauth2_provider(name: str) -> str:
    """An OAuth2 credential provider."""
    return f"{TOKEN_VAULT}/oauth2credentialprovider/{name}"


def runtime(runtime_id: str) -> str:
    """A runtime."""
    return f"{_PREFIX}:runtime/{runtime_id}"


def runtime_endpoint(runtime_id: str, name: str) -> str:
    """An endpoint of a runtime."""
    return f"{runtime(runtime_id)}/runtime-endpoint/{name}"
