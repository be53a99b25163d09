"""AgentCore's resource types; each is its API operation by operation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from local.emulator.aws import client
from local.emulator.resources.api import ApiResource
from local.emulator.resources.base import Place, Properties, Resource

_READY = ("READY", "ACTIVE")
_BUSY = ("CREATING", "UPDATING", "SYNCHRONIZING")
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class ControlPlaneResource(ApiResource):
    """A type of AgentCore's control plane.

    `tagged_arn` names the attribute with the ARN that TagResource takes; empty for a type without tags.
    """

    service: str = "bedrock-agentcore-control"
    tagged_arn: str = ""

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Update the resource and its tags."""
        resource = super().update(resource_id, old, new, place)
        if self.tagged_arn:
            self._retag(resource.attributes[self.tagged_arn], _tags(old), _tags(new))
        return resource

    def _retag(self, arn: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        gone = sorted(old.keys() - new.keys())
        if gone:
            client(self.service).untag_resource(resourceArn=arn, tagKeys=gone)
        if new != old and new:
            client(self.service).tag_resource(resourceArn=arn, tags={**new})


def _tags(properties: Properties) -> Mapping[str, str]:
    """Some types write tags as an object, others as a list."""
    given = properties.get("Tags", {})
    return given if isinstance(given, Mapping) else {tag["Key"]: tag["Value"] for tag in given}


@dataclass(frozen=True, kw_only=True)
class AgentCoreResource(ControlPlaneResource):
    """A type whose operations go on after they have answered: done when the resource says READY."""

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the resource and wait for it; one that fails is removed again."""
        resource = super().create(properties, place)
        try:
            return self._settled(resource)
        except RuntimeError:
            self.delete(resource.id, properties)
            raise

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Update the resource and its tags, and wait for it."""
        return self._settled(super().update(resource_id, old, new, place))

    def _settled(self, resource: Resource) -> Resource:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while resource.attributes["Status"] in _BUSY and time.monotonic() < deadline:
            time.sleep(0.05)
            resource = self._read(self._identity(resource.id))
        status = resource.attributes["Status"]
        if status not in _READY:
            reasons = resource.attributes.get("StatusReasons", [])
            raise RuntimeError(f"{self.type} {resource.id} is {status}: {'; '.join(reasons)}")
        return resource


GATEWAY = AgentCoreResource(
    type="AWS::BedrockAgentCore::Gateway",
    create_operation="CreateGateway",
    read_operation="GetGateway",
    update_operation="UpdateGateway",
    delete_operation="DeleteGateway",
    identifier=("GatewayIdentifier",),
    renamed={"gatewayId": "GatewayIdentifier"},
    drop_on_update=("Tags",),
    tagged_arn="GatewayArn",
)

GATEWAY_TARGET = AgentCoreResource(
    type="AWS::BedrockAgentCore::GatewayTarget",
    create_operation="CreateGatewayTarget",
    read_operation="GetGatewayTarget",
    update_operation="UpdateGatewayTarget",
    delete_operation="DeleteGatewayTarget",
    identifier=("GatewayIdentifier", "TargetId"),
)
