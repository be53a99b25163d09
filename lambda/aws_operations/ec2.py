"""Reads EC2: instances, volumes, security groups, VPCs and subnets.

The Describe actions take no resource in IAM, so the role has them on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aws_operations.server import server
from toolkit import ToolError
from toolkit.aws import client
from toolkit.operations import check_page_size

Operation = Literal[
    "describe_instances", "describe_volumes", "describe_security_groups", "describe_vpcs", "describe_subnets"
]
Item = Mapping[str, Any]


@dataclass(frozen=True)
class _Kind:
    """How to read one kind of resource.

    Attributes:
        ids: The request's parameter that takes ids.
        name: The answer's member that holds the rows.
        items: Finds the resources in EC2's response.
        row: What to tell of one resource.
    """

    ids: str
    name: str
    items: Callable[[Item], list[Item]]
    row: Callable[[Item], dict[str, Any]]


@server.tool(
    actions=[
        "ec2:DescribeInstances",
        "ec2:DescribeVolumes",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
    ]
)
def ec2_read_operations(
    operation: Operation,
    region: str | None = None,
    ids: list[str] | None = None,
    filters: dict[str, list[str]] | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Read EC2 without changing anything: describe instances, volumes, security groups, VPCs or subnets.

    Args:
        operation: What to describe.
        region: The AWS region to ask, such as eu-west-1; the platform's own region when left out.
        ids: Only the resources with these ids; cannot be combined with page_size or page_token.
        filters: EC2 filter names to the values wanted, such as {"vpc-id": ["vpc-0abc"]}.
        page_size: How many resources to list at most, from 5 to 1000; 100 when left out.
        page_token: next_page_token of the page before.
    """
    kind = _KINDS[operation]
    request: dict[str, Any] = {}
    if filters:
        request["Filters"] = [{"Name": name, "Values": values} for name, values in filters.items()]
    if ids:
        if page_size is not None or page_token is not None:
            raise ToolError("ids cannot be combined with page_size or page_token", code="invalid_arguments")
        request[kind.ids] = ids
    else:
        request["MaxResults"] = check_page_size(100 if page_size is None else page_size, least=5, most=1000)
        if page_token:
            request["NextToken"] = page_token
    describe = getattr(client("ec2", region), operation)  # the operations have the names of boto3's methods
    page = describe(**request)
    return {kind.name: [kind.row(item) for item in kind.items(page)], "next_page_token": page.get("NextToken")}


def _instances(page: Item) -> list[Item]:
    return [instance for reservation in page["Reservations"] for instance in reservation["Instances"]]


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
        "tags": _tags(item),
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
    tags = _tags(item)
    return {"id": item[id_member], "name": tags.get("Name"), "tags": tags}


def _tags(item: Item) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}


def _member(name: str) -> Callable[[Item], list[Item]]:
    def items(page: Item) -> list[Item]:
        found: list[Item] = page[name]
        return found

    return items


_KINDS: dict[str, _Kind] = {
    "describe_instances": _Kind("InstanceIds", "instances", _instances, _instance),
    "describe_volumes": _Kind("VolumeIds", "volumes", _member("Volumes"), _volume),
    "describe_security_groups": _Kind("GroupIds", "security_groups", _member("SecurityGroups"), _security_group),
    "describe_vpcs": _Kind("VpcIds", "vpcs", _member("Vpcs"), _vpc),
    "describe_subnets": _Kind("SubnetIds", "subnets", _member("Subnets"), _subnet),
}
