"""Rate limits of gateways: what AgentCore refuses of them, and that a template's become what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, StackFailedError, get_att, outputs, ref, role, stack

TENANT = "$.context.jwt.tenant_id"


@pytest.fixture(scope="module")
def role_arn(emulator: Emulator) -> Iterator[str]:
    """A role for gateways."""
    with stack(emulator, "limits-base") as made:
        yield made.create({"Role": role(GATEWAY_TRUST)}, Outputs=outputs(Role=get_att("Role", "Arn")))["Role"]


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
    """The control plane's client; the gateways that a test leaves are removed with their limits."""
    client = emulator.client("bedrock-agentcore-control")
    yield client
    for gateway in client.list_gateways()["items"]:
        client.delete_gateway(gatewayIdentifier=gateway["gatewayId"])


@pytest.fixture
def gateway(control: Any, role_arn: str) -> str:
    made = control.create_gateway(name="limits", roleArn=role_arn, protocolType="MCP", authorizerType="NONE")
    return str(made["gatewayId"])


def entry(rate: float = 10, period: str = "minute", **dimensions: str) -> dict[str, Any]:
    """An entry for requests; dimensions by the last part of their key, a tenant's by `tenant`."""
    named = {TENANT if name == "tenant" else name: value for name, value in dimensions.items()}
    return {"dimensions": named, "requests": [{"rate": rate, "period": period}]}


def create(control: Any, gateway: str, *entries: dict[str, Any], keys: list[str] | None = None, **more: Any) -> Any:
    return control.create_gateway_rate_limit(
        gatewayIdentifier=gateway, dimensionKeys=keys or [TENANT], entries=list(entries), **more
    )


def test_a_rate_limit_lives_and_ends(control: Any, gateway: str) -> None:
    entries = [entry(600, tenant="acme-corp"), entry(0, "second", tenant="*")]
    made = create(control, gateway, *entries, description="Per tenant", rateLimitId="per-tenant")
    assert (made["status"], made["rateLimitId"]) == ("CREATING", "per-tenant")
    names = {"gatewayIdentifier": gateway, "rateLimitId": "per-tenant"}
    found = control.get_gateway_rate_limit(**names)
    assert (found["status"], found["entries"], found["dimensionKeys"]) == ("ACTIVE", entries, [TENANT])
    changed = control.update_gateway_rate_limit(**names, entries=[entry(5, tenant="*")])
    assert (changed["status"], changed["description"]) == ("UPDATING", "Per tenant")
    (listed,) = control.list_gateway_rate_limits(gatewayIdentifier=gateway)["rateLimits"]
    assert listed["entries"] == [entry(5, tenant="*")]
    control.delete_gateway_rate_limit(**names)
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_gateway_rate_limit(**names)


@pytest.mark.parametrize(
    ("keys", "entries", "message"),
    [
        ([TENANT], [entry(tenant="a", toolName="b")], "dimensions of an entry must be"),
        ([TENANT, "toolName"], [entry(tenant="a")], "dimensions of an entry must be"),
        ([TENANT, "toolName"], [entry(tenant="*", toolName="b")], "may only stand in trailing positions"),
        ([TENANT], [entry(tenant="a"), entry(tenant="a")], "a has more than one entry"),
        ([TENANT], [{"dimensions": {TENANT: "a"}}], "has none of requests, tokens, connections"),
        ([TENANT], [entry(10_000_001, tenant="a")], "less than or equal to 10000000"),
        ([TENANT], [entry(1, "hour", tenant="a")], "enum value set"),
        ([TENANT], [{"dimensions": {TENANT: "a"}, "connections": [{"rate": 1, "period": "minute"}]}], "second only"),
        ([TENANT], [{"dimensions": {TENANT: "a"}, "tokens": [{"rate": 1, "period": "second"}]}], "minute only"),
        (["tenant"], [{**entry(), "dimensions": {"tenant": "a"}}], "regular expression"),
        ([TENANT, TENANT], [entry(tenant="a")], "more than once"),
        ([TENANT], [entry(tenant=str(number)) for number in range(1001)], "length less than or equal to 1000"),
    ],
)
def test_what_aws_refuses(
    control: Any, gateway: str, keys: list[str], entries: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(control.exceptions.ValidationException, match=message):
        create(control, gateway, *entries, keys=keys)


def test_dimension_keys_are_taken_once(control: Any, gateway: str) -> None:
    create(control, gateway, entry(tenant="*", toolName="*"), keys=[TENANT, "toolName"])
    with pytest.raises(control.exceptions.ConflictException, match="same dimension keys"):
        create(control, gateway, entry(tenant="a", toolName="b"), keys=["toolName", TENANT])
    create(control, gateway, entry(tenant="*"), rateLimitId="mine")
    with pytest.raises(control.exceptions.ConflictException, match="ID mine already exists"):
        create(control, gateway, entry(toolName="*"), keys=["toolName"], rateLimitId="mine")


def test_a_gateway_has_at_most_fifty(control: Any, gateway: str) -> None:
    for number in range(50):
        key = f"$.context.jwt.claim{number}"
        create(control, gateway, {"dimensions": {key: "*"}, "requests": [{"rate": 1, "period": "second"}]}, keys=[key])
    with pytest.raises(control.exceptions.ServiceQuotaExceededException, match="at most 50"):
        create(control, gateway, entry(tenant="*"))


def test_many_are_put_at_once_or_none(control: Any, gateway: str) -> None:
    first = create(control, gateway, entry(1, tenant="*"))
    tools = {"dimensionKeys": ["toolName"], "entries": [entry(toolName="*")]}
    broken = {"dimensionKeys": [TENANT], "entries": [entry(toolName="*")]}
    with pytest.raises(control.exceptions.ValidationException):
        control.batch_put_gateway_rate_limits(gatewayIdentifier=gateway, rateLimits=[tools, broken])
    assert len(control.list_gateway_rate_limits(gatewayIdentifier=gateway)["rateLimits"]) == 1
    changed = {"dimensionKeys": [TENANT], "entries": [entry(2, tenant="*")]}
    answer = control.batch_put_gateway_rate_limits(gatewayIdentifier=gateway, rateLimits=[changed, tools])
    assert [limit["status"] for limit in answer["rateLimits"]] == ["UPDATING", "CREATING"]
    assert answer["rateLimits"][0]["rateLimitId"] == first["rateLimitId"]
    listed = control.list_gateway_rate_limits(gatewayIdentifier=gateway)["rateLimits"]
    assert [limit["entries"][0]["requests"][0]["rate"] for limit in listed] == [2, 10]


def limited(role_arn: str, **changes: Any) -> dict[str, Any]:
    """A gateway and its rate limit, as a template."""
    entries = [{"Dimensions": {TENANT: "*"}, "Requests": [{"Rate": 600, "Period": "minute"}]}]
    settings = {"Name": "limited", "ProtocolType": "MCP", "AuthorizerType": "NONE", "RoleArn": role_arn}
    return {
        "Gateway": {"Type": "AWS::BedrockAgentCore::Gateway", "Properties": settings},
        "Limit": {
            "Type": "AWS::BedrockAgentCore::GatewayRateLimit",
            "Properties": {
                "GatewayIdentifier": ref("Gateway"),
                "DimensionKeys": [TENANT],
                "Entries": entries,
                **changes,
            },
        },
    }


def test_a_stack_with_a_rate_limit(emulator: Emulator, control: Any, role_arn: str) -> None:
    with stack(emulator, "limited") as made:
        told = made.create(
            limited(role_arn), Outputs=outputs(Id=get_att("Limit", "RateLimitId"), Status=get_att("Limit", "Status"))
        )
        gateway = made.id_of("Gateway")
        assert (made.id_of("Limit"), told["Status"]) == (f"{gateway}|{told['Id']}", "ACTIVE")
        slower = [{"Dimensions": {TENANT: "*"}, "Requests": [{"Rate": 60, "Period": "minute"}]}]
        made.update(limited(role_arn, Entries=slower, Description="slower"))
        (limit,) = control.list_gateway_rate_limits(gatewayIdentifier=gateway)["rateLimits"]
        assert (limit["rateLimitId"], limit["description"], limit["entries"]) == (
            told["Id"],
            "slower",
            [entry(60, tenant="*")],
        )
        by_tool = [{"Dimensions": {"toolName": "*"}, "Requests": [{"Rate": 1, "Period": "second"}]}]
        made.update(limited(role_arn, DimensionKeys=["toolName"], Entries=by_tool))
        assert made.id_of("Limit") != f"{gateway}|{told['Id']}", "other keys make another limit"
        (limit,) = control.list_gateway_rate_limits(gatewayIdentifier=gateway)["rateLimits"]
        assert limit["dimensionKeys"] == ["toolName"]
        second = limited(role_arn, DimensionKeys=["toolName"], Entries=by_tool)
        second["Second"] = {**second["Limit"], "DependsOn": "Limit"}
        with pytest.raises(StackFailedError, match="same dimension keys already exists"):
            made.update(second)
