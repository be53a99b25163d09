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


_SERVICE = "bedrock-agentcore-control"

Tags = Mapping[str, str]


def retag(arn: str, old: Tags, new: Tags) -> None:
    """Change the tags of a resource from `old` to `new`."""
    api = client(_SERVICE)
    gone = sorted(old.keys() - new.keys())
    if gone:
        api.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        api.tag_resource(resourceArn=arn, tags=dict(new))


@dataclass(frozen=True, kw_only=True)
class AgentCoreResource(ApiResource):
    """A type whose operations go on after they have answered: done when the resource says READY.

    `tagged_arn` names the attribute with the ARN that TagResource takes.
    """

    tagged_arn: str = ""

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
        resource = self._settled(super().update(resource_id, old, new, place))
        if "Tags" in self.drop_on_update and old.get("Tags") != new.get("Tags"):
            retag(resource.attributes[self.tagged_arn], old.get("Tags", {}), new.get("Tags", {}))
        return resource

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
    service=_SERVICE,
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
    service=_SERVICE,
    create_operation="CreateGatewayTarget",
    read_operation="GetGatewayTarget",
    update_operation="UpdateGatewayTarget",
    delete_operation="DeleteGatewayTarget",
    identifier=("GatewayIdentifier", "TargetId"),
)
