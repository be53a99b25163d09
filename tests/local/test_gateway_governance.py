"""The local gateway's checks against the emulated AWS: what was deployed through boto3 is what a caller meets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from local.gateway.aws import EmulatedAws
from local.gateway.log_delivery import STREAM
from local.gateway.outbound import Outbound
from local.gateway.supervisor import Supervisor
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, LAMBDA_TRUST, allow, function, get_att, outputs, role, stack
from tests.unit.local_gateway_support import CLIENT, DISCOVERY, FakeProvider, bearer

PREFIX = "arn:aws:bedrock-agentcore:us-east-1:123456789012"
GROUP = "/aws/vendedlogs/bedrock-agentcore/gateway/governed"
REFUND = {
    "name": "refund",
    "description": "Pays back",
    "inputSchema": {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]},
}
READ = {"name": "read", "description": "Reads", "inputSchema": {"type": "object"}}
ASK = """
def handler(event, context):
    body = event["mcp"]["gatewayRequest"]["body"]
    new = {"headers": {"X-Tenant-ID": "acme"}, "body": body}
    return {"interceptorOutputVersion": "1.0", "mcp": {"transformedGatewayRequest": new}}
"""
ANSWER = """
def handler(event, context):
    mcp = event["mcp"]
    body = mcp["gatewayResponse"]["body"] or {}
    body["tenant"] = mcp["gatewayRequest"]["headers"]["x-tenant-id"]
    return {"interceptorOutputVersion": "1.0", "mcp": {"transformedGatewayResponse": {"body": body}}}
"""
TOOL = """
def handler(event, context):
    return {"amount": event["amount"], "headers": context.client_context.custom["bedrockAgentCorePropagatedHeaders"]}
"""


@pytest.fixture(scope="module")
def base(emulator: Emulator) -> Iterator[dict[str, str]]:
    """Two interceptors, a tool's function, the gateway's role and its log group."""
    functions = ("Ask", "Answer", "Tool")
    engines, gateways = f"{PREFIX}:policy-engine/*", f"{PREFIX}:gateway/*"
    evaluate = ("bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions")
    resources = {
        "Role": role(LAMBDA_TRUST),
        "Ask": function(ASK),
        "Answer": function(ANSWER),
        "Tool": function(TOOL),
        "Gateway": role(
            GATEWAY_TRUST,
            allow("lambda:InvokeFunction", resource=[get_att(name, "Arn") for name in functions]),
            allow("bedrock-agentcore:GetPolicyEngine", resource=engines),
            allow(*evaluate, resource=[engines, gateways]),
        ),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": GROUP}},
    }
    with stack(emulator, "gateway-governance") as made:
        yield made.create(resources, Outputs=outputs(**{name: get_att(name, "Arn") for name in resources}))


def _interceptor(arn: str, point: str) -> dict[str, Any]:
    return {
        "interceptor": {"lambda": {"arn": arn}},
        "interceptionPoints": [point],
        "inputConfiguration": {"passRequestHeaders": True},
    }


@pytest.fixture(scope="module")
def gateway(emulator: Emulator, base: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A gateway with interceptors, a policy engine, a rate limit and a log delivery."""
    control, logs = emulator.client("bedrock-agentcore-control"), emulator.client("logs")
    engine = control.create_policy_engine(name="governed")
    made: dict[str, Any] = control.create_gateway(
        name="governed",
        roleArn=base["Gateway"],
        protocolType="MCP",
        authorizerType="CUSTOM_JWT",
        authorizerConfiguration={"customJWTAuthorizer": {"discoveryUrl": DISCOVERY, "allowedClients": [CLIENT]}},
        policyEngineConfiguration={"arn": engine["policyEngineArn"], "mode": "ENFORCE"},
        interceptorConfigurations=[_interceptor(base["Ask"], "REQUEST"), _interceptor(base["Answer"], "RESPONSE")],
    )
    target = control.create_gateway_target(
        gatewayIdentifier=made["gatewayId"],
        name="bank",
        targetConfiguration={
            "mcp": {"lambda": {"lambdaArn": base["Tool"], "toolSchema": {"inlinePayload": [REFUND, READ]}}}
        },
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
        metadataConfiguration={"allowedRequestHeaders": ["X-Tenant-ID"]},
    )
    policy = control.create_policy(
        policyEngineId=engine["policyEngineId"],
        name="refunds",
        definition={
            "cedar": {
                "statement": 'permit(principal is AgentCore::OAuthUser, action == AgentCore::Action::"bank___refund", '
                f'resource == AgentCore::Gateway::"{made["gatewayArn"]}") when {{ principal.hasTag("groups") && '
                'principal.getTag("groups") like "*\\"desk\\"*" && '
                'context.input.amount.lessThan(decimal("500.0")) };'
            }
        },
    )
    control.create_gateway_rate_limit(
        gatewayIdentifier=made["gatewayId"],
        dimensionKeys=["$.context.jwt.tenant_id"],
        entries=[{"dimensions": {"$.context.jwt.tenant_id": "*"}, "requests": [{"rate": 2, "period": "minute"}]}],
    )
    logs.put_delivery_source(name="governed-logs", resourceArn=made["gatewayArn"], logType="APPLICATION_LOGS")
    destination = logs.put_delivery_destination(
        name="governed-logs", deliveryDestinationConfiguration={"destinationResourceArn": base["Logs"]}
    )["deliveryDestination"]
    logs.create_delivery(deliverySourceName="governed-logs", deliveryDestinationArn=destination["arn"])
    yield made
    control.delete_gateway_target(gatewayIdentifier=made["gatewayId"], targetId=target["targetId"])
    control.delete_gateway(gatewayIdentifier=made["gatewayId"])
    control.delete_policy(policyEngineId=engine["policyEngineId"], policyId=policy["policyId"])
    control.delete_policy_engine(policyEngineId=engine["policyEngineId"])


@contextlib.asynccontextmanager
async def _running(emulator: Emulator, url: str) -> AsyncIterator[None]:
    """Run the local gateway against the emulator until it serves this URL."""
    aws = EmulatedAws(endpoint_url=emulator.endpoint_url, region="us-east-1")
    outbound = Outbound(edge_url=emulator.edge_url, ca_file=emulator.ca)
    async with FakeProvider().client() as provider, httpx2.AsyncClient(trust_env=False) as http:
        stop = asyncio.Event()
        running = asyncio.create_task(Supervisor(aws=aws, http=provider, outbound=outbound).run(stop))
        try:
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx2.ConnectError):
                    if (await http.get(url)).status_code == 401:
                        break
                await asyncio.sleep(0.1)
            yield
        finally:
            stop.set()
            await running


async def test_what_is_deployed_is_enforced_and_recorded(emulator: Emulator, gateway: dict[str, Any]) -> None:
    url = gateway["gatewayUrl"]
    async with _running(emulator, url), httpx2.AsyncClient(trust_env=False, timeout=30) as http:

        async def ask(method: str, params: Any = None, *, groups: str = "desk", **claims: Any) -> httpx2.Response:
            body = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": params} if params else {})
            headers = {"accept": "application/json", "x-tenant-id": "forged"}
            return await http.post(url, json=body, headers=headers | bearer(groups=[groups], **claims))

        async def refund(amount: float, **claims: Any) -> Any:
            arguments = {"name": "bank___refund", "arguments": {"amount": amount}}
            return (await ask("tools/call", arguments, **claims)).json()

        for attempt in range(50):  # the control plane is read once a second; each tenant has a budget of its own
            if (await ask("tools/list", tenant_id=f"waiting-{attempt}")).json()["result"]["tools"]:
                break
            await asyncio.sleep(0.2)
        listed = (await ask("tools/list")).json()
        assert [tool["name"] for tool in listed["result"]["tools"]] == ["bank___refund"]
        assert (await ask("tools/list", groups="other")).json()["result"]["tools"] == []
        paid = await refund(3)
        assert paid["tenant"] == "acme"
        text = json.loads(paid["result"]["content"][0]["text"])
        assert text == {"amount": 3, "headers": {"X-Tenant-ID": "acme"}}
        assert (await refund(900))["error"]["code"] == -32002
        assert (await refund(3, groups="other"))["error"]["code"] == -32002
        statuses = [(await ask("ping", tenant_id="acme")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        refused = await http.post(url, json={}, headers={"accept": "application/json"})
        assert refused.status_code == 401
    events = emulator.client("logs").get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]
    records = [json.loads(event["message"]) for event in events]
    (missing,) = [record for record in records if record["request_id"] == refused.headers["x-amzn-requestid"]]
    assert missing["body"] == {"isError": True, "log": "Missing Bearer token"}
    assert any("name=bank___refund" in record["body"].get("requestBody", "") for record in records)
