"""Network ACLs: the list, its entries, and which subnets use it."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import secrets
from typing import Any

from ministack.services import ec2

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.deletion import unless_gone
from local.emulator.resources.ec2_tags import retag, tag_specifications


class NetworkAcl(ResourceType):
    """AWS::EC2::NetworkAcl."""

    type = "AWS::EC2::NetworkAcl"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create an empty list, which denies everything."""
        tags = tag_specifications("network-acl", properties)
        answer = client("ec2").create_network_acl(VpcId=properties["VpcId"], **tags)
        acl_id = answer["NetworkAcl"]["NetworkAclId"]
        return Resource(id=acl_id, attributes={"Id": acl_id})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the tags."""
        retag(resource_id, old, new)
        return Resource(id=resource_id, attributes={"Id": resource_id})

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Delete the list; one that a subnet uses stays and fails the deletion."""
        with unless_gone():
            client("ec2").delete_network_acl(NetworkAclId=resource_id)


class NetworkAclEntry(ResourceType):
    """AWS::EC2::NetworkAclEntry."""

    type = "AWS::EC2::NetworkAclEntry"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Add the entry to its list."""
        client("ec2").create_network_acl_entry(**self._entry(properties))
        return self._resource(place.physical_name(longest=255))

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the entry under its number."""
        client("ec2").replace_network_acl_entry(**self._entry(new))
        return self._resource(resource_id)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Remove the entry from its list."""
        entry = self._entry(properties)
        identity = {name: entry[name] for name in ("NetworkAclId", "RuleNumber", "Egress")}
        with unless_gone():
            client("ec2").delete_network_acl_entry(**identity)

    def _entry(self, properties: Properties) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "NetworkAclId": properties["NetworkAclId"],
            "RuleNumber": int(properties["RuleNumber"]),
            "Protocol": str(properties["Protocol"]),
            "RuleAction": properties["RuleAction"],
            "Egress": str(properties.get("Egress", False)).lower() == "true",
        }
        entry |= {name: properties[name] for name in ("CidrBlock", "Ipv6CidrBlock") if name in properties}
        if "PortRange" in properties:
            entry["PortRange"] = {end: int(properties["PortRange"][end]) for end in ("From", "To")}
        if "Icmp" in properties:
            entry["IcmpTypeCode"] = {name: int(value) for name, value in properties["Icmp"].items()}
        return entry

    def _resource(self, entry_id: str) -> Resource:
        return Resource(id=entry_id, attributes={"Id": entry_id})


class SubnetNetworkAclAssociation(ResourceType):
    """AWS::EC2::SubnetNetworkAclAssociation: a subnet uses exactly one list.

    Works on ministack's own table: its ReplaceNetworkAclAssociation forgets the subnet, and its subnets begin
    without the association that AWS gives them.
    """

    type = "AWS::EC2::SubnetNetworkAclAssociation"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Let the subnet use the list and no other."""
        acl = ec2._network_acls.get(properties["NetworkAclId"])
        if acl is None:
            raise LookupError(f"The network ACL '{properties['NetworkAclId']}' does not exist")
        self._drop("SubnetId", properties["SubnetId"])
        association = f"aclassoc-{secrets.token_hex(9)[:17]}"
        acl["Associations"].append({"NetworkAclAssociationId": association, "SubnetId": properties["SubnetId"]})
        return Resource(id=association, attributes={"AssociationId": association})

    def delete(self, resource_id: str, properties: Properties) -> None:
        """End the association, unless another one has taken its place: the VPC's default list applies again."""
        self._drop("NetworkAclAssociationId", resource_id)

    def _drop(self, member: str, value: str) -> None:
        for acl in ec2._network_acls.values():
            acl["Associations"] = [kept for kept in acl["Associations"] if kept[member] != value]
