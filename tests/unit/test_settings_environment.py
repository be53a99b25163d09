"""What `config/<environment>.yaml` refuses, and in which words."""

from pathlib import Path
from typing import get_args

import pytest

from stacks.settings.environment import InterfaceEndpoint
from tests.unit.settings_support import Change, Config, at, both, without

PRIVATE_RANGES = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"
RETENTIONS = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


ENVIRONMENT_MISTAKES = [
    (
        at("network.availability_zone", 3),
        "network.availability_zone: is an unknown key: did you mean availability_zones? known here are cidr, "
        "availability_zones, zones, nat_gateways, subnet_masks, interface_endpoints",
    ),
    (
        at("tool_servers.aws-operations.memory", 512),
        "tool_servers.aws-operations.memory: is an unknown key: did you mean memory_mb? known here are package, "
        "in_vpc, reserved_concurrency, memory_mb, timeout_seconds",
    ),
    (without("log_retention_days"), "log_retention_days: is missing: add it"),
    (at("network.availability_zones", "3"), "network.availability_zones: '3' stands here: write a whole number"),
    (at("network.availability_zones", None), "network.availability_zones: nothing stands here: write a whole number"),
    (at("network.availability_zones", 1), "network.availability_zones: 1 is too small: use 2 or more"),
    (at("network.availability_zones", 7), "network.availability_zones: 7 is too large: use 6 or less"),
    (at("network", "10.0.0.0/16"), "network: '10.0.0.0/16' stands here: write a mapping of keys and values"),
    (
        at("network.nat_gateways", 3),
        "network.nat_gateways: 3 is more than one per availability zone: use 0 to 2, or raise availability_zones",
    ),
    (
        at("network.cidr", "10.0.0.1/16"),
        "network.cidr: '10.0.0.1/16' is no IPv4 network (10.0.0.1/16 has host bits set): write it like 10.0.0.0/16",
    ),
    (
        at("network.cidr", "10.0.0.0/8"),
        f"network.cidr: '10.0.0.0/8' is no private range between /16 and /28: take one of {PRIVATE_RANGES}, "
        "like 10.0.0.0/16",
    ),
    (
        at("network.cidr", "8.8.0.0/16"),
        f"network.cidr: '8.8.0.0/16' is no private range between /16 and /28: take one of {PRIVATE_RANGES}, "
        "like 10.0.0.0/16",
    ),
    (
        at("network.cidr", "10.0.0.0/20"),
        "network.subnet_masks: needs 27648 addresses, with room for 6 availability zones to come, and 10.0.0.0/20 has "
        "4096: widen cidr, or use longer masks",
    ),
    (
        at("network.subnet_masks", {"private": 16}),
        "network.subnet_masks: needs 396288 addresses, with room for 6 availability zones to come, and 10.0.0.0/16 has "
        "65536: widen cidr, or use longer masks",
    ),
    (at("network.subnet_masks", {"public": 29}), "network.subnet_masks.public: 29 is too large: use 28 or less"),
    (at("network.interface_endpoints", "ec2"), "network.interface_endpoints: 'ec2' stands here: write a list"),
    (
        at("network.interface_endpoints", ["ec2", "kms", "ec2"]),
        "network.interface_endpoints: lists ec2 twice: name each service once",
    ),
    (
        at("identity.access_token_minutes", 1),
        "identity.access_token_minutes: 1 is too small: use 5 or more",
    ),
    (at("tool_servers", {}), "tool_servers: has 0 entries: write 1 or more"),
    (
        at("tool_servers.aws-operations.package", "aws-operations"),
        "tool_servers.aws-operations.package: 'aws-operations' is refused: write a Python package in "
        "lambda/, like aws_operations.general: lower-case letters, digits, _ and dots",
    ),
    (
        at("tool_servers.aws-operations.package", "aws_operation"),
        "tool_servers.aws-operations.package: 'aws_operation' has no handler: create lambda/aws_operation/handler.py "
        "or name an existing package",
    ),
    (
        at("tool_servers.aws-operations.package", "secret_rotation"),
        "tool_servers.aws-operations.package: 'secret_rotation' holds no tool server: "
        "lambda/secret_rotation/handler.py has to import it as `server`",
    ),
    (
        at("tool_servers.aws-operations.in_vpc", "no"),
        "tool_servers.aws-operations.in_vpc: 'no' stands here: write true or false",
    ),
    (
        both(
            at("tool_servers.aws-operations.in_vpc", True),
            at("network.interface_endpoints", [name for name in get_args(InterfaceEndpoint) if name != "ec2"]),
        ),
        "network.interface_endpoints: 'ec2' is missing, which aws-operations calls from the VPC while nat_gateways "
        "is 0: add it, set nat_gateways to 1 or more, or tool_servers.aws-operations.in_vpc to false",
    ),
    (at("account", 123456789012), "account: 123456789012 stands here: write text (in quotes)"),
    (at("account", "1234"), "account: '1234' is refused: write the twelve digits of an AWS account, quoted"),
    (
        at("region", "Ireland"),
        "region: 'Ireland' is refused: write a region of the commercial partition, like eu-west-1",
    ),
    (
        at("region", "us-gov-west-1"),
        "region: 'us-gov-west-1' is refused: write a region of the commercial partition, like eu-west-1",
    ),
    (
        at("network.zones", ["us-east-1a"]),
        "network.zones: names 1 and availability_zones is 2: make the two agree",
    ),
    (
        at("network.zones", ["us-east-1a", "us-east-1a"]),
        "network.zones: names 1 and availability_zones is 2: make the two agree",
    ),
    (
        at("network.zones", ["us-east-1a", "eu-west-1b"]),
        "network: zones: eu-west-1b is not in us-east-1: name zones of the region",
    ),
    (
        at("gateway", {"debug": "yes"}),
        "gateway.debug: 'yes' stands here: write true or false",
    ),
    (at("log_retention_days", 31), f"log_retention_days: 31 is not known: use one of {RETENTIONS}"),
    (
        at("checks.packs", ["AwsSolution"]),
        "checks.packs.0: 'AwsSolution' is not known: did you mean AwsSolutions? use one of AwsSolutions, Serverless, "
        "NIST80053R5, PCIDSS321, HIPAASecurity",
    ),
    (at("tags", {"cost-center": 42}), "tags.cost-center: 42 stands here: write text (in quotes)"),
    (
        at("tags", {"project": "mine"}),
        "tags: 'project' is not free: the kit sets project and environment, and AWS keeps aws: to itself",
    ),
    (
        at("tags", {"note": "x" * 257}),
        "tags: 'note' is too long: a tag's key has 1 to 128 characters and its value up to 256",
    ),
]


@pytest.mark.parametrize(
    ("change", "sentence"), ENVIRONMENT_MISTAKES, ids=[key.split(":")[0] for _, key in ENVIRONMENT_MISTAKES]
)
def test_mistake_in_an_environment(config: Config, change: Change, sentence: str) -> None:
    change(config.environment)
    assert config.mistakes() == [f"config/dev.yaml: {sentence}"]


def test_an_unknown_endpoint_service_is_named_with_its_neighbour(config: Config) -> None:
    config.environment["network"]["interface_endpoints"] = ["secretmanager"]
    [mistake] = config.mistakes()
    assert mistake.startswith(
        "config/dev.yaml: network.interface_endpoints.0: 'secretmanager' is not known: did you mean secretsmanager? "
        "use one of apigateway, "
    )


def test_debug_output_outside_development(config: Config) -> None:
    config.environment |= {"development": False, "gateway": {"debug": True}}
    assert config.mistakes() == [
        "config/dev.yaml: gateway: debug shows internal errors to callers: set it false, or development true"
    ]
