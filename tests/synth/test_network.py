"""The network stack: three tiers, a way out only where the settings buy one, closed defaults (R1)."""

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack, aws_logs as logs
from aws_cdk.assertions import Template as AssertedTemplate

from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping
from foundation.network import Network
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, Template, template, written

TIERS = ("Public", "Private", "Isolated")
in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def tag(properties: Json, key: str) -> str:
    [value] = [tag["Value"] for tag in properties["Tags"] if tag["Key"] == key]
    return str(value)


def subnets(network: Template, tier: str) -> dict[str, Json]:
    return {
        logical_id: subnet["Properties"]
        for logical_id, subnet in network.of_type("AWS::EC2::Subnet").items()
        if tag(subnet["Properties"], "aws-cdk:subnet-name") == tier
    }


def default_routes(network: Template, tier: str) -> list[Json]:
    """The routes to everywhere of a tier's subnets."""
    tables = {
        association["RouteTableId"]["Ref"]
        for association in network.properties("AWS::EC2::SubnetRouteTableAssociation")
        if association["SubnetId"]["Ref"] in subnets(network, tier)
    }
    return [route for route in network.properties("AWS::EC2::Route") if route["RouteTableId"]["Ref"] in tables]


@in_every_environment
def test_each_tier_has_a_subnet_in_every_zone(environment: str) -> None:
    settings = load_settings(environment).environment.network
    zones = settings.availability_zones
    network = template(environment, "network")
    for tier in TIERS:
        own = subnets(network, tier).values()
        first_ones = [{"Fn::Select": [index, {"Fn::GetAZs": ""}]} for index in range(zones)]
        assert [subnet["AvailabilityZone"] for subnet in own] == list(settings.zones or first_ones)
        assert not any(subnet["MapPublicIpOnLaunch"] for subnet in own)
    assert len(network.of_type("AWS::EC2::Subnet")) == 3 * zones


@pytest.mark.parametrize(("environment", "nat_gateways"), [("dev", 0), ("gamma", 1), ("prod", 3)])
def test_private_subnets_leave_through_nat_only(environment: str, nat_gateways: int) -> None:
    network = template(environment, "network")
    gateways = network.of_type("AWS::EC2::NatGateway")
    assert len(gateways) == nat_gateways
    used = {route["NatGatewayId"]["Ref"] for route in default_routes(network, "Private")}
    assert used == set(gateways)
    if nat_gateways:
        assert len(default_routes(network, "Private")) == len(subnets(network, "Private"))
    assert default_routes(network, "Isolated") == []
    assert all("GatewayId" in route for route in default_routes(network, "Public"))


@in_every_environment
def test_the_default_security_group_is_emptied(environment: str) -> None:
    network = template(environment, "network")
    vpc = network.id_of("AWS::EC2::VPC")
    assert network.only("Custom::VpcRestrictDefaultSG")["DefaultSecurityGroupId"] == {
        "Fn::GetAtt": [vpc, "DefaultSecurityGroup"]
    }


@in_every_environment
def test_no_security_group_lets_the_world_in(environment: str) -> None:
    network = template(environment, "network")
    for group in network.properties("AWS::EC2::SecurityGroup"):
        assert "SecurityGroupIngress" not in group
    for rule in network.properties("AWS::EC2::SecurityGroupIngress"):
        assert "SourceSecurityGroupId" in rule
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")


@in_every_environment
def test_workloads_speak_https_only(environment: str) -> None:
    for group in template(environment, "network").properties("AWS::EC2::SecurityGroup"):
        if group["GroupDescription"].startswith("Functions and pods"):
            assert [(r["IpProtocol"], r["FromPort"], r["ToPort"]) for r in group["SecurityGroupEgress"]] == [
                ("tcp", 443, 443)
            ]
            break
    else:
        pytest.fail("the workloads' security group is gone")


@in_every_environment
def test_every_subnet_has_the_acl_of_its_tier(environment: str) -> None:
    network = template(environment, "network")
    acl_of = {
        association["SubnetId"]["Ref"]: association["NetworkAclId"]["Ref"]
        for association in network.properties("AWS::EC2::SubnetNetworkAclAssociation")
    }
    acls = {tier: {acl_of[subnet] for subnet in subnets(network, tier)} for tier in TIERS}
    assert [len(own) for own in acls.values()] == [1, 1, 1]
    assert len(set.union(*acls.values())) == 3


def acl_entries(network: Template, tier: str) -> set[tuple[Any, ...]]:
    """(direction, from where or to where, ports) of all that a tier's ACL allows."""
    acl = f"Network{tier}Acl"
    return {
        (
            "out" if entry["Egress"] else "in",
            "VPC" if isinstance(entry["CidrBlock"], dict) else entry["CidrBlock"],
            tuple(entry["PortRange"].values()) if "PortRange" in entry else "all",
        )
        for entry in network.properties("AWS::EC2::NetworkAclEntry")
        if entry["NetworkAclId"]["Ref"].startswith(acl) and entry["RuleAction"] == "allow"
    }


@in_every_environment
def test_acls_keep_the_outside_at_https(environment: str) -> None:
    inside = {("in", "VPC", "all"), ("out", "VPC", "all")}
    asking = {("out", "0.0.0.0/0", (443, 443)), ("in", "0.0.0.0/0", (1024, 65535))}
    answering = {("in", "0.0.0.0/0", (443, 443)), ("out", "0.0.0.0/0", (1024, 65535))}
    network = template(environment, "network")
    assert acl_entries(network, "Private") == inside | asking
    assert acl_entries(network, "Isolated") == inside | asking
    assert acl_entries(network, "Public") == inside | asking | answering


@in_every_environment
def test_flow_logs_of_all_traffic_are_encrypted_and_kept(environment: str) -> None:
    network = template(environment, "network")
    flow_log = network.only("AWS::EC2::FlowLog")
    assert flow_log["ResourceId"] == {"Ref": network.id_of("AWS::EC2::VPC")}
    assert flow_log["TrafficType"] == "ALL"
    group = network.resources[flow_log["LogGroupName"]["Ref"]]["Properties"]
    assert group["KmsKeyId"] == {"Fn::GetAtt": [network.id_of("AWS::KMS::Key"), "Arn"]}
    assert group["RetentionInDays"] == load_settings(environment).environment.log_retention_days


def endpoints(network: Template) -> dict[str, Json]:
    """Endpoints by the last part of the service's name."""
    prefix = "com.amazonaws.us-east-1."
    return {
        written(endpoint["ServiceName"]).replace("<AWS::Region>", "us-east-1").removeprefix(prefix): endpoint
        for endpoint in network.properties("AWS::EC2::VPCEndpoint")
    }


@in_every_environment
def test_endpoints_are_those_of_the_settings_and_the_free_ones(environment: str) -> None:
    found = endpoints(template(environment, "network"))
    wanted = load_settings(environment).environment.network.interface_endpoints
    assert found.keys() == {"s3", "dynamodb", *wanted}
    assert {name for name, endpoint in found.items() if endpoint["VpcEndpointType"] == "Gateway"} == {"s3", "dynamodb"}
    assert all(found[name]["PrivateDnsEnabled"] for name in wanted)


@in_every_environment
def test_interface_endpoints_are_where_no_pod_is(environment: str) -> None:
    """Network policies admit AWS by the isolated subnets' addresses, which would otherwise admit pods as well."""
    network = template(environment, "network")
    found = [
        endpoint
        for endpoint in network.properties("AWS::EC2::VPCEndpoint")
        if endpoint["VpcEndpointType"] == "Interface"
    ]
    for endpoint in found:
        assert {subnet["Ref"] for subnet in endpoint["SubnetIds"]} == subnets(network, "Isolated").keys()


def test_the_addresses_of_endpoints_are_known_before_a_deployment() -> None:
    stack = Stack(App(), "Stack", env=Environment(region="us-east-1"))
    key = EncryptionKey(stack, "Key", alias="logs", description="Logs", retain=False)
    network = Network(
        stack,
        "Network",
        cidr="10.0.0.0/16",
        availability_zones=2,
        reserved_zones=4,
        nat_gateways=1,
        public_mask=24,
        private_mask=20,
        isolated_mask=24,
        interface_endpoints=["sts"],
        log_keeping=LogKeeping(key=key, retention=logs.RetentionDays.ONE_DAY, retain=False),
    )
    made = [
        subnet["Properties"]["CidrBlock"]
        for subnet in AssertedTemplate.from_stack(stack).find_resources("AWS::EC2::Subnet").values()
        if tag(subnet["Properties"], "aws-cdk:subnet-name") == "Isolated"
    ]
    assert sorted(network.endpoint_cidrs) == sorted(made)
    assert len(made) == 2


@in_every_environment
def test_endpoints_serve_this_account_alone(environment: str) -> None:
    """But AgentCore's gateway, whose callers carry tokens and are no IAM principals, and what AWS signed in S3."""
    account = {"Ref": "AWS::AccountId"}
    for service, endpoint in endpoints(template(environment, "network")).items():
        keeps_data = service in {"s3", "dynamodb", "secretsmanager"}
        resource = {"aws:ResourceAccount": account} if keeps_data else {}
        of_this_account = {"StringEquals": {"aws:PrincipalAccount": account, **resource}}
        allowed = endpoint["PolicyDocument"]["Statement"]
        assert {statement["Effect"] for statement in allowed} == {"Allow"}
        open_to_all = [statement for statement in allowed if statement.get("Condition") != of_this_account]
        if service == "bedrock-agentcore.gateway":
            assert [(statement["Action"], written(statement["Resource"])) for statement in open_to_all] == [
                ("*", "arn:aws:bedrock-agentcore:us-east-1:<AWS::AccountId>:gateway/*")
            ]
        elif service == "s3":
            assert [(statement["Action"], written(statement["Resource"])) for statement in open_to_all] == [
                ("s3:GetObject", "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"),
                ("s3:PutObject", "arn:aws:s3:::cloudformation-custom-resource-response-useast1/*"),
            ]
        else:
            assert open_to_all == []
