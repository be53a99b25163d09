"""Linting finds faults that intrinsics hide from cfn-lint, and its literal copies hide none of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lint.check import lint, lint_assembly
from tests.lint.examples import EXAMPLES, example
from tests.lint.literal import Assembly, UnresolvableError

Body = dict[str, Any]


def get_att(name: str, attribute: str) -> Body:
    return {"Fn::GetAtt": [name, attribute]}


def sound() -> dict[str, Body]:
    """Two stacks: a pool and a function, and a gateway on both with one Lambda target."""
    identity = {
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool"},
            "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}}},
        },
        "Outputs": {
            "Pool": {"Value": {"Ref": "Pool"}},
            "Client": {"Value": {"Ref": "Client"}, "Export": {"Name": "client"}},
        },
    }
    gateway = {
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {
                    "EnableKeyRotation": True,
                    "KeyPolicy": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "kms:*",
                                "Resource": "*",
                                "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
                            }
                        ],
                    },
                },
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "sts:AssumeRole",
                                "Principal": {"Service": ["bedrock-agentcore.amazonaws.com", "lambda.amazonaws.com"]},
                            }
                        ],
                    }
                },
            },
            "Tool": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"ZipFile": "def handler(event, context): ..."},
                    "Handler": "index.handler",
                    "Runtime": "python3.13",
                    "Role": get_att("Role", "Arn"),
                },
            },
            "Gateway": {
                "Type": "AWS::BedrockAgentCore::Gateway",
                "Properties": {
                    "Name": "foundation",
                    "ProtocolType": "MCP",
                    "AuthorizerType": "CUSTOM_JWT",
                    "AuthorizerConfiguration": {
                        "CustomJWTAuthorizer": {
                            "DiscoveryUrl": {
                                "Fn::Join": [
                                    "",
                                    [
                                        "https://cognito-idp.",
                                        {"Ref": "AWS::Region"},
                                        ".amazonaws.com/",
                                        {"Fn::GetStackOutput": {"StackName": "identity", "OutputName": "Pool"}},
                                        "/.well-known/openid-configuration",
                                    ],
                                ]
                            },
                            "AllowedClients": [{"Fn::ImportValue": "client"}],
                            "AllowedScopes": ["aws-operations/read"],
                        }
                    },
                    "ProtocolConfiguration": {
                        "Mcp": {"SearchType": "SEMANTIC", "SupportedVersions": ["2025-11-25"]},
                    },
                    "KmsKeyArn": get_att("Key", "Arn"),
                    "RoleArn": get_att("Role", "Arn"),
                },
            },
            "Target": {
                "Type": "AWS::BedrockAgentCore::GatewayTarget",
                "Properties": {
                    "GatewayIdentifier": get_att("Gateway", "GatewayIdentifier"),
                    "Name": "aws-operations",
                    "CredentialProviderConfigurations": [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}],
                    "TargetConfiguration": {
                        "Mcp": {
                            "Lambda": {
                                "LambdaArn": get_att("Tool", "Arn"),
                                "ToolSchema": {
                                    "InlinePayload": [
                                        {
                                            "Name": "get_time",
                                            "Description": "The time.",
                                            "InputSchema": {
                                                "Type": "object",
                                                "Properties": {"zone": {"Type": "string"}},
                                            },
                                        }
                                    ]
                                },
                            }
                        }
                    },
                },
            },
        },
    }
    return {"identity": identity, "gateway": gateway}


JWT = "Gateway.AuthorizerConfiguration.CustomJWTAuthorizer"
LAMBDA = "Target.TargetConfiguration.Mcp.Lambda"
TOOL = f"{LAMBDA}.ToolSchema.InlinePayload.0"
FAULTS: list[tuple[str, Any]] = [
    ("Gateway.AuthorizerType", "CUSTOM"),
    ("Gateway.ExceptionLevel", "TRACE"),
    ("Gateway.Name", "under_scored"),
    ("Gateway.ProtocolConfiguration.Mcp.SearchType", "FUZZY"),
    ("Gateway.Unknown", "x"),
    ("Gateway.RoleArn", ...),
    ("Gateway.RoleArn", get_att("Tool", "Arn")),
    (f"{JWT}.DiscoveryUrl", {"Fn::Sub": "https://${AWS::Region}.example.com/openid"}),
    (f"{JWT}.DiscoveryUrl", ...),
    (f"{JWT}.AllowedClients", {"Fn::ImportValue": "client"}),
    (f"{JWT}.AllowedGroups", ["x"]),
    (f"{JWT}.AllowedScopes", []),
    ("Target.TargetConfiguration.Mcp.McpServer", {"Endpoint": "https://example.com/mcp"}),
    ("Target.TargetConfiguration.Mcp", {"Http": {"Arn": get_att("Tool", "Arn")}}),
    ("Target.CredentialProviderConfigurations.0.CredentialProviderType", "LAMBDA_ROLE"),
    ("Target.Name", "aws_operations"),
    (f"{LAMBDA}.Alias", "live"),
    (f"{LAMBDA}.LambdaArn", get_att("Role", "Arn")),
    (f"{LAMBDA}.LambdaArn", ...),
    (f"{LAMBDA}.ToolSchema", ...),
    (f"{LAMBDA}.ToolSchema.InlinePayload", {"Name": "get_time"}),
    (f"{TOOL}.Description", ...),
    (f"{TOOL}.InputSchema.Type", "date"),
    (f"{TOOL}.InputSchema.Properties.zone.Enum", ["UTC"]),
    (f"{TOOL}.InputSchema.Required", "zone"),
]


def seeded(path: str, value: Any) -> Assembly:
    """The sound assembly with one property set, or removed with ..."""
    stacks = sound()
    resource, *parents, last = path.split(".")
    holder: Any = stacks["gateway"]["Resources"][resource]["Properties"]
    for key in parents:
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return Assembly(stacks)


def test_the_sound_templates_have_no_finding() -> None:
    assert lint_assembly(Assembly(sound())) == {}


@pytest.mark.parametrize(("path", "value"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_fault_is_found_in_the_literal_copy(path: str, value: Any) -> None:
    resource = path.partition(".")[0]
    findings = lint_assembly(seeded(path, value))["gateway"]
    assert [line for line in findings if line.startswith("(literal) E") and f"Resources/{resource}/" in line]


def test_the_copy_finds_what_the_template_hides() -> None:
    hidden = [path for path, value in FAULTS if not lint(seeded(path, value).templates["gateway"])]
    assert len(hidden) >= 10, "cfn-lint has learned to see through intrinsics: the literal copies may go"


def test_a_copy_holds_no_intrinsic() -> None:
    text = json.dumps(Assembly(sound()).literal("gateway"))
    assert "Fn::" not in text
    assert '"Ref"' not in text


def test_references_keep_their_meaning_from_stack_to_stack() -> None:
    assembly = Assembly(sound(), region="eu-west-1")
    jwt = assembly.literal("gateway")["Resources"]["Gateway"]["Properties"]["AuthorizerConfiguration"][
        "CustomJWTAuthorizer"
    ]
    pool = example("AWS::Cognito::UserPool", "Pool", "Ref", region="eu-west-1")
    assert jwt["DiscoveryUrl"] == (
        f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}/.well-known/openid-configuration"
    )
    assert jwt["AllowedClients"] == [example("AWS::Cognito::UserPoolClient", "Client", "Ref", region="eu-west-1")]


def literal(value: Any) -> Any:
    """What becomes of one property's value in a template with a bucket, a parameter and a mapping."""
    template = {
        "Parameters": {"Size": {"Type": "String", "Default": "large"}, "Bare": {"Type": "String"}},
        "Mappings": {"Ports": {"us-east-1": {"http": 80}}},
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Subject": {"Type": "Custom::Subject", "Metadata": {}, "Properties": {"Value": value}},
        },
    }
    return Assembly({"stack": template}).literal("stack")["Resources"]["Subject"]["Properties"].get("Value", ...)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::NoValue"}, ...),
        ([1, {"Ref": "AWS::NoValue"}, {"Ref": "AWS::Partition"}], [1, "aws"]),
        ({"Ref": "Size"}, "large"),
        ({"Ref": "Bare"}, "Bare"),
        ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "us-east-1b"),
        ({"Fn::Select": [0, {"Fn::Split": ["/", "a/b"]}]}, "a"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, "8"]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::FindInMap": ["Ports", {"Ref": "AWS::Region"}, "http"]}, 80),
        ({"Fn::Base64": {"Fn::Sub": "${AWS::StackName}"}}, "c3RhY2s="),
        ({"Fn::Sub": ["${Word} ${!Kept} ${AWS::AccountId}", {"Word": {"Ref": "Size"}}]}, "large ${Kept} 123456789012"),
        ({"Fn::If": ["Condition", "first", "second"]}, "first"),
        ({"Ref": "Bucket", "other": "key"}, {"Ref": "Bucket", "other": "key"}),
    ],
)
def test_an_intrinsic_becomes_its_literal(value: Any, expected: Any) -> None:
    assert literal(value) == expected


def test_an_arn_attribute_names_the_resource() -> None:
    arn = literal({"Fn::Sub": "${Bucket.Arn}/*"})
    assert arn == example("AWS::S3::Bucket", "Bucket", "Arn", region="us-east-1") + "/*"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Ref": "Nobody"}, "nothing is called Nobody"),
        ({"Fn::GetAtt": ["Nobody", "Arn"]}, "no resource is called Nobody"),
        ({"Fn::Transform": {}}, "no literal for Fn::Transform"),
        ({"Fn::ImportValue": "nowhere"}, "exports nowhere"),
        ({"Fn::GetStackOutput": {"StackName": "other", "OutputName": "Arn"}}, "has the output other.Arn"),
        ({"Fn::FindInMap": ["Ports", "us-east-1", "https"]}, "the mapping Ports has no us-east-1.https"),
    ],
)
def test_what_cannot_be_made_literal_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(UnresolvableError, match=problem):
        literal(value)


def test_both_values_of_a_condition_are_linted() -> None:
    stacks = sound()
    stacks["gateway"]["Conditions"] = {"Debug": {"Fn::Equals": ["a", {"Ref": "AWS::Region"}]}}
    stacks["gateway"]["Resources"]["Gateway"]["Properties"]["ExceptionLevel"] = {"Fn::If": ["Debug", "DEBUG", "TRACE"]}
    findings = lint_assembly(Assembly(stacks))["gateway"]
    assert [line for line in findings if line.startswith("(literal) E3030") and "'TRACE'" in line]


def test_a_warning_counts() -> None:
    stacks = sound()
    stacks["identity"]["Parameters"] = {"Unused": {"Type": "String"}}
    (finding,) = lint_assembly(Assembly(stacks))["identity"]
    assert finding.startswith("W2001")


def test_examples_of_different_resources_differ() -> None:
    fixed = {"203.0.113.10", "10.0.0.0/16", "1"}  # a function's first version
    for resource_type, attribute in EXAMPLES:
        first, second = (example(resource_type, name, attribute, region="us-east-1") for name in ("One", "Two"))
        assert first != second or first in fixed


def test_an_assembly_is_read_as_cdk_writes_it(tmp_path: Path) -> None:
    (tmp_path / "a.template.json").write_text(json.dumps({"Resources": {}}))
    artifacts = {
        "a": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "a.template.json", "stackName": "b"}},
        "a.assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert Assembly.read(tmp_path).templates == {"b": {"Resources": {}}}
