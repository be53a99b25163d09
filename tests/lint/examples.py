"""What CloudFormation would return for Ref and Fn::GetAtt: one example in the right shape per resource type.

The shapes are those of the resource reference's "Return values"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html). A type
that is missing here gets an ARN, a name or a value of the attribute's type; where that is not the shape another
property wants, cfn-lint says so and the type is added.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

ACCOUNT = "123456789012"

# In the patterns: {name} the logical id, {hex} 17 hexadecimal digits, {uuid}, {word} 26 lower-case letters and digits,
# {suffix} six of them, {where} region and account as an ARN has them, {region}.
EXAMPLES: dict[tuple[str, str], str] = {
    ("AWS::BedrockAgentCore::Gateway", "Ref"): "gateway-{ten}",
    ("AWS::BedrockAgentCore::Gateway", "GatewayIdentifier"): "gateway-{ten}",
    ("AWS::BedrockAgentCore::Gateway", "GatewayArn"): "arn:aws:bedrock-agentcore:{where}:gateway/gateway-{ten}",
    ("AWS::BedrockAgentCore::Gateway", "GatewayUrl"): (
        "https://gateway-{ten}.gateway.bedrock-agentcore.{region}.amazonaws.com/mcp"
    ),
    ("AWS::BedrockAgentCore::PolicyEngine", "PolicyEngineArn"): (
        "arn:aws:bedrock-agentcore:{where}:policy-engine/engine-{ten}"
    ),
    ("AWS::BedrockAgentCore::PolicyEngine", "PolicyEngineId"): "engine-{ten}",
    ("AWS::Cognito::UserPool", "Ref"): "{region}_{ten}",
    ("AWS::Cognito::UserPool", "Arn"): "arn:aws:cognito-idp:{where}:userpool/{region}_{ten}",
    ("AWS::Cognito::UserPool", "ProviderName"): "cognito-idp.{region}.amazonaws.com/{region}_{ten}",
    ("AWS::Cognito::UserPool", "ProviderURL"): "https://cognito-idp.{region}.amazonaws.com/{region}_{ten}",
    ("AWS::Cognito::UserPoolClient", "ClientId"): "{word}",
    ("AWS::Cognito::UserPoolClient", "Ref"): "{word}",
    ("AWS::DynamoDB::GlobalTable", "Arn"): "arn:aws:dynamodb:{where}:table/{name}",
    ("AWS::DynamoDB::Table", "Arn"): "arn:aws:dynamodb:{where}:table/{name}",
    ("AWS::EC2::LaunchTemplate", "Ref"): "lt-{hex}",
    ("AWS::EC2::EIP", "AllocationId"): "eipalloc-{hex}",
    ("AWS::EC2::EIP", "Ref"): "203.0.113.10",
    ("AWS::EC2::FlowLog", "Ref"): "fl-{hex}",
    ("AWS::EC2::InternetGateway", "Ref"): "igw-{hex}",
    ("AWS::EC2::NatGateway", "Ref"): "nat-{hex}",
    ("AWS::EC2::NetworkAcl", "Ref"): "acl-{hex}",
    ("AWS::EC2::RouteTable", "Ref"): "rtb-{hex}",
    ("AWS::EC2::SecurityGroup", "GroupId"): "sg-{hex}",
    ("AWS::EC2::SecurityGroup", "Ref"): "sg-{hex}",
    ("AWS::EC2::Subnet", "Ref"): "subnet-{hex}",
    ("AWS::EC2::VPC", "CidrBlock"): "10.0.0.0/16",
    ("AWS::EC2::VPC", "DefaultNetworkAcl"): "acl-{hex}",
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): "sg-{hex}",
    ("AWS::EC2::VPC", "Ref"): "vpc-{hex}",
    ("AWS::EC2::VPCEndpoint", "Ref"): "vpce-{hex}",
    ("AWS::EKS::Cluster", "Arn"): "arn:aws:eks:{where}:cluster/{name}",
    ("AWS::EKS::Cluster", "ClusterSecurityGroupId"): "sg-{hex}",
    ("AWS::IAM::Role", "Arn"): "arn:aws:iam::{account}:role/{name}",
    ("AWS::IAM::ManagedPolicy", "Ref"): "arn:aws:iam::{account}:policy/{name}",
    ("AWS::KMS::Key", "Arn"): "arn:aws:kms:{where}:key/{uuid}",
    ("AWS::KMS::Key", "Ref"): "{uuid}",
    ("AWS::Lambda::Alias", "Ref"): "arn:aws:lambda:{where}:function:{name}:live",
    ("AWS::Lambda::Function", "Arn"): "arn:aws:lambda:{where}:function:{name}",
    ("AWS::Lambda::LayerVersion", "Ref"): "arn:aws:lambda:{where}:layer:{name}:1",
    ("AWS::Lambda::Version", "Version"): "1",
    ("AWS::Lambda::Version", "Ref"): "arn:aws:lambda:{where}:function:{name}:1",
    ("AWS::Logs::DeliveryDestination", "Arn"): "arn:aws:logs:{where}:delivery-destination:{name}",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:{where}:log-group:{name}:*",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::bucket-{word}",
    ("AWS::S3::Bucket", "Ref"): "bucket-{word}",
    ("AWS::SecretsManager::Secret", "Ref"): "arn:aws:secretsmanager:{where}:secret:{name}-{suffix}",
    ("AWS::SNS::Topic", "Ref"): "arn:aws:sns:{where}:{name}",
    ("AWS::SQS::Queue", "Arn"): "arn:aws:sqs:{where}:{name}",
    ("AWS::SQS::Queue", "Ref"): "https://sqs.{region}.amazonaws.com/{account}/{name}",
    ("AWS::WAFv2::WebACL", "Arn"): "arn:aws:wafv2:{where}:regional/webacl/{name}/{uuid}",
}


def example(resource_type: str, logical_id: str, attribute: str, *, region: str) -> Any:
    """What ``Ref`` (attribute "Ref") or Fn::GetAtt may return for a resource; the same for the same arguments."""
    pattern = EXAMPLES.get((resource_type, attribute))
    if pattern is None:
        return _by_kind(resource_type, logical_id, attribute, region=region)
    digest = sha256(logical_id.encode()).hexdigest()
    return pattern.format(
        name=logical_id,
        hex=digest[:17],
        uuid=UUID(digest[:32]),
        word=digest[:26],
        ten=digest[:10],
        suffix=digest[:6],
        where=f"{region}:{ACCOUNT}",
        account=ACCOUNT,
        region=region,
    )


def _by_kind(resource_type: str, logical_id: str, attribute: str, *, region: str) -> Any:
    if attribute.endswith(("Arn", "ARN")):
        service = resource_type.split("::")[1].lower()
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{logical_id}"
    by_type = {"integer": 1, "number": 1, "boolean": True, "array": [logical_id], "object": {}}
    return by_type.get(_type(resource_type, attribute, region), logical_id)


def _type(resource_type: str, attribute: str, region: str) -> str:
    """The JSON type that a resource type's schema gives an attribute, "string" when it does not say."""
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    except ResourceNotFoundError:
        return "string"
    node = schema
    for key in attribute.split("."):
        node = node.get("properties", {}).get(key, {})
        if "$ref" in node:
            node = schema["definitions"].get(node["$ref"].rpartition("/")[2], {})
    kind = node.get("type", "string")
    return str(kind)
