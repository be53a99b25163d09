"""EC2: an instance with its volume in a network of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario


def fill(client: Clients, account: Account) -> Made:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "lab"}])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="Web", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    image = "ami-12345678"
    wanted = {"InstanceType": "t3.micro", "SubnetId": subnet, "SecurityGroupIds": [group]}
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **wanted)["Instances"][0]["InstanceId"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    return {"vpc": vpc, "subnet": subnet, "group": group, "instance": instance, "volume": volume}


def calls(made: Made) -> Sequence[Call]:
    within = {"filters": {"vpc-id": [made["vpc"]]}}
    return [
        Call(operation="describe_instances", arguments={"ids": [made["instance"]]}, finds=made["subnet"]),
        Call(operation="describe_volumes", finds=made["volume"]),
        Call(operation="describe_security_groups", arguments=within, finds=made["group"]),
        Call(operation="describe_vpcs", arguments={"ids": [made["vpc"]]}, finds="lab"),
        Call(operation="describe_subnets", arguments=within, finds="10.9.1.0/24"),
    ]


SCENARIO = Scenario(server="aws-operations", tool="ec2_read_operations", fill=fill, calls=calls)
