"""Reads EC2: instances, volumes, security groups, VPCs and subnets.

The Describe actions take no resource in IAM, so the role has them on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_operations.general.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, ToolError, given

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

Item = Mapping[str, Any]

ec2 = server.family(
    "ec2_read_operations",
    "Read EC2 without changing anything: instances, volumes, security groups, VPCs and subnets.",
    self_check={"operation": "describe_vpcs", "page_size": 5},
)


@ec2.operation(actions=["ec2:DescribeInstances"])
def describe_instances(
    aws: Aws, page: Page, ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
) -> Answer:
    """Describe instances: state, type, addresses, network, security groups, tags.

    Args:
        ids: Only the resources with these ids; cannot be combined with page_size or page_token.
        filters: EC2 filter names to the values wanted, such as {"vpc-id": ["vpc-0abc"]}.
    """
    client: EC2Client = aws.client("ec2")
    found = client.describe_instances(**_request("InstanceIds", ids, filters, page))
    instances = [instance for reservation in found["Reservations"] for instance in reservation["Instances"]]
    return {"instances": [_instance(item) for item in instances], "next_page_token": found.get("NextToken")}


@ec2.operation(actions=["ec2:DescribeVolumes"])
def describe_volumes(
    aws: Aws, page: Page, ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
) -> Answer:
    """Describe volumes: state, type, size, encryption, what they are attached to."""
    client: EC2Client = aws.client("ec2")
    found = client.describe_volumes(**_request("VolumeIds", ids, filters, page))
    return {"volumes": [_volume(item) for item in found["Volumes"]], "next_page_token": found.get("NextToken")}


@ec2.operation(actions=["ec2:DescribeSecurityGroups"])
def describe_security_groups(
    aws: Aws, page: Page, ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
) -> Answer:
    """Describe security groups with their rules."""
    client: EC2Client = aws.client("ec2")
    found = client.describe_security_groups(**_request("GroupIds", ids, filters, page))
    return {
        "security_groups": [_security_group(item) for item in found["SecurityGroups"]],
        "next_page_token": found.get("NextToken"),
    }


@ec2.operation(actions=["ec2:DescribeVpcs"])
def describe_vpcs(
    aws: Aws, page: Page, ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
) -> Answer:
    """Describe VPCs: state and address range."""
    client: EC2Client = aws.client("ec2")
    found = client.describe_vpcs(**_request("VpcIds", ids, filters, page))
    return {"vpcs": [_vpc(item) for item in found["Vpcs"]], "next_page_token": found.get("NextToken")}


@ec2.operation(actions=["ec2:DescribeSubnets"])
def describe_subnets(
    aws: Aws, page: Page, ids: list[str] | None = None, filters: dict[str, list[str]] | None = None
) -> Answer:
    """Describe subnets: VPC, address range, zone, free addresses."""
    client: EC2Client = aws.client("ec2")
    found = client.describe_subnets(**_request("SubnetIds", ids, filters, page))
    return {"subnets": [_subnet(item) for item in found["Subnets"]], "next_page_token": found.get("NextToken")}


def _request(
    ids_member: str, ids: list[str] | None, filters: dict[str, list[str]] | None, page: Page
) -> dict[str, Any]:
    """The members of a Describe request, which takes ids or a page and never both."""
    wanted = [{"Name": name, "Values": values} for name, values in (filters or {}).items()]
    if not ids:
        return page.request("MaxResults", "NextToken", least=5, most=1000) | given(Filters=wanted)
    if page != Page():
        raise ToolError("ids cannot be combined with page_size or page_token", code="invalid_arguments")
    return {ids_member: ids, **given(Filters=wanted)}


def _instance(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "InstanceId"),
        "state": item["State"]["Name"],
        "type": item["InstanceType"],
        "image_id": item.get("ImageId"),
        "launched": item.get("LaunchTime"),
        "availability_zone": item.get("Placement", {}).get("AvailabilityZone"),
        "vpc_id": item.get("VpcId"),
        "subnet_id": item.get("SubnetId"),
        "private_ip": item.get("PrivateIpAddress"),
        "public_ip": item.get("PublicIpAddress"),
        "security_group_ids": [group["GroupId"] for group in item.get("SecurityGroups", [])],
    }


def _volume(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "VolumeId"),
        "state": item["State"],
        "type": item.get("VolumeType"),
        "size_gib": item["Size"],
        "iops": item.get("Iops"),
        "encrypted": item.get("Encrypted"),
        "availability_zone": item.get("AvailabilityZone"),
        "created": item.get("CreateTime"),
        "attached_to": [attachment["InstanceId"] for attachment in item.get("Attachments", [])],
    }


def _security_group(item: Item) -> dict[str, Any]:
    return {
        "id": item["GroupId"],
        "name": item["GroupName"],
        "description": item.get("Description"),
        "vpc_id": item.get("VpcId"),
        "ingress": [_rule(rule) for rule in item.get("IpPermissions", [])],
        "egress": [_rule(rule) for rule in item.get("IpPermissionsEgress", [])],
        "tags": tags(item.get("Tags")),
    }


def _rule(item: Item) -> dict[str, Any]:
    return {
        "protocol": "all" if item["IpProtocol"] == "-1" else item["IpProtocol"],
        "from_port": item.get("FromPort"),
        "to_port": item.get("ToPort"),
        "cidrs": [entry["CidrIp"] for entry in item.get("IpRanges", [])]
        + [entry["CidrIpv6"] for entry in item.get("Ipv6Ranges", [])],
        "security_group_ids": [entry["GroupId"] for entry in item.get("UserIdGroupPairs", [])],
        "prefix_list_ids": [entry["PrefixListId"] for entry in item.get("PrefixListIds", [])],
    }


def _vpc(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "VpcId"),
        "state": item.get("State"),
        "cidr": item["CidrBlock"],
        "is_default": item.get("IsDefault"),
    }


def _subnet(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "SubnetId"),
        "state": item.get("State"),
        "vpc_id": item["VpcId"],
        "cidr": item["CidrBlock"],
        "availability_zone": item.get("AvailabilityZone"),
        "free_addresses": item.get("AvailableIpAddressCount"),
        "gives_public_ips": item.get("MapPublicIpOnLaunch"),
    }


def _named(item: Item, id_member: str) -> dict[str, Any]:
    own = tags(item.get("Tags"))
    return {"id": item[id_member], "name": own.get("Name"), "tags": own}
