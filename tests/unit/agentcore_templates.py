"""A template with a gateway as the AgentCore rules want it, and ways to spoil it."""

from collections.abc import Callable
from typing import Any

from foundation.checks import agentcore
from foundation.checks.template import Template

Body = dict[str, Any]
Mutation = Callable[[Body], None]

COGNITO_URL = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}/.well-known/openid-configuration"}


def target(**properties: Any) -> Body:
    return {
        "Type": "AWS::BedrockAgentCore::GatewayTarget",
        "DependsOn": ["TargetPolicy"],
        "Properties": {
            "GatewayIdentifier": {"Fn::GetAtt": ["Gateway", "GatewayIdentifier"]},
            "Name": "aws-operations",
            "TargetConfiguration": {"Mcp": {"Lambda": {"LambdaArn": "arn", "ToolSchema": {"InlinePayload": []}}}},
            "CredentialProviderConfigurations": [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}],
            **properties,
        },
    }


def interceptor(point: str, function: str) -> Body:
    arn = {"Fn::GetAtt": [function, "Arn"]}
    return {"InterceptionPoints": [point], "Interceptor": {"Lambda": {"Arn": arn}}}


def rate_limit(**dimensions: str) -> Body:
    return {
        "Type": "AWS::BedrockAgentCore::GatewayRateLimit",
        "Properties": {
            "GatewayIdentifier": {"Fn::GetAtt": ["Gateway", "GatewayIdentifier"]},
            "DimensionKeys": list(dimensions),
            "Entries": [{"Dimensions": dimensions, "Requests": [{"Rate": 1, "Period": "minute"}]}],
        },
    }


def allow(action: str | list[str], resource: Any) -> Body:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def sound() -> Body:
    """A gateway on Cognito with one Lambda target, as the rules want it."""
    return {
        "Gateway": {
            "Type": "AWS::BedrockAgentCore::Gateway",
            "DependsOn": ["RolePolicy"],
            "Properties": {
                "PolicyEngineConfiguration": {
                    "Arn": {"Fn::GetAtt": ["Engine", "PolicyEngineArn"]},
                    "Mode": "ENFORCE",
                },
                "InterceptorConfigurations": [interceptor("REQUEST", "Before"), interceptor("RESPONSE", "After")],
                "AuthorizerType": "CUSTOM_JWT",
                "AuthorizerConfiguration": {
                    "CustomJWTAuthorizer": {
                        "DiscoveryUrl": COGNITO_URL,
                        "AllowedClients": [{"Ref": "Client"}],
                        "AllowedScopes": ["aws-operations/read"],
                    }
                },
                "KmsKeyArn": {"Fn::GetAtt": ["Key", "Arn"]},
                "ProtocolConfiguration": {"Mcp": {"SupportedVersions": ["2025-06-18", "2025-11-25"]}},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
                            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                        }
                    ]
                }
            },
        },
        "RolePolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {
                    "Statement": [
                        allow(
                            "lambda:InvokeFunction",
                            [{"Fn::GetAtt": [function, "Arn"]} for function in ("Before", "After")],
                        ),
                        allow(
                            ["bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions"],
                            "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/example-*",
                        ),
                        allow("bedrock-agentcore:GetPolicyEngine", {"Fn::GetAtt": ["Engine", "PolicyEngineArn"]}),
                    ]
                },
            },
        },
        "TargetPolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {"Statement": [allow("lambda:InvokeFunction", "arn")]},
            },
        },
        "CallerPolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "Roles": ["caller"],
                "PolicyDocument": {
                    "Statement": [allow("bedrock-agentcore:InvokeGateway", {"Fn::GetAtt": ["Gateway", "GatewayArn"]})]
                },
            },
        },
        "Engine": {
            "Type": "AWS::BedrockAgentCore::PolicyEngine",
            "Properties": {"Name": "example", "EncryptionKeyArn": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Limit": rate_limit(toolName="*"),
        "Association": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {"ResourceArn": {"Fn::GetAtt": ["Gateway", "GatewayArn"]}, "WebACLArn": "acl"},
        },
        "Target": target(),
    }


def rules(resources: Body, *, debug_allowed: bool = False) -> list[tuple[str, str]]:
    template = Template({"Resources": resources})
    return [(found.rule, found.logical_id) for found in agentcore.findings(template, debug_allowed=debug_allowed)]


CREDENTIAL = "Target.Properties.CredentialProviderConfigurations.0.CredentialProviderType"


def put(path: str, value: Any, credential: str | None = None) -> Mutation:
    """Sets (or with ... removes) what stands at a dotted path of the resources, and perhaps the target's credential."""

    def mutate(resources: Body) -> None:
        if credential:
            put(CREDENTIAL, credential)(resources)
        *parents, last = path.split(".")
        holder: Any = resources
        for key in parents:
            holder = holder[int(key) if isinstance(holder, list) else key]
        if value is ...:
            del holder[last]
        else:
            holder[int(last) if isinstance(holder, list) else last] = value

    return mutate


JWT = "Gateway.Properties.AuthorizerConfiguration.CustomJWTAuthorizer"
STATEMENT = "CallerPolicy.Properties.PolicyDocument.Statement.0"
TRUST = "Role.Properties.AssumeRolePolicyDocument.Statement.0"
