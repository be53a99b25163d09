"""Vended log delivery (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html).

A delivery connects a source (an AgentCore gateway's logs or traces) with a destination (a log group, a bucket, a
stream or X-Ray). The local run records all three; nothing is delivered.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import cloudwatch_logs

from local.emulator.aws import client
from local.emulator.patching import replace
from local.emulator.resources.api import ApiResource
from local.emulator.resources.base import Place, Properties, Resource

DELIVERY_SOURCE = ApiResource(
    type="AWS::Logs::DeliverySource",
    service="logs",
    create_operation="PutDeliverySource",
    read_operation="GetDeliverySource",
    update_operation="PutDeliverySource",
    delete_operation="DeleteDeliverySource",
    identifier=("Name",),
    inside="deliverySource",
)


def _delivery(properties: Properties) -> dict[str, Any]:
    """S3 settings stand beside the others in CloudFormation and in a structure of their own in the API."""
    request = {name: value for name, value in properties.items() if not name.startswith("S3")}
    s3 = {
        "suffixPath": properties.get("S3SuffixPath"),
        "enableHiveCompatiblePath": properties.get("S3EnableHiveCompatiblePath"),
    }
    given = {name: value for name, value in s3.items() if value is not None}
    return {**request, "s3DeliveryConfiguration": given} if given else request


DELIVERY = ApiResource(
    type="AWS::Logs::Delivery",
    service="logs",
    create_operation="CreateDelivery",
    read_operation="GetDelivery",
    update_operation="UpdateDeliveryConfiguration",
    delete_operation="DeleteDelivery",
    identifier=("DeliveryId",),
    inside="delivery",
    renamed={"id": "DeliveryId"},
    reshape=_delivery,
    drop_on_update=("DeliverySourceName", "DeliveryDestinationArn", "Tags"),
)


class DeliveryDestination(ApiResource):
    """AWS::Logs::DeliveryDestination, with its policy."""

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the destination, then attach its policy."""
        created = super().create(properties, place)
        self._attach(created.id, properties)
        return created

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change tags and policy."""
        changed = super().update(resource_id, old, new, place)
        if "DeliveryDestinationPolicy" in old and "DeliveryDestinationPolicy" not in new:
            client("logs").delete_delivery_destination_policy(deliveryDestinationName=resource_id)
        self._attach(resource_id, new)
        return changed

    def _attach(self, name: str, properties: Properties) -> None:
        policy = properties.get("DeliveryDestinationPolicy", {}).get("DeliveryDestinationPolicy")
        if policy is not None:
            text = policy if isinstance(policy, str) else json.dumps(policy)
            client("logs").put_delivery_destination_policy(deliveryDestinationName=name, deliveryDestinationPolicy=text)


def _destination(properties: Properties) -> dict[str, Any]:
    moved = ("DestinationResourceArn", "DeliveryDestinationPolicy")
    request = {name: value for name, value in properties.items() if name not in moved}
    if "DestinationResourceArn" in properties:
        arn = properties["DestinationResourceArn"]
        request["deliveryDestinationConfiguration"] = {"destinationResourceArn": arn}
    return request


DELIVERY_DESTINATION = DeliveryDestination(
    type="AWS::Logs::DeliveryDestination",
    service="logs",
    create_operation="PutDeliveryDestination",
    read_operation="GetDeliveryDestination",
    update_operation="PutDeliveryDestination",
    delete_operation="DeleteDeliveryDestination",
    identifier=("Name",),
    inside="deliveryDestination",
    reshape=_destination,
)


def accept_xray_destinations() -> None:
    """Let PutDeliveryDestination take the type XRAY, which has no destination resource.

    docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestination.html
    """
    original = cloudwatch_logs._put_delivery_destination

    def put_delivery_destination(data: dict[str, Any]) -> Any:
        if data.get("deliveryDestinationType") != "XRAY" or not data.get("name"):
            return original(data)
        name = data["name"]
        destination = {
            "name": name,
            "arn": cloudwatch_logs._make_delivery_destination_arn(name),
            "deliveryDestinationType": "XRAY",
            "deliveryDestinationConfiguration": {},
            "tags": dict(data.get("tags", {})),
        }
        cloudwatch_logs._delivery_destinations[name] = destination
        return json_response({"deliveryDestination": cloudwatch_logs._format_delivery_destination(destination)})

    replace(original, put_delivery_destination)
