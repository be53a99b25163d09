"""Policy and rate limits on the local gateway as a caller meets them, and the order of all its checks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from local.gateway.configuration import (
    PolicyEngineRecord,
    PolicyRecord,
    Rate,
    RateLimitEntry,
    RateLimitRecord,
)
from tests.unit.local_gateway_support import GET_TIME, Running, bearer, gateway_record, lambda_target, running_gateway
from tests.unit.test_local_gateway_interceptors import BOTH, JSON, Seen

ARN = gateway_record(port=1).arn
TIME = "aws-operations-v1___get_time"
HELLO = "aws-operations-v1___hello_world"
SEARCH = "x_amz_bedrock_agentcore_search"
DENIED = "Tool Execution Denied: Tool call not allowed due to policy enforcement [{}]"
NO_POLICY = "No policy applies to the request (denied by default)."

Event = dict[str, Any]


def _permit(actions: str, condition: str = "true", effect: str = "permit") -> str:
    named = ", ".join(f'AgentCore::Action::"{name}"' for name in actions.split())
    return f'{effect}(principal, action in [{named}], resource == AgentCore::Gateway::"{ARN}") when {{ {condition} }};'


def _engine(*statements: str, mode: Any = "ENFORCE") -> PolicyEngineRecord:
    policies = tuple(
        PolicyRecord(policy_id=f"p{number}-abcdefghij", statement=statement)
        for number, statement in enumerate(statements)
    )
    return PolicyEngineRecord(arn="arn:engine", mode=mode, policies=policies)


def _limit(key: str, rate: float, *, rate_limit_id: str = "limit") -> RateLimitRecord:
    entry = RateLimitEntry(values=("*",), rates=(Rate(metric="requests", rate=rate, period="minute"),))
    return RateLimitRecord(rate_limit_id=rate_limit_id, keys=(key,), entries=(entry,))


async def _ask(gateway: Running, method: str, params: dict[str, Any] | None = None, **claims: Any) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": "q-1", "method": method} | ({"params": params} if params is not None else {})
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(gateway.url, json=body, headers=JSON | bearer(**claims))


async def _call(gateway: Running, tool: str, arguments: dict[str, Any], **claims: Any) -> Any:
    answer = await _ask(gateway, "tools/call", {"name": tool, "arguments": arguments}, **claims)
    return answer.json()


async def _names(gateway: Running, **claims: Any) -> list[str]:
    listed = (await _ask(gateway, "tools/list", **claims)).json()["result"]["tools"]
    return [tool["name"] for tool in listed]


GROUPS = 'principal.hasTag("groups") && principal.getTag("groups") like "*\\"acme/a\\"*"'


async def test_a_caller_sees_and_calls_what_policies_permit() -> None:
    engine = _engine(_permit(HELLO, GROUPS), _permit(TIME, 'context.input.zone == "UTC"'))
    async with running_gateway(policy_engine=engine) as gateway:
        assert await _names(gateway, groups=["acme/a"]) == [SEARCH, TIME, HELLO]
        assert await _names(gateway, groups=["acme/b"]) == [SEARCH, TIME]
        denied = await _ask(gateway, "tools/call", {"name": HELLO, "arguments": {"name": "x"}}, groups=["acme/b"])
        assert denied.status_code == 200
        assert denied.json() == {
            "jsonrpc": "2.0",
            "id": "q-1",
            "error": {"code": -32002, "message": DENIED.format(NO_POLICY)},
        }
        assert (await _call(gateway, TIME, {"zone": "CET"}))["error"]["code"] == -32002
        assert gateway.aws.invocations == []
        await _call(gateway, TIME, {"zone": "UTC"})
        await _call(gateway, HELLO, {"name": "x"}, groups=["acme/a"])
        assert [json.loads(call["Payload"]) for call in gateway.aws.invocations] == [{"zone": "UTC"}, {"name": "x"}]


async def test_the_policy_that_denies_is_named() -> None:
    engine = _engine(_permit(HELLO), _permit("aws-operations-v1", 'principal.hasTag("off")', effect="forbid"))
    async with running_gateway(policy_engine=engine) as gateway:
        error = (await _call(gateway, HELLO, {}, off=True))["error"]
        assert error["message"] == DENIED.format("Policy evaluation denied due to p1-abcdefghij")


async def test_search_finds_only_what_the_caller_may_call() -> None:
    async with running_gateway(policy_engine=_engine(_permit(TIME))) as gateway:
        found = await _call(gateway, SEARCH, {"query": "greet time"})
        assert [tool["name"] for tool in found["result"]["structuredContent"]["tools"]] == [TIME]


async def test_an_engine_without_policies_locks_the_gateway() -> None:
    async with running_gateway(policy_engine=_engine(), semantic_search=False) as gateway:
        assert await _names(gateway) == []
        assert (await _call(gateway, HELLO, {}))["error"]["code"] == -32002


async def test_an_engine_that_only_logs_hides_and_denies_nothing() -> None:
    async with running_gateway(policy_engine=_engine(mode="LOG_ONLY")) as gateway:
        assert await _names(gateway) == [SEARCH, TIME, HELLO]
        assert (await _call(gateway, HELLO, {}))["result"]["content"]


@pytest.mark.parametrize("mode", ["ENFORCE", "LOG_ONLY"])
async def test_an_unknown_tool_is_unknown_whoever_asks(mode: str) -> None:
    async with running_gateway(policy_engine=_engine(mode=mode)) as gateway:
        error = (await _call(gateway, "aws-operations-v1___nothing", {}))["error"]
        assert (error["code"], error["message"]) == (-32602, "Unknown tool: aws-operations-v1___nothing")


async def test_only_who_may_call_a_tool_learns_what_is_wrong_with_the_arguments() -> None:
    async with running_gateway(policy_engine=_engine(_permit(TIME, GROUPS))) as gateway:
        allowed = await _call(gateway, TIME, {"zone": 7}, groups=["acme/a"])
        assert "Field 'zone' has invalid type" in allowed["result"]["content"][0]["text"]
        assert (await _call(gateway, TIME, {"zone": 7}))["error"]["message"] == DENIED.format(NO_POLICY)
        assert gateway.aws.invocations == []


async def test_pages_leave_out_what_is_hidden() -> None:
    tools = [GET_TIME | {"name": f"tool_{number:03}"} for number in range(250)]
    even = " ".join(f"aws-operations-v1___tool_{number:03}" for number in range(0, 250, 2))
    async with running_gateway(
        policy_engine=_engine(_permit(even)), targets=(lambda_target(*tools),), semantic_search=False
    ) as gateway:
        first = (await _ask(gateway, "tools/list")).json()["result"]
        second = (await _ask(gateway, "tools/list", {"cursor": first["nextCursor"]})).json()["result"]
        names = [tool["name"] for page in (first, second) for tool in page["tools"]]
        assert names == even.split()
        assert "nextCursor" not in second


async def test_a_new_policy_counts_from_the_next_request_on() -> None:
    async with running_gateway(policy_engine=_engine()) as gateway:
        assert "error" in await _call(gateway, HELLO, {})
        await gateway.redeploy(replace(gateway.record, policy_engine=_engine(_permit(HELLO))))
        assert "result" in await _call(gateway, HELLO, {})
        await gateway.redeploy(replace(gateway.record, policy_engine=None))
        assert await _names(gateway) == [SEARCH, TIME, HELLO]


async def test_a_policy_that_cannot_be_parsed_closes_the_gateway() -> None:
    async with running_gateway() as gateway:
        await gateway.redeploy(replace(gateway.record, policy_engine=_engine("permit(nobody")))
        answer = await _ask(gateway, "tools/list")
        assert answer.status_code == 503
        assert "its configuration failed" in answer.json()["error"]["message"]


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_caller_over_a_limit_is_told_so(streaming: bool) -> None:
    async with running_gateway(rate_limits=(_limit("$.context.jwt.tenant_id", 2),), streaming=streaming) as gateway:
        for _ in range(2):
            assert (await _ask(gateway, "tools/list", tenant_id="acme")).status_code == 200
        answer = await _ask(gateway, "tools/call", {"name": HELLO, "arguments": {}}, tenant_id="acme")
        assert answer.status_code == 429
        assert answer.json() == {
            "jsonrpc": "2.0",
            "id": "q-1",
            "error": {
                "code": -32003,
                "message": "Rate limit exceeded",
                "data": {"limitKey": "limit/$.context.jwt.tenant_id=acme", "metric": "requests", "retryAfter": 30},
            },
        }
        assert gateway.aws.invocations == []
        assert (await _ask(gateway, "tools/list", tenant_id="other")).status_code == 200


async def test_what_has_been_used_up_stays_so_when_the_gateway_is_deployed_again() -> None:
    async with running_gateway(rate_limits=(_limit("toolName", 1),)) as gateway:
        assert "result" in await _call(gateway, HELLO, {})
        await gateway.redeploy(replace(gateway.record, debug=True))
        assert "error" in await _call(gateway, HELLO, {})
        await gateway.redeploy(replace(gateway.record, rate_limits=(_limit("toolName", 5),)))
        assert "result" in await _call(gateway, HELLO, {})


def _refusing(seen: Seen) -> None:
    refusal = {"jsonrpc": "2.0", "id": "q-1", "error": {"code": -32600, "message": "no"}}
    seen.ask = lambda _event: {
        "interceptorOutputVersion": "1.0",
        "mcp": {"transformedGatewayResponse": {"statusCode": 403, "body": refusal}},
    }


@pytest.mark.parametrize(
    ("passes", "status", "code"),
    [
        ((), 401, -32001),
        (("authorizer",), 403, -32600),
        (("authorizer", "interceptor"), 200, -32002),
        (("authorizer", "interceptor", "policy"), 429, -32003),
        (("authorizer", "interceptor", "policy", "limits"), 200, None),
    ],
)
async def test_the_checks_come_in_the_order_of_agentcore(
    passes: tuple[str, ...], status: int, code: int | None
) -> None:
    """Everything refuses but the checks that `passes` names: the first that refuses answers."""
    async with running_gateway(
        **BOTH,
        policy_engine=_engine(_permit(HELLO)) if "policy" in passes else _engine(),
        rate_limits=(_limit("toolName", 100 if "limits" in passes else 0),),
    ) as gateway:
        seen = Seen(gateway)
        if "interceptor" not in passes:
            _refusing(seen)
        body = {"jsonrpc": "2.0", "id": "q-1", "method": "tools/call", "params": {"name": HELLO, "arguments": {}}}
        token = bearer() if "authorizer" in passes else {}
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(gateway.url, json=body, headers=JSON | token)
        assert answer.status_code == status
        assert answer.json().get("error", {}).get("code") == code
        assert len(seen.requests) == len(seen.responses) == (1 if passes else 0)
        if seen.responses:
            given = seen.responses[0]["mcp"]["gatewayResponse"]
            assert (given["statusCode"], given["body"]) == (status, answer.json())
        assert len(gateway.aws.invocations) == (0 if code else 1)


async def test_a_denied_call_uses_up_no_limit() -> None:
    async with running_gateway(
        policy_engine=_engine(_permit(HELLO, GROUPS)), rate_limits=(_limit("toolName", 1),)
    ) as gateway:
        for _ in range(3):
            assert (await _call(gateway, HELLO, {}))["error"]["code"] == -32002
        assert "result" in await _call(gateway, HELLO, {}, groups=["acme/a"])


async def test_the_policy_judges_what_the_interceptor_made_of_the_call() -> None:
    async with running_gateway(**BOTH, policy_engine=_engine(_permit(TIME, 'context.input.zone == "UTC"'))) as gateway:
        seen = Seen(gateway)

        def ask(event: Event) -> Event:
            body = event["mcp"]["gatewayRequest"]["body"]
            body["params"]["arguments"]["zone"] = "UTC"
            return {"interceptorOutputVersion": "1.0", "mcp": {"transformedGatewayRequest": {"body": body}}}

        assert "error" in await _call(gateway, TIME, {"zone": "CET"})
        seen.ask = ask
        assert "result" in await _call(gateway, TIME, {"zone": "CET"})


async def test_the_policy_knows_the_caller_by_the_verified_token_alone() -> None:
    async with running_gateway(**BOTH, policy_engine=_engine(_permit(HELLO, GROUPS))) as gateway:
        seen = Seen(gateway)
        forged = bearer(groups=["acme/a"])["Authorization"]
        seen.ask = lambda event: {
            "interceptorOutputVersion": "1.0",
            "mcp": {
                "transformedGatewayRequest": {
                    "body": event["mcp"]["gatewayRequest"]["body"],
                    "headers": {"Authorization": forged},
                }
            },
        }
        assert (await _call(gateway, HELLO, {}))["error"]["code"] == -32002


async def test_a_tool_that_appears_only_after_the_call_was_judged_is_not_called() -> None:
    """A target that lists its tools anew may have one by the time the MCP server looks: nobody judged that call."""
    async with running_gateway(policy_engine=_engine(), semantic_search=False) as gateway:
        (listener,) = gateway.supervisor._listeners.values()
        state = listener.application._state
        assert not isinstance(state, str)
        find, asked = state.pipeline.catalogue.find, []

        def late(name: str) -> Any:
            asked.append(name)
            return find(name) if len(asked) > 1 else None

        state.pipeline.catalogue.find = late  # type: ignore[method-assign]
        assert (await _call(gateway, HELLO, {}))["error"]["code"] == -32002
        assert gateway.aws.invocations == []
