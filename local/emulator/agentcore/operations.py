"""Which method carries out which operation of AgentCore's APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.gateways import Gateways
from local.emulator.agentcore.identities import WorkloadIdentities
from local.emulator.agentcore.policies import Policies
from local.emulator.agentcore.policy_engines import PolicyEngines
from local.emulator.agentcore.rate_limits import RateLimits
from local.emulator.agentcore.runtimes import Runtimes
from local.emulator.agentcore.targets import Targets
from local.emulator.agentcore.token_vault import TokenVault

Operation = Callable[[Mapping[str, Any]], Record]
"""Answers a request with checked members. Raises ApiError."""


def gateway_operations(gateways: Gateways, targets: Targets) -> dict[str, Operation]:
    """Gateways and their targets."""
    return {
        "CreateGateway": gateways.create,
        "GetGateway": gateways.get,
        "ListGateways": gateways.list,
        "UpdateGateway": gateways.update,
        "DeleteGateway": gateways.delete,
        "CreateGatewayTarget": targets.create,
        "GetGatewayTarget": targets.get,
        "ListGatewayTargets": targets.list,
        "UpdateGatewayTarget": targets.update,
        "DeleteGatewayTarget": targets.delete,
        "SynchronizeGatewayTargets": targets.synchronize,
    }


def governance_operations(engines: PolicyEngines, policies: Policies, limits: RateLimits) -> dict[str, Operation]:
    """Policy engines, their policies, and the rate limits of gateways."""
    return {
        "CreatePolicyEngine": engines.create,
        "GetPolicyEngine": engines.get,
        "GetPolicyEngineSummary": engines.get,
        "ListPolicyEngines": engines.list,
        "ListPolicyEngineSummaries": engines.list,
        "UpdatePolicyEngine": engines.update,
        "DeletePolicyEngine": engines.delete,
        "CreatePolicy": policies.create,
        "GetPolicy": policies.get,
        "GetPolicySummary": policies.get,
        "ListPolicies": policies.list,
        "ListPolicySummaries": policies.list,
        "UpdatePolicy": policies.update,
        "DeletePolicy": policies.delete,
        "BatchPutGatewayRateLimits": limits.put_all,
        "CreateGatewayRateLimit": limits.create,
        "GetGatewayRateLimit": limits.get,
        "ListGatewayRateLimits": limits.list,
        "UpdateGatewayRateLimit": limits.update,
        "DeleteGatewayRateLimit": limits.delete,
    }


def vault_operations(vault: TokenVault) -> dict[str, Operation]:
    """The token vault: credential providers, and what workloads get from it."""
    operations: dict[str, Operation] = {
        "GetResourceApiKey": vault.api_key,
        "GetResourceOauth2Token": vault.oauth2_token,
    }
    for name, providers in (("ApiKey", vault.api_keys), ("Oauth2", vault.oauth2)):
        operations |= {
            f"Create{name}CredentialProvider": providers.create,
            f"Get{name}CredentialProvider": providers.get,
            f"List{name}CredentialProviders": providers.list,
            f"Update{name}CredentialProvider": providers.update,
            f"Delete{name}CredentialProvider": providers.delete,
        }
    return operations


def identity_operations(identities: WorkloadIdentities) -> dict[str, Operation]:
    """Workload identities."""
    return {
        "CreateWorkloadIdentity": identities.create,
        "GetWorkloadIdentity": identities.get,
        "ListWorkloadIdentities": identities.list,
        "UpdateWorkloadIdentity": identities.update,
        "DeleteWorkloadIdentity": identities.delete,
        "GetWorkloadAccessToken": identities.access_token,
    }


def runtime_operations(runtimes: Runtimes) -> dict[str, Operation]:
    """Runtimes and their endpoints."""
    return {
        "CreateAgentRuntime": runtimes.create,
        "GetAgentRuntime": runtimes.get,
        "ListAgentRuntimes": runtimes.list,
        "ListAgentRuntimeVersions": runtimes.versions,
        "UpdateAgentRuntime": runtimes.update,
        "DeleteAgentRuntime": runtimes.delete,
        "CreateAgentRuntimeEndpoint": runtimes.create_endpoint,
        "GetAgentRuntimeEndpoint": runtimes.get_endpoint,
        "ListAgentRuntimeEndpoints": runtimes.list_endpoints,
        "UpdateAgentRuntimeEndpoint": runtimes.update_endpoint,
        "DeleteAgentRuntimeEndpoint": runtimes.delete_endpoint,
    }
