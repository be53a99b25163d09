"""What the settings refuse about targets, each mistake in one sentence with file, key, value and the way out (R6)."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.settings_support import Config

Target = dict[str, Any]

SECRET = {"name": "foundation/dev/targets/x", "field": "key"}
API_KEY = {"kind": "api-key", "parameter": "X-Api-Key", "secret": SECRET}
OAUTH = {
    "kind": "oauth",
    "discovery_url": "https://login.example.com/.well-known/openid-configuration",
    "client_id": "gateway",
    "secret": SECRET,
    "scopes": ["read"],
}
NONE = {"kind": "none"}
INVOKE = {"action": "execute-api:Invoke", "resources": ["arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/x"]}
IAM = {"kind": "iam", "service": "execute-api", "permissions": [INVOKE]}

FUNCTION: Target = {
    "kind": "lambda",
    "description": "Orders",
    "function": "arn:aws:lambda:us-east-1:123456789012:function:orders",
    "tools": "s3://bucket/tools.json",
}
OPENAPI: Target = {
    "kind": "openapi",
    "description": "Weather",
    "document": "s3://bucket/api.json",
    "credential": API_KEY,
}
SMITHY: Target = {
    "kind": "smithy",
    "description": "Reports",
    "model": "s3://bucket/model.json",
    "credential": {"kind": "iam", "permissions": [INVOKE]},
}
MCP: Target = {"kind": "mcp", "description": "Desk", "url": "https://mcp.example.com/mcp", "credential": OAUTH}
RUNTIME: Target = {"kind": "runtime", "description": "Units", "package": "unit_converter", "in_vpc": False}
REST_API: Target = {
    "kind": "api-gateway",
    "description": "Pets",
    "rest_api": "a1b2c3d4e5",
    "stage": "prod",
    "filters": [{"path": "/pets", "methods": ["GET"]}],
    "credential": {"kind": "iam"},
}

KINDS = {"lambda": FUNCTION, "openapi": OPENAPI, "smithy": SMITHY, "mcp": MCP, "runtime": RUNTIME, "api": REST_API}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def mistakes(config: Config, target: Target, name: str = "it") -> list[str]:
    """What is said of one target, without where it stands."""
    config.environment["targets"] = {name: target}
    return [mistake.removeprefix(f"config/dev.yaml: targets.{name}") for mistake in config.mistakes()]


@pytest.mark.parametrize("target", KINDS.values(), ids=KINDS)
def test_each_kind_is_accepted(config: Config, target: Target) -> None:
    assert mistakes(config, target) == []


@pytest.mark.parametrize(
    ("kind", "supported"),
    [
        ("lambda", {"iam"}),
        ("openapi", {"none", "iam", "api-key", "oauth"}),
        ("smithy", {"iam", "oauth"}),
        ("mcp", {"none", "iam", "api-key", "oauth"}),
        ("runtime", {"iam", "oauth"}),
        ("api", {"none", "iam", "api-key"}),
    ],
)
def test_credentials_are_those_of_awss_table(config: Config, kind: str, supported: set[str]) -> None:
    iam = {
        "openapi": IAM,
        "mcp": IAM,
        "smithy": {"kind": "iam", "permissions": [INVOKE]},
    }.get(kind, {"kind": "iam"})
    accepted = set()
    for credential in (NONE, iam, API_KEY, OAUTH):
        found = mistakes(config, KINDS[kind] | {"credential": credential})
        (config.root / "config" / "dev.yaml").unlink()
        if not found:
            accepted.add(credential["kind"])
        else:
            assert len(found) == 1
            assert found[0].startswith(
                f".credential: {credential['kind']} is not supported by this kind of target: use"
            )
    assert accepted == supported


SAID = [
    (
        MCP | {"kind": "mpc"},
        ".kind: 'mpc' is not known: did you mean mcp? use one of lambda, openapi, smithy, mcp, runtime, api-gateway",
    ),
    (
        MCP | {"url": "http://mcp.example.com/mcp"},
        ".url: 'http://mcp.example.com/mcp' is refused: write an https URL without query, like "
        "https://tools.example.com/mcp (http is refused: credentials would travel in the clear)",
    ),
    (
        MCP | {"credential": {"kind": "mtls"}},
        ".credential.kind: 'mtls' is not known: use one of none, iam, api-key, oauth",
    ),
    (MCP | {"credential": "none"}, ".credential: 'none' stands here: write a mapping of keys and values"),
    (MCP | {"credential": {}}, ".credential.kind: is missing: add it, to say what the other keys are about"),
    (
        MCP | {"listning": "dynamic"},
        ".listning: is an unknown key: did you mean listing? known here are description, classification, kind, url, "
        "credential, listing, private_endpoint",
    ),
    (
        MCP | {"credential": {"kind": "iam", "permissions": [INVOKE]}},
        ".credential: iam does not say for which service to sign: add service, like execute-api",
    ),
    (
        MCP | {"credential": IAM | {"permissions": []}},
        ".credential: iam lets the gateway's role do nothing: add permissions, each an action and its resources",
    ),
    (
        REST_API | {"credential": IAM | {"permissions": []}},
        ".credential: iam takes no service or region here, since AgentCore knows them: remove them",
    ),
    (
        REST_API | {"credential": {"kind": "iam", "permissions": [INVOKE]}},
        ".credential: iam takes no permissions here, since the kit knows them: remove them",
    ),
    (
        OPENAPI | {"credential": API_KEY | {"location": "query", "prefix": "Bearer "}},
        ".credential.prefix: 'Bearer ' is for a key in a header: leave it out, or set location to header",
    ),
    (
        OPENAPI
        | {"credential": API_KEY | {"secret": SECRET | {"name": "arn:aws:ssm:us-east-1:123456789012:parameter/key"}}},
        ".credential.secret.name: 'arn:aws:ssm:us-east-1:123456789012:parameter/key' is refused: write the "
        "name or the whole ARN of a secret in Secrets Manager, like foundation/dev/targets/weather",
    ),
    (
        OPENAPI | {"credential": API_KEY | {"key": "s3cr3t"}},
        ".credential.key: is an unknown key: known here are kind, secret, location, parameter, prefix",
    ),
    (
        MCP | {"credential": IAM | {"permissions": [INVOKE | {"action": "execute-api:*"}]}},
        ".credential.permissions.0.action: 'execute-api:*' is refused: write one IAM action without "
        "wildcard, like execute-api:Invoke",
    ),
    (
        MCP | {"credential": IAM | {"permissions": [INVOKE | {"action": "execute-api:Invok"}]}},
        ".credential.permissions: 'execute-api:Invok' is no IAM action: did you mean execute-api:Invoke?",
    ),
    (
        MCP | {"credential": IAM | {"permissions": [{"action": "sqs:SendMessage", "resources": ["*"]}]}},
        ".credential.permissions: 'sqs:SendMessage' can name its resources, and '*' is all of them: write "
        "ARNs like arn:${Partition}:sqs:${Region}:${Account}:${QueueName}",
    ),
    (
        MCP | {"private_endpoint": {"kind": "self-managed", "resource_configuration": "rcfg-1"}},
        ".private_endpoint.resource_configuration: 'rcfg-1' is refused: write the id or ARN of a VPC Lattice "
        "resource configuration, like rcfg-0123456789abcdef0",
    ),
    (
        RUNTIME | {"package": "nowhere"},
        ".package: 'nowhere' has no entry point: create lambda/nowhere/main.py, or name an existing folder",
    ),
    (
        OPENAPI | {"document": "config/api.yaml"},
        ".document: 'config/api.yaml' does not exist: create it, or name an existing file",
    ),
    (
        OPENAPI | {"document": "../api.yaml"},
        ".document: '../api.yaml' is outside of the repository: copy the file into it, or name an object in S3",
    ),
    (
        OPENAPI | {"document": "config/api.txt"},
        ".document: 'config/api.txt' is refused: write a .json or .yaml file of this repository, or "
        "s3://<bucket>/<key>",
    ),
    (
        REST_API | {"overrides": [{"path": "/pets", "method": "GET", "name": "x" * 60}]},
        f": the tool is called 'it___{'x' * 60}', 65 characters, and models take 64: shorten the target's "
        "name or the tool's",
    ),
]


@pytest.mark.parametrize(("target", "sentence"), SAID, ids=[sentence[:40] for _, sentence in SAID])
def test_a_mistake_is_one_sentence(config: Config, target: Target, sentence: str) -> None:
    assert mistakes(config, target) == [sentence]


@pytest.mark.parametrize("name", ["aws-operations", "aws-operations-v1", "aws-operations-v12"])
def test_the_name_of_a_tool_servers_target_is_taken(config: Config, name: str) -> None:
    assert mistakes(config, MCP, name) == [": is the name of a tool server's target: call it otherwise"]


def test_a_name_has_no_underscore_which_agentcore_refuses(config: Config) -> None:
    [mistake] = mistakes(config, MCP, "service_desk")
    assert "lower-case letters, digits and single hyphens" in mistake


def test_a_gateway_takes_a_hundred_targets(config: Config) -> None:
    config.environment["targets"] = {f"desk-{number}": MCP for number in range(99)}
    assert config.mistakes() == []
    (config.root / "config" / "dev.yaml").unlink()
    config.environment["targets"]["one-more"] = MCP
    assert config.mistakes() == [
        "config/dev.yaml: targets: 101 with those of tool_servers are more than the 100 that a gateway takes: put "
        "tools together, or make another environment"
    ]


def test_the_name_of_a_runtime_leaves_no_more_room_than_this(config: Config) -> None:
    config.write("acceptance.yaml", config.environment | {"targets": {"a" * 27: RUNTIME, "b" * 26: RUNTIME}})
    sentence = "has 27 characters, and the name of its runtime leaves 26: shorten it"
    config.mistakes()
    assert config.mistakes("acceptance") == [f"config/acceptance.yaml: targets.{'a' * 27}: {sentence}"]
