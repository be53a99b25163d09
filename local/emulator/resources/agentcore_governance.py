"""The resource types that govern a gateway: policy engines, policies and rate limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.emulator.resources.agentcore import AgentCoreResource
from local.emulator.resources.base import Place, Properties, Resource


@dataclass(frozen=True, kw_only=True)
class _PolicyResource(AgentCoreResource):
    """A type whose Ref is its ARN, in which the identifiers by which the API finds it follow the names in `path`."""

    path: tuple[str, ...]
    ref: str

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Update it; its description is wrapped in the update operation, so that it can be taken away."""
        given = {"OptionalValue": new["Description"]} if "Description" in new else {}
        return super().update(resource_id, old, {**new, "Description": given}, place)

    def _read(self, identity: Mapping[str, str]) -> Resource:
        attributes: dict[str, Any] = {**super()._read(identity).attributes}
        return Resource(id=attributes[self.ref], attributes=attributes)

    def _identity(self, resource_id: str) -> dict[str, str]:
        parts = resource_id.split(":", 5)[5].split("/")
        found = dict(zip(parts[::2], parts[1::2], strict=True))
        return {name: found[part] for name, part in zip(self.identifier, self.path, strict=True)}


POLICY_ENGINE = _PolicyResource(
    type="AWS::BedrockAgentCore::PolicyEngine",
    create_operation="CreatePolicyEngine",
    read_operation="GetPolicyEngine",
    update_operation="UpdatePolicyEngine",
    delete_operation="DeletePolicyEngine",
    identifier=("PolicyEngineId",),
    path=("policy-engine",),
    ref="PolicyEngineArn",
    drop_on_update=("Name", "EncryptionKeyArn", "Tags"),
    tagged_arn="PolicyEngineArn",
)

POLICY = _PolicyResource(
    type="AWS::BedrockAgentCore::Policy",
    create_operation="CreatePolicy",
    read_operation="GetPolicy",
    update_operation="UpdatePolicy",
    delete_operation="DeletePolicy",
    identifier=("PolicyEngineId", "PolicyId"),
    path=("policy-engine", "policy"),
    ref="PolicyArn",
    drop_on_update=("Name", "PolicyEngineId"),
)

GATEWAY_RATE_LIMIT = AgentCoreResource(
    type="AWS::BedrockAgentCore::GatewayRateLimit",
    create_operation="CreateGatewayRateLimit",
    read_operation="GetGatewayRateLimit",
    update_operation="UpdateGatewayRateLimit",
    delete_operation="DeleteGatewayRateLimit",
    identifier=("GatewayIdentifier", "RateLimitId"),
    drop_on_update=("DimensionKeys",),
)
