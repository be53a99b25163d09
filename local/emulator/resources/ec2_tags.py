"""Tags of EC2 resources, which the API takes in its own way."""

from __future__ import annotations

from typing import Any

from local.emulator.aws import client
from local.emulator.resources.base import Properties


def tag_specifications(kind: str, properties: Properties) -> dict[str, Any]:
    """The argument of a create operation that gives a resource of `kind`, such as "natgateway", its tags."""
    tags = list(properties.get("Tags", ()))
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def retag(resource_id: str, old: Properties, new: Properties) -> None:
    """Replace the old tags of a resource with the new ones."""
    api = client("ec2")
    gone = [{"Key": tag["Key"]} for tag in old.get("Tags", ())]
    if gone:
        api.delete_tags(Resources=[resource_id], Tags=gone)
    if new.get("Tags"):
        api.create_tags(Resources=[resource_id], Tags=list(new["Tags"]))
