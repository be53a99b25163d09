"""The network and log delivery types: created, described by their API, changed, gone."""

from __future__ import annotations

from typing import Any

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, get_att, outputs, ref, role, stack


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


VPC = {
    "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.8.0.0/16"),
    "Subnet": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.8.1.0/24"),
}
NAME = [{"Key": "Name", "Value": "ours"}]


def test_a_nat_gateway_with_its_address(emulator: Emulator) -> None:
    resources = {
        **VPC,
        "Address": resource("AWS::EC2::EIP", Domain="vpc", Tags=NAME),
        "Nat": resource(
            "AWS::EC2::NatGateway", SubnetId=ref("Subnet"), AllocationId=get_att("Address", "AllocationId"), Tags=NAME
        ),
        "Table": resource("AWS::EC2::RouteTable", VpcId=ref("Vpc")),
        "Route": resource(
            "AWS::EC2::Route", RouteTableId=ref("Table"), DestinationCidrBlock="0.0.0.0/0", NatGatewayId=ref("Nat")
        ),
    }
    ec2 = emulator.client("ec2")
    with stack(emulator, "nat") as made:
        told = made.create(resources, Outputs=outputs(Cidr=get_att("Vpc", "CidrBlock"), Ip=ref("Address")))
        assert told["Cidr"] == "10.8.0.0/16"
        (address,) = ec2.describe_addresses()["Addresses"]
        assert address["PublicIp"] == told["Ip"]
        assert address["Tags"][0]["Value"] == "ours"
        (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[made.id_of("Nat")])["NatGateways"]
        assert nat["SubnetId"] == made.id_of("Subnet")
        (table,) = ec2.describe_route_tables(RouteTableIds=[made.id_of("Table")])["RouteTables"]
        assert nat["NatGatewayId"] in [route.get("NatGatewayId") for route in table["Routes"]]
    assert ec2.describe_addresses()["Addresses"] == []
    assert [gateway for gateway in ec2.describe_nat_gateways()["NatGateways"] if gateway["State"] == "available"] == []


def test_rules_of_a_security_group(emulator: Emulator) -> None:
    def group(name: str) -> dict[str, Any]:
        nowhere = [{"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}]
        return resource("AWS::EC2::SecurityGroup", GroupDescription=name, VpcId=ref("Vpc"), SecurityGroupEgress=nowhere)

    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    resources = {
        **VPC,
        "Server": group("server"),
        "Client": group("client"),
        "In": resource(
            "AWS::EC2::SecurityGroupIngress",
            GroupId=get_att("Server", "GroupId"),
            SourceSecurityGroupId=get_att("Client", "GroupId"),
            Description="from clients",
            **https,
        ),
        "Out": resource(
            "AWS::EC2::SecurityGroupEgress", GroupId=get_att("Client", "GroupId"), CidrIp="10.8.0.0/16", **https
        ),
    }
    ec2 = emulator.client("ec2")
    with stack(emulator, "rules") as made:
        made.create(resources)

        def found(name: str) -> dict[str, Any]:
            group: dict[str, Any] = ec2.describe_security_groups(GroupIds=[made.id_of(name)])["SecurityGroups"][0]
            return group

        (rule,) = found("Server")["IpPermissions"]
        assert rule["UserIdGroupPairs"][0]["GroupId"] == made.id_of("Client")
        assert rule["UserIdGroupPairs"][0]["Description"] == "from clients"
        assert {"10.8.0.0/16"} <= {r["CidrIp"] for p in found("Client")["IpPermissionsEgress"] for r in p["IpRanges"]}
        del resources["In"]
        made.update(resources)
        assert found("Server")["IpPermissions"] == []


def test_a_network_acl_takes_a_subnet_over(emulator: Emulator) -> None:
    entry = {"NetworkAclId": ref("Acl"), "Protocol": 6, "RuleAction": "allow", "CidrBlock": "10.8.0.0/16"}
    resources = {
        **VPC,
        "Acl": resource("AWS::EC2::NetworkAcl", VpcId=ref("Vpc"), Tags=NAME),
        "Entry": resource("AWS::EC2::NetworkAclEntry", RuleNumber=100, PortRange={"From": 443, "To": 443}, **entry),
        "Uses": resource("AWS::EC2::SubnetNetworkAclAssociation", SubnetId=ref("Subnet"), NetworkAclId=ref("Acl")),
    }
    ec2 = emulator.client("ec2")
    with stack(emulator, "acl") as made:
        made.create(resources)
        (acl,) = ec2.describe_network_acls(NetworkAclIds=[made.id_of("Acl")])["NetworkAcls"]
        assert [used["SubnetId"] for used in acl["Associations"]] == [made.id_of("Subnet")]
        assert [(rule["RuleNumber"], rule["Protocol"], rule["Egress"]) for rule in acl["Entries"]] == [
            (100, "6", False)
        ]
        resources["Entry"]["Properties"]["RuleAction"] = "deny"
        made.update(resources)
        (acl,) = ec2.describe_network_acls(NetworkAclIds=[made.id_of("Acl")])["NetworkAcls"]
        assert [rule["RuleAction"] for rule in acl["Entries"]] == ["deny"]


def test_a_flow_log(emulator: Emulator) -> None:
    resources = {
        **VPC,
        "Role": role(GATEWAY_TRUST),
        "Flow": resource(
            "AWS::EC2::FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="REJECT",
            LogGroupName="/flow",
            DeliverLogsPermissionArn=get_att("Role", "Arn"),
        ),
    }
    ec2 = emulator.client("ec2")
    with stack(emulator, "flow") as made:
        made.create(resources)
        (flow,) = ec2.describe_flow_logs(FlowLogIds=[made.id_of("Flow")])["FlowLogs"]
        assert (flow["ResourceId"], flow["TrafficType"]) == (made.id_of("Vpc"), "REJECT")
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_log_delivery_to_a_group_and_to_xray(emulator: Emulator) -> None:
    gateway_arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-0123456789"
    resources = {
        "Group": resource("AWS::Logs::LogGroup", LogGroupName="/delivered"),
        "Logs": resource(
            "AWS::Logs::DeliverySource", Name="logs", ResourceArn=gateway_arn, LogType="APPLICATION_LOGS", Tags=NAME
        ),
        "Traces": resource("AWS::Logs::DeliverySource", Name="traces", ResourceArn=gateway_arn, LogType="TRACES"),
        "ToGroup": resource(
            "AWS::Logs::DeliveryDestination", Name="group", DestinationResourceArn=get_att("Group", "Arn")
        ),
        "ToXRay": resource("AWS::Logs::DeliveryDestination", Name="xray", DeliveryDestinationType="XRAY"),
        "LogDelivery": resource(
            "AWS::Logs::Delivery", DeliverySourceName=ref("Logs"), DeliveryDestinationArn=get_att("ToGroup", "Arn")
        ),
        "TraceDelivery": resource(
            "AWS::Logs::Delivery", DeliverySourceName=ref("Traces"), DeliveryDestinationArn=get_att("ToXRay", "Arn")
        ),
    }
    logs = emulator.client("logs")
    with stack(emulator, "delivery") as made:
        told = made.create(resources, Outputs=outputs(Service=get_att("Logs", "Service")))
        assert told["Service"] == "bedrock-agentcore"
        kinds = {
            d["deliverySourceName"]: d["deliveryDestinationType"] for d in logs.describe_deliveries()["deliveries"]
        }
        assert kinds == {"logs": "CWL", "traces": "XRAY"}
        del resources["TraceDelivery"], resources["ToXRay"], resources["Traces"]
        made.update(resources)
        assert [d["deliverySourceName"] for d in logs.describe_deliveries()["deliveries"]] == ["logs"]
    assert logs.describe_delivery_sources()["deliverySources"] == []
