"""The EC2 network types that ministack has an API for and no resource."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.deletion import unless_gone
from local.emulator.resources.ec2_tags import retag, tag_specifications


class ElasticIp(ResourceType):
    """AWS::EC2::EIP: Ref is the address."""

    type = "AWS::EC2::EIP"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Allocate an address for a VPC."""
        answer = client("ec2").allocate_address(Domain="vpc", **tag_specifications("elastic-ip", properties))
        return self._resource(answer)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the tags."""
        address = self._find(resource_id)
        if address is None:
            raise LookupError(f"the elastic IP {resource_id} is gone")
        retag(address["AllocationId"], old, new)
        return self._resource(address)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Release the address."""
        address = self._find(resource_id)
        if address is not None:
            client("ec2").release_address(AllocationId=address["AllocationId"])

    def _find(self, public_ip: str) -> Mapping[str, Any] | None:
        addresses = client("ec2").describe_addresses()["Addresses"]
        return next((address for address in addresses if address["PublicIp"] == public_ip), None)

    def _resource(self, address: Mapping[str, Any]) -> Resource:
        attributes = {name: address[name] for name in ("AllocationId", "PublicIp")}
        return Resource(id=address["PublicIp"], attributes=attributes)


class NatGateway(ResourceType):
    """AWS::EC2::NatGateway."""

    type = "AWS::EC2::NatGateway"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the gateway; a public one needs an allocated address, as on AWS."""
        if properties.get("ConnectivityType", "public") == "public" and "AllocationId" not in properties:
            raise ValueError("AllocationId is required for a public NAT gateway")
        taken = ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress")
        answer = client("ec2").create_nat_gateway(
            **{name: properties[name] for name in taken if name in properties},
            **tag_specifications("natgateway", properties),
        )
        return self._resource(answer["NatGateway"]["NatGatewayId"])

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the tags."""
        retag(resource_id, old, new)
        return self._resource(resource_id)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Delete the gateway; its address stays allocated."""
        with unless_gone():
            client("ec2").delete_nat_gateway(NatGatewayId=resource_id)

    def _resource(self, gateway_id: str) -> Resource:
        return Resource(id=gateway_id, attributes={"NatGatewayId": gateway_id})


class SecurityGroupRule(ResourceType):
    """AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress."""

    def __init__(self, direction: str) -> None:
        """`direction` is "Ingress" or "Egress"."""
        self.type = f"AWS::EC2::SecurityGroup{direction}"
        self._peer = "Source" if direction == "Ingress" else "Destination"
        self._direction = direction.lower()

    def create(self, properties: Properties, place: Place) -> Resource:
        """Authorize the rule."""
        authorize = getattr(client("ec2"), f"authorize_security_group_{self._direction}")
        answer = authorize(GroupId=properties["GroupId"], IpPermissions=[self._permission(properties)])
        rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Resource(id=rule_id, attributes={"Id": rule_id})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Only the description changes in place: the rule is written anew with it."""
        self.delete(resource_id, old)
        return self.create(new, place)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Revoke the rule."""
        revoke = getattr(client("ec2"), f"revoke_security_group_{self._direction}")
        with unless_gone():
            revoke(GroupId=properties["GroupId"], IpPermissions=[self._permission(properties)])

    def _permission(self, properties: Properties) -> dict[str, Any]:
        permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
        permission |= {end: int(properties[end]) for end in ("FromPort", "ToPort") if end in properties}
        described = {"Description": properties["Description"]} if "Description" in properties else {}
        peers = (
            ("CidrIp", "IpRanges", "CidrIp"),
            ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
            (f"{self._peer}PrefixListId", "PrefixListIds", "PrefixListId"),
            (f"{self._peer}SecurityGroupId", "UserIdGroupPairs", "GroupId"),
        )
        for name, member, key in peers:
            if name in properties:
                permission[member] = [{key: properties[name], **described}]
        return permission


class FlowLog(ResourceType):
    """AWS::EC2::FlowLog: recorded; nothing flows locally."""

    type = "AWS::EC2::FlowLog"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the flow log of one resource."""
        same = (
            "ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName", "LogFormat",
            "DeliverLogsPermissionArn", "DeliverCrossAccountRole", "MaxAggregationInterval",
        )  # fmt: skip
        request = {name: properties[name] for name in same if name in properties}
        answer = client("ec2").create_flow_logs(
            ResourceIds=[properties["ResourceId"]], **request, **tag_specifications("vpc-flow-log", properties)
        )
        flow_log_id = answer["FlowLogIds"][0]
        return Resource(id=flow_log_id, attributes={"Id": flow_log_id})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the tags."""
        retag(resource_id, old, new)
        return Resource(id=resource_id, attributes={"Id": resource_id})

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Delete the flow log; what it wrote stays."""
        client("ec2").delete_flow_logs(FlowLogIds=[resource_id])
