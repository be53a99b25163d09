"""How the local gateway reads what is deployed: answers of the control plane, checked against its real API model."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from local.gateway.aws import EmulatedAws
from local.gateway.configuration import (
    CustomClaim,
    GatewayRecord,
    InterceptorRecord,
    JwtAuthorizer,
    PolicyEngineRecord,
    PolicyRecord,
    Rate,
    RateLimitEntry,
    RateLimitRecord,
)
from local.gateway.control_plane import is_loopback, read_gateways
from local.gateway.targets import lambda_function
from local.gateway.targets.interface import UnusableTargetError
from tests.unit.local_gateway_support import DISCOVERY, FUNCTION, GET_TIME, lambda_target, target_context

WHEN = datetime(2026, 11, 1, tzinfo=UTC)
ID = "foundation-dev-abcdefghij"
ARN = f"arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/{ID}"
ENGINE_ID = "foundation_dev-abcdefghij"
ENGINE = f"arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/{ENGINE_ID}"
PERMIT = f'permit(principal, action == AgentCore::Action::"t___a", resource == AgentCore::Gateway::"{ARN}");'


def _summary(**changes: Any) -> dict[str, Any]:
    base = {"gatewayId": ID, "name": "foundation-dev", "status": "READY", "createdAt": WHEN, "updatedAt": WHEN}
    return base | {"authorizerType": "CUSTOM_JWT", "protocolType": "MCP"} | changes


def _gateway(**changes: Any) -> dict[str, Any]:
    """An answer to GetGateway; a change to None leaves the member out."""
    base = _summary() | {
        "gatewayArn": ARN,
        "gatewayUrl": "http://127.0.0.1:4580/mcp",
        "roleArn": "arn:aws:iam::123456789012:role/gateway",
        "workloadIdentityDetails": {
            "workloadIdentityArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:workload-identity-directory/"
            f"default/workload-identity/{ID}"
        },
        "authorizerConfiguration": {"customJWTAuthorizer": {"discoveryUrl": DISCOVERY, "allowedClients": ["c"]}},
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def _read(
    gateway: dict[str, Any],
    *,
    targets: list[dict[str, Any]] | None = None,
    limits: list[dict[str, Any]] | None = None,
    policies: list[dict[str, Any]] | None = None,
    **summary: Any,
) -> Any:
    client = boto3.client(
        "bedrock-agentcore-control", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("list_gateways", {"items": [_summary(**summary)]}, {})
        if summary.get("status", "READY") == "READY":
            stub.add_response("get_gateway", gateway, {"gatewayIdentifier": ID})
            listed = [_target_summary(target) for target in targets or []]
            stub.add_response("list_gateway_targets", {"items": listed}, {"gatewayIdentifier": ID})
            for target in targets or []:
                if target["status"] == "READY":
                    expected = {"gatewayIdentifier": ID, "targetId": target["targetId"]}
                    stub.add_response("get_gateway_target", target, expected)
            stub.add_response("list_gateway_rate_limits", {"rateLimits": limits or []}, {"gatewayIdentifier": ID})
            if "policyEngineConfiguration" in gateway:
                stub.add_response("list_policies", {"policies": policies or []}, {"policyEngineId": ENGINE_ID})
        found = read_gateways(client)
        stub.assert_no_pending_responses()
    return found


def _target(**changes: Any) -> dict[str, Any]:
    return {
        "gatewayArn": ARN,
        "targetId": "TARGET0001",
        "name": "aws-operations-v1",
        "status": "READY",
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "credentialProviderConfigurations": [{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
        "targetConfiguration": {
            "mcp": {"lambda": {"lambdaArn": FUNCTION, "toolSchema": {"inlinePayload": [GET_TIME]}}}
        },
    } | changes


def _target_summary(target: dict[str, Any]) -> dict[str, Any]:
    return {name: target[name] for name in ("targetId", "name", "status", "createdAt", "updatedAt")}


def test_a_gateway_is_read_with_everything_that_is_enforced() -> None:
    claim = {
        "inboundTokenClaimName": "groups",
        "inboundTokenClaimValueType": "STRING_ARRAY",
        "authorizingClaimMatchValue": {
            "claimMatchOperator": "CONTAINS_ANY",
            "claimMatchValue": {"matchValueStringList": ["ops", "sec"]},
        },
    }
    answer = _gateway(
        exceptionLevel="DEBUG",
        protocolConfiguration={
            "mcp": {
                "supportedVersions": ["2025-11-25", "2026-07-28"],
                "instructions": "Be brief.",
                "searchType": "SEMANTIC",
                "streamingConfiguration": {"enableResponseStreaming": True},
                "disableMcpListToolsPagination": True,
            }
        },
        authorizerConfiguration={
            "customJWTAuthorizer": {
                "discoveryUrl": DISCOVERY,
                "allowedAudience": ["a"],
                "allowedClients": ["c"],
                "allowedScopes": ["s/read", "s/write"],
                "advertisedScopeMapping": {"s/read": "https://s/read"},
                "customClaims": [claim],
            }
        },
    )
    target = _target(
        lastSynchronizedAt=WHEN,
        metadataConfiguration={
            "allowedRequestHeaders": ["X-Tenant-ID"],
            "allowedQueryParameters": ["q"],
            "allowedResponseHeaders": ["X-Trace"],
        },
    )
    (gateway,) = _read(answer, targets=[target])
    assert gateway == GatewayRecord(
        gateway_id=ID,
        arn=ARN,
        name="foundation-dev",
        url="http://127.0.0.1:4580/mcp",
        role_arn="arn:aws:iam::123456789012:role/gateway",
        workload=ID,
        authorizer=JwtAuthorizer(
            discovery_url=DISCOVERY,
            allowed_audience=("a",),
            allowed_clients=("c",),
            allowed_scopes=("s/read", "s/write"),
            advertised_scopes=("https://s/read", "s/write"),
            custom_claims=(
                CustomClaim(name="groups", value_type="STRING_ARRAY", operator="CONTAINS_ANY", values=("ops", "sec")),
            ),
        ),
        supported_versions=("2025-11-25", "2026-07-28"),
        instructions="Be brief.",
        semantic_search=True,
        streaming=True,
        paginated=False,
        debug=True,
        targets=(
            lambda_target(
                GET_TIME,
                version=f"{WHEN.isoformat()}/{WHEN.isoformat()}",
                credentials={"credentialProviderType": "GATEWAY_IAM_ROLE"},
                request_headers=("X-Tenant-ID",),
                query_parameters=("q",),
                response_headers=("X-Trace",),
            ),
        ),
    )


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "FAILED"])
def test_a_gateway_that_is_not_ready_is_not_served(status: str) -> None:
    assert _read({}, status=status) == ()


def test_a_target_that_is_not_ready_is_not_listed() -> None:
    (gateway,) = _read(_gateway(), targets=[_target(), _target(targetId="TARGET0002", name="b", status="FAILED")])
    assert [target.name for target in gateway.targets] == ["aws-operations-v1"]


def test_what_is_deleted_while_it_is_read_is_left_out() -> None:
    client = boto3.client(
        "bedrock-agentcore-control", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("list_gateways", {"items": [_summary(gatewayId="gone-abcdefghij"), _summary()]}, {})
        stub.add_client_error("get_gateway", "ResourceNotFoundException")
        stub.add_response("get_gateway", _gateway(), {"gatewayIdentifier": ID})
        stub.add_response("list_gateway_targets", {"items": [_target_summary(_target())]}, {"gatewayIdentifier": ID})
        stub.add_client_error("get_gateway_target", "ResourceNotFoundException")
        stub.add_response("list_gateway_rate_limits", {"rateLimits": []}, {"gatewayIdentifier": ID})
        (gateway,) = read_gateways(client)
    assert (gateway.gateway_id, gateway.targets) == (ID, ())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"authorizerType": "NONE", "authorizerConfiguration": None}, "authorizer type is NONE"),
        ({"authorizerType": "AWS_IAM", "authorizerConfiguration": None}, "authorizer type is AWS_IAM"),
        ({"authorizerType": "AUTHENTICATE_ONLY"}, "authorizer type is AUTHENTICATE_ONLY"),
        ({"authorizerConfiguration": None}, "only CUSTOM_JWT gateways are served"),
        ({"customTransformConfiguration": {"lambda": {"arn": FUNCTION}}}, "it has a custom transformation"),
        ({"gatewayUrl": "https://x.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp"}, "its URL"),
        (
            {
                "authorizerConfiguration": {
                    "customJWTAuthorizer": {
                        "discoveryUrl": DISCOVERY,
                        "allowedWorkloadConfiguration": {"hostingEnvironments": [{"arn": ARN}]},
                    }
                }
            },
            "allowedWorkloadConfiguration",
        ),
    ],
)
def test_a_gateway_with_a_check_that_cannot_be_made_here_is_marked(changes: dict[str, Any], sentence: str) -> None:
    (gateway,) = _read(_gateway(**changes))
    assert sentence in "; ".join(gateway.refusals)


def _policy(policy_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "policyId": f"{policy_id}-abcdefghij",
        "name": policy_id,
        "policyEngineId": ENGINE_ID,
        "policyArn": f"{ENGINE}/policy/{policy_id}-abcdefghij",
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "status": "ACTIVE",
        "statusReasons": [],
        "definition": {"cedar": {"statement": PERMIT}},
    } | changes


def _limit(**changes: Any) -> dict[str, Any]:
    return {
        "rateLimitId": "per-tenant",
        "gatewayIdentifier": ID,
        "dimensionKeys": ["targetName", "$.context.jwt.tenant_id"],
        "entries": [
            {
                "dimensions": {"$.context.jwt.tenant_id": "*", "targetName": "aws-operations-v1"},
                "requests": [{"rate": 600, "period": "minute"}, {"rate": 20, "period": "second"}],
                "connections": [{"rate": 5, "period": "second"}],
                "tokens": [{"rate": 9, "period": "minute"}],
            }
        ],
        "status": "ACTIVE",
        "createdAt": WHEN,
        "updatedAt": WHEN,
    } | changes


def test_interceptors_are_read_with_what_they_may_see() -> None:
    def configured(name: str, point: str, **input_configuration: Any) -> dict[str, Any]:
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        return {"interceptor": {"lambda": {"arn": arn}}, "interceptionPoints": [point]} | input_configuration

    both = [
        configured("ask", "REQUEST", inputConfiguration={"passRequestHeaders": True}),
        configured("answer", "RESPONSE"),
    ]
    (gateway,) = _read(_gateway(interceptorConfigurations=both))
    assert gateway.refusals == ()
    arn = "arn:aws:lambda:us-east-1:123456789012:function:"
    assert gateway.request_interceptor == InterceptorRecord(function_arn=f"{arn}ask", pass_headers=True)
    assert gateway.response_interceptor == InterceptorRecord(function_arn=f"{arn}answer", pass_headers=False)


@pytest.mark.parametrize("mode", ["ENFORCE", "LOG_ONLY"])
def test_a_policy_engine_is_read_with_the_policies_in_force(mode: str) -> None:
    policies = [
        _policy("second", enforcementMode="LOG_ONLY"),
        _policy("first"),
        _policy("general", definition={"policy": {"statement": PERMIT}}),
        _policy("changing", status="UPDATING"),
        _policy("new", status="CREATING"),
        _policy("broken", status="CREATE_FAILED"),
    ]
    (gateway,) = _read(_gateway(policyEngineConfiguration={"arn": ENGINE, "mode": mode}), policies=policies)
    assert gateway.refusals == ()
    assert gateway.policy_engine == PolicyEngineRecord(
        arn=ENGINE,
        mode=mode,  # type: ignore[arg-type]
        policies=tuple(
            PolicyRecord(policy_id=f"{name}-abcdefghij", statement=PERMIT, enforced=name != "second")
            for name in ("changing", "first", "general", "second")
        ),
    )


@pytest.mark.parametrize(
    "statement",
    [
        PERMIT.replace(";", ' when temporal { formerly within 1h AgentCore::Action::"t___b"::response{} };'),
        PERMIT.replace(";", ' when guardrails { BedrockGuardrails::PromptAttack(["JAILBREAK"], [context.input.p]) };'),
        "suppressOutput(principal, action, resource);",
        "permit(principal == ?principal, action, resource);",
        "// a remark alone, which allows and forbids nothing",
    ],
)
def test_a_gateway_with_a_policy_that_is_not_plain_cedar_is_marked(statement: str) -> None:
    engine = {"arn": ENGINE, "mode": "ENFORCE"}
    policy = _policy("odd", definition={"cedar": {"statement": statement}})
    (gateway,) = _read(_gateway(policyEngineConfiguration=engine), policies=[policy])
    (refusal,) = gateway.refusals
    assert "its policy odd-abcdefghij is not plain Cedar" in refusal
    policy = _policy("odd", definition={"cedar": {"statement": statement}}, enforcementMode="LOG_ONLY")
    (gateway,) = _read(_gateway(policyEngineConfiguration=engine), policies=[policy])
    assert gateway.refusals == ()


def test_a_gateway_whose_policy_engine_is_gone_is_marked() -> None:
    client = boto3.client(
        "bedrock-agentcore-control", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("list_gateways", {"items": [_summary()]}, {})
        stub.add_response("get_gateway", _gateway(policyEngineConfiguration={"arn": ENGINE, "mode": "ENFORCE"}))
        stub.add_response("list_gateway_targets", {"items": []})
        stub.add_response("list_gateway_rate_limits", {"rateLimits": []})
        stub.add_client_error("list_policies", "ResourceNotFoundException")
        (gateway,) = read_gateways(client)
    assert gateway.refusals == ("its policy engine does not exist",)


def test_rate_limits_are_read_in_the_order_of_their_dimensions() -> None:
    (gateway,) = _read(_gateway(), limits=[_limit(), _limit(rateLimitId="new", status="CREATING")])
    assert gateway.rate_limits == (
        RateLimitRecord(
            rate_limit_id="per-tenant",
            keys=("targetName", "$.context.jwt.tenant_id"),
            entries=(
                RateLimitEntry(
                    values=("aws-operations-v1", "*"),
                    rates=(
                        Rate(metric="requests", rate=600, period="minute"),
                        Rate(metric="requests", rate=20, period="second"),
                        Rate(metric="connections", rate=5, period="second"),
                    ),
                ),
            ),
        ),
    )


@pytest.mark.parametrize("key", ["$.context.request.header.X-Tier", "$.context.request.body.tier", "somethingNew"])
def test_a_rate_limit_that_counts_by_what_is_not_known_here_marks_the_gateway(key: str) -> None:
    limit = _limit(
        dimensionKeys=[key], entries=[{"dimensions": {key: "*"}, "requests": [{"rate": 1, "period": "second"}]}]
    )
    (gateway,) = _read(_gateway(), limits=[limit])
    assert gateway.refusals == (f"its rate limit per-tenant counts by {key}, which is not enforced here",)


def test_a_gateway_without_such_a_check_is_not_marked() -> None:
    (gateway,) = _read(_gateway())
    assert gateway.refusals == ()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:4580/mcp", True),
        ("http://localhost:4580/mcp", True),
        ("http://[::1]:4580/mcp", True),
        ("http://127.0.0.1/mcp", False),
        ("http://127.0.0.1:4580/", False),
        ("https://127.0.0.1:4580/mcp", False),
        ("http://0.0.0.0:4580/mcp", False),
        ("http://10.0.0.1:4580/mcp", False),
        ("http://127.0.0.1.attacker.example:4580/mcp", False),
        ("http://127.0.0.1:99999/mcp", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_are_listened_at(url: str, allowed: bool) -> None:
    assert is_loopback(url) is allowed


async def test_a_tool_schema_in_s3_is_read() -> None:
    aws = EmulatedAws(endpoint_url="http://127.0.0.1:1", region="us-east-1")
    raw = json.dumps([GET_TIME]).encode()
    record = lambda_target(
        configuration={"lambdaArn": FUNCTION, "toolSchema": {"s3": {"uri": "s3://schemas/dir/tools.json"}}}
    )
    context = target_context(record, aws)
    with Stubber(aws.s3) as stub:
        body = StreamingBody(BytesIO(raw), len(raw))
        stub.add_response("get_object", {"Body": body}, {"Bucket": "schemas", "Key": "dir/tools.json"})
        target = await lambda_function.build(context)
        assert [tool.name for tool in target.tools] == ["get_time"]
        stub.add_client_error("get_object", "NoSuchKey")
        with pytest.raises(UnusableTargetError, match="aws-operations-v1: its schema s3://schemas/dir"):
            await lambda_function.build(context)
