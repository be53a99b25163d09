"""Bedrock: a model and an inference profile of the account's own, logged calls; an AgentCore gateway and an agent."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

MODEL = "amazon.nova-lite-v1:0"
MODEL_ARN = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
AWS_PROFILE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
CUSTOM_MODEL = "acme-support-model"
PROFILE = "acme-support-profile"
THROUGHPUT = "acme-capacity"
ISSUER = "https://tokens.acme.example/.well-known/openid-configuration"


def fill(client: Clients, account: Account) -> Made:
    role = _role(client("iam"))
    bedrock, control = client("bedrock"), client("bedrock-agentcore-control")
    logs = {"logGroupName": "acme-model-calls", "roleArn": role}
    bedrock.put_model_invocation_logging_configuration(
        loggingConfig={"cloudWatchConfig": logs, "textDataDeliveryEnabled": True}
    )
    _agent(client("s3"), control, role)
    gateways = control.list_gateways()["items"]
    # A local run has the platform's gateway, and its ports are for that one alone.
    gateway = gateways[0]["gatewayId"] if gateways else _gateway(control, role, _function(client("lambda"), role))
    return {**_described(control, gateway), "profile": _models(bedrock, role, account)}


def _described(control: Any, gateway: str) -> dict[str, str]:
    """What is found of a gateway and one of its functions."""
    shown = control.get_gateway(gatewayIdentifier=gateway)
    targets = control.list_gateway_targets(gatewayIdentifier=gateway)["items"]
    target = next(item for item in targets if item.get("targetType", "LAMBDA") == "LAMBDA")  # moto names no type
    of_target = control.get_gateway_target(gatewayIdentifier=gateway, targetId=target["targetId"])
    return {
        "gateway": gateway,
        "gateway_name": shown["name"],
        "issuer": shown["authorizerConfiguration"]["customJWTAuthorizer"]["discoveryUrl"],
        "target": target["targetId"],
        "target_name": target["name"],
        "function": of_target["targetConfiguration"]["mcp"]["lambda"]["lambdaArn"],
    }


def _models(bedrock: Any, role: str, account: Account) -> str:
    """Make the account's own models; gives the id of its inference profile."""
    if account == "moto":
        bedrock.create_model_customization_job(
            jobName="acme-support-job",
            customModelName=CUSTOM_MODEL,
            roleArn=role,
            baseModelIdentifier=MODEL_ARN,
            trainingDataConfig={"s3Uri": "s3://acme-training/data.jsonl"},
            outputDataConfig={"s3Uri": "s3://acme-training/out"},
            hyperParameters={"epochCount": "1"},
        )
        return PROFILE
    source = {"s3DataSource": {"s3Uri": "s3://acme-training/model"}}
    bedrock.create_custom_model(modelName=CUSTOM_MODEL, modelSourceConfig=source, roleArn=role)
    bedrock.create_provisioned_model_throughput(provisionedModelName=THROUGHPUT, modelId=MODEL, modelUnits=1)
    made = bedrock.create_inference_profile(inferenceProfileName=PROFILE, modelSource={"copyFrom": MODEL_ARN})
    identifier: str = made["inferenceProfileArn"].rpartition("/")[2]
    return identifier


def _role(iam: Any) -> str:
    services = ["bedrock-agentcore.amazonaws.com", "lambda.amazonaws.com", "bedrock.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    role: str = iam.create_role(RoleName="acme-gateway", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    iam.put_role_policy(RoleName="acme-gateway", PolicyName="invoke", PolicyDocument=_policy(invoke))
    return role


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _archive(name: str, code: str) -> bytes:
    """A zip archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr(name, code)
    return archive.getvalue()


def _agent(s3: Any, control: Any, role: str) -> None:
    """Make an agent that is never called."""
    s3.create_bucket(Bucket="acme-agents")
    s3.put_object(Bucket="acme-agents", Key="agent.zip", Body=_archive("main.py", "raise SystemExit"))
    code = {
        "code": {"s3": {"bucket": "acme-agents", "prefix": "agent.zip"}},
        "runtime": "PYTHON_3_12",
        "entryPoint": ["main.py"],
    }
    control.create_agent_runtime(
        agentRuntimeName="acme_agent",
        agentRuntimeArtifact={"codeConfiguration": code},
        networkConfiguration={"networkMode": "PUBLIC"},
        roleArn=role,
    )


def _function(functions: Any, role: str) -> str:
    arn: str = functions.create_function(
        FunctionName="acme-greeter",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": _archive("index.py", "def handler(event, context): return event")},
    )["FunctionArn"]
    return arn


def _gateway(control: Any, role: str, function: str) -> str:
    gateway: str = control.create_gateway(
        name="acme-tools",
        roleArn=role,
        protocolType="MCP",
        authorizerType="CUSTOM_JWT",
        authorizerConfiguration={"customJWTAuthorizer": {"discoveryUrl": ISSUER, "allowedClients": ["acme"]}},
    )["gatewayId"]
    greet = {"name": "greet", "description": "Greets", "inputSchema": {"type": "object"}}
    control.create_gateway_target(
        gatewayIdentifier=gateway,
        name="acme-greeter-target",
        targetConfiguration={"mcp": {"lambda": {"lambdaArn": function, "toolSchema": {"inlinePayload": [greet]}}}},
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
    )
    return gateway


def calls(made: Made) -> Sequence[Call]:
    gateway = {"gateway_id": made["gateway"]}
    return [
        *_model_calls(made),
        Call(operation="list_custom_models", finds=CUSTOM_MODEL),
        Call(operation="get_invocation_logging", finds="acme-model-calls"),
        Call(operation="list_gateways", finds=made["gateway_name"]),
        Call(operation="get_gateway", arguments=gateway, finds=made["issuer"]),
        Call(operation="list_gateway_targets", arguments=gateway, finds=made["target_name"]),
        Call(
            operation="get_gateway_target",
            arguments=gateway | {"target_id": made["target"]},
            finds=made["function"],
        ),
        Call(operation="list_agent_runtimes", finds="acme_agent"),
    ]


def _model_calls(made: Made) -> list[Call]:
    """Calls that moto 5.2.5 does not know, with the responses of AWS's pages, such as
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html."""
    model = {"modelArn": MODEL_ARN, "modelId": MODEL, "modelName": "Nova Lite", "providerName": "Amazon"}
    profile = {
        "inferenceProfileName": PROFILE,
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
        "inferenceProfileId": "a1b2c3d4e5f6",
        "models": [{"modelArn": MODEL_ARN}],
        "status": "ACTIVE",
        "type": "APPLICATION",
    }
    arn_of_aws = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{AWS_PROFILE}"
    ids = {"inferenceProfileId": AWS_PROFILE, "inferenceProfileArn": arn_of_aws}
    of_aws = profile | ids | {"inferenceProfileName": "US Claude 3.5 Sonnet v2", "type": "SYSTEM_DEFINED"}
    bought = datetime(2026, 11, 1, tzinfo=UTC)
    throughput = {
        "provisionedModelName": THROUGHPUT,
        "provisionedModelArn": "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2c3d4e5f6",
        **dict.fromkeys(("modelArn", "desiredModelArn", "foundationModelArn"), MODEL_ARN),
        **dict.fromkeys(("modelUnits", "desiredModelUnits"), 1),
        **dict.fromkeys(("creationTime", "lastModifiedTime"), bought),
        "status": "InService",
    }
    called: list[tuple[str, dict[str, Any], str, str, dict[str, Any]]] = [
        ("list_foundation_models", {"provider": "Amazon"}, MODEL, "ListFoundationModels", {"modelSummaries": [model]}),
        ("get_foundation_model", {"model_id": MODEL}, MODEL, "GetFoundationModel", {"modelDetails": model}),
        (
            "list_inference_profiles",
            {"profile_type": "APPLICATION"},
            PROFILE,
            "ListInferenceProfiles",
            {"inferenceProfileSummaries": [profile]},
        ),
        ("get_inference_profile", {"profile_id": made["profile"]}, PROFILE, "GetInferenceProfile", profile),
        ("get_inference_profile", {"profile_id": AWS_PROFILE}, AWS_PROFILE, "GetInferenceProfile", of_aws),
        (
            "list_provisioned_throughputs",
            {},
            THROUGHPUT,
            "ListProvisionedModelThroughputs",
            {"provisionedModelSummaries": [throughput]},
        ),
    ]
    return [
        Call(
            operation=operation,
            arguments=arguments,
            finds=finds,
            unknown_to=("moto",),
            stubbed={f"bedrock:{api_operation}": response},
        )
        for operation, arguments, finds, api_operation, response in called
    ]


SCENARIO = Scenario(server="aws-ai", tool="bedrock_read_operations", fill=fill, calls=calls)
