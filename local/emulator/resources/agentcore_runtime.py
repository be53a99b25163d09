"""The resource types of AgentCore Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.emulator.resources.agentcore import AgentCoreResource
from local.emulator.resources.base import Properties, Resource


def _with_protocol(properties: Properties) -> Properties:
    """The API has a structure where CloudFormation has the protocol's name."""
    if "ProtocolConfiguration" not in properties:
        return dict(properties)
    return {**properties, "ProtocolConfiguration": {"ServerProtocol": properties["ProtocolConfiguration"]}}


RUNTIME = AgentCoreResource(
    type="AWS::BedrockAgentCore::Runtime",
    create_operation="CreateAgentRuntime",
    read_operation="GetAgentRuntime",
    update_operation="UpdateAgentRuntime",
    delete_operation="DeleteAgentRuntime",
    identifier=("AgentRuntimeId",),
    reshape=_with_protocol,
    drop_on_update=("AgentRuntimeName", "Tags"),
    tagged_arn="AgentRuntimeArn",
)


@dataclass(frozen=True, kw_only=True)
class _RuntimeEndpoint(AgentCoreResource):
    """Ref answers the ARN, which holds the runtime and the name by which the API finds the endpoint."""

    def _read(self, identity: Mapping[str, str]) -> Resource:
        attributes: dict[str, Any] = {**super()._read(identity).attributes}
        return Resource(id=attributes["AgentRuntimeEndpointArn"], attributes=attributes)

    def _identity(self, resource_id: str) -> dict[str, str]:
        runtime, _, name = resource_id.partition("/runtime-endpoint/")
        return {"AgentRuntimeId": runtime.rpartition("/")[2], "EndpointName": name}


RUNTIME_ENDPOINT = _RuntimeEndpoint(
    type="AWS::BedrockAgentCore::RuntimeEndpoint",
    create_operation="CreateAgentRuntimeEndpoint",
    read_operation="GetAgentRuntimeEndpoint",
    update_operation="UpdateAgentRuntimeEndpoint",
    delete_operation="DeleteAgentRuntimeEndpoint",
    identifier=("AgentRuntimeId", "EndpointName"),
    drop_on_update=("Name", "AgentRuntimeId", "Tags"),
    tagged_arn="AgentRuntimeEndpointArn",
)
