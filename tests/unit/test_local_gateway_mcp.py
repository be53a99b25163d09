"""The local gateway as the official MCP client sees it, in every protocol version, and what reaches the function."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

from local.gateway.answers import INTERNAL_ERROR_TEXT
from local.gateway.search import rank
from local.gateway.tools import PAGE_SIZE
from tests.unit.local_gateway_support import (
    FUNCTION,
    GET_TIME,
    HELLO,
    VERSIONS,
    Running,
    bearer,
    lambda_target,
    post,
    running_gateway,
)

SEARCH = "x_amz_bedrock_agentcore_search"
TIME = "aws-operations-v1___get_time"
HELLO_WORLD = "aws-operations-v1___hello_world"


@contextlib.asynccontextmanager
async def _client(gateway: Running, *, mode: str = "auto", **headers: str) -> AsyncIterator[Client]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with create_mcp_http_client(headers=bearer() | named) as http:
        transport = streamable_http_client(gateway.url, http_client=http)
        async with Client(transport, mode=mode, cache=None) as client:
            yield client


def _text(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


async def _raw(gateway: Running, version: str, method: str, params: dict[str, Any] | None = None) -> Any:
    """One request in one protocol version, without a client that smooths anything."""
    headers = {"accept": "application/json, text/event-stream", "mcp_protocol_version": version} | bearer()
    if version == "2026-07-28":
        meta = {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = (params or {}) | {"_meta": meta}
        headers["mcp_method"] = method
        if "name" in params:
            headers["mcp_name"] = params["name"]
    return await post(gateway.url, method, params=params, **headers)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("streaming", [False, True], ids=["json", "streaming"])
async def test_the_official_client_lists_and_calls_tools_in_every_version(version: str, streaming: bool) -> None:
    async with running_gateway(supported_versions=(version,), streaming=streaming) as gateway:
        gateway.aws.function = lambda event: {"time": f"noon in {event['zone']}"}
        async with _client(gateway) as client:
            assert client.protocol_version == version
            listed = await client.list_tools()
            assert [tool.name for tool in listed.tools] == [SEARCH, TIME, HELLO_WORLD]
            result = await client.call_tool(TIME, {"zone": "UTC"})
            assert not result.is_error
            assert json.loads(_text(result)) == {"time": "noon in UTC"}
            if version >= "2025-06-18":
                assert result.structured_content == {"time": "noon in UTC"}


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_is_served_on_one_gateway(version: str) -> None:
    async with running_gateway() as gateway:
        answer = (await _raw(gateway, version, "tools/call", {"name": HELLO_WORLD, "arguments": {}})).json()
        assert json.loads(answer["result"]["content"][0]["text"]) == {"echo": {}}


@pytest.mark.parametrize(
    ("supported", "requested", "negotiated"),
    [
        (VERSIONS, "2025-03-26", "2025-03-26"),
        (VERSIONS, "2025-06-18", "2025-06-18"),
        (VERSIONS, "2025-11-25", "2025-11-25"),
        (VERSIONS, "2024-11-05", "2025-11-25"),
        (VERSIONS, "2030-01-01", "2025-11-25"),
        (("2025-03-26", "2025-06-18"), "2025-11-25", "2025-06-18"),
        (("2025-03-26",), "2025-06-18", "2025-03-26"),
    ],
)
async def test_initialize_negotiates_among_the_versions_of_the_gateway(
    supported: Sequence[str], requested: str, negotiated: str
) -> None:
    async with running_gateway(supported_versions=tuple(supported), instructions="Be brief.") as gateway:
        params = {"protocolVersion": requested, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        answer = await post(gateway.url, "initialize", params=params, accept="application/json", **bearer())
        result = answer.json()["result"]
        assert result["protocolVersion"] == negotiated
        assert result["serverInfo"]["name"] == "foundation-dev"
        assert result["instructions"] == "Be brief."
        assert "mcp-session-id" not in answer.headers


async def test_a_gateway_of_the_newest_version_alone_does_not_shake_hands() -> None:
    async with running_gateway(supported_versions=("2026-07-28",)) as gateway:
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        answer = await post(gateway.url, "initialize", params=params, accept="application/json", **bearer())
        assert answer.json()["error"]["code"] == types.UNSUPPORTED_PROTOCOL_VERSION


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28", "2024-11-05", "nonsense"])
async def test_a_version_that_the_gateway_does_not_list_is_refused(version: str) -> None:
    async with running_gateway(supported_versions=("2025-11-25",)) as gateway:
        answer = await _raw(gateway, version, "tools/list")
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == types.UNSUPPORTED_PROTOCOL_VERSION
        assert answer.json()["error"]["data"] == {"supported": ["2025-11-25"], "requested": version}


async def test_a_request_that_names_no_version_is_one_of_2025_03_26() -> None:
    async with running_gateway(supported_versions=("2025-11-25",)) as gateway:
        answer = await post(gateway.url, "tools/list", params={}, accept="application/json", **bearer())
        assert answer.json()["error"]["data"]["requested"] == "2025-03-26"


async def test_discover_names_the_stateless_versions_of_the_gateway() -> None:
    async with running_gateway(instructions="Be brief.") as gateway:
        result = (await _raw(gateway, "2026-07-28", "server/discover")).json()["result"]
        assert result["supportedVersions"] == ["2026-07-28"]
        assert result["instructions"] == "Be brief."
        assert "tools" in result["capabilities"]


async def test_the_headers_of_the_newest_version_must_agree_with_the_body() -> None:
    async with running_gateway() as gateway:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"name": TIME, "arguments": {"zone": "UTC"}, "_meta": meta}
        headers = {"accept": "application/json", "mcp_protocol_version": "2026-07-28", "mcp_method": "tools/call"}
        named = headers | bearer() | {"mcp_name": HELLO_WORLD}
        answer = await post(gateway.url, "tools/call", params=params, **named)
        assert answer.status_code == 400
        assert gateway.aws.invocations == []


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_the_function_gets_arguments_as_event_and_the_call_in_the_client_context(version: str) -> None:
    target = lambda_target(request_headers=("X-Tenant-ID",), query_parameters=("stage",))
    async with running_gateway(targets=(target,)) as gateway:
        mode = "auto" if version == "2026-07-28" else "legacy"
        async with _client(gateway, mode=mode, x_tenant_id="acme-corp", x_other="not propagated") as client:
            await client.call_tool(TIME, {"zone": "UTC"})
        (call,) = gateway.aws.invocations
        assert call["FunctionName"] == FUNCTION
        assert call["InvocationType"] == "RequestResponse"
        assert json.loads(call["Payload"]) == {"zone": "UTC"}
        custom = call["Custom"]
        assert custom.pop("bedrockAgentCoreAwsRequestId")
        assert custom.pop("bedrockAgentCoreMcpMessageId")
        assert custom == {
            "bedrockAgentCoreMessageVersion": "1.0",
            "bedrockAgentCoreGatewayId": gateway.record.gateway_id,
            "bedrockAgentCoreTargetId": "TARGET0001",
            "bedrockAgentCoreToolName": TIME,
            "bedrockAgentCorePropagatedHeaders": {"X-Tenant-ID": "acme-corp"},
        }
        assert gateway.aws.assumed == [gateway.record.role_arn]


async def test_only_allowed_query_parameters_are_propagated() -> None:
    target = lambda_target(query_parameters=("stage",))
    async with running_gateway(targets=(target,)) as gateway:
        params = {"name": HELLO_WORLD, "arguments": {}}
        url = f"{gateway.url}?stage=beta&other=1"
        assert (await post(url, "tools/call", params=params, accept="application/json", **bearer())).is_success
        custom = gateway.aws.invocations[0]["Custom"]
        assert custom["bedrockAgentCorePropagatedQueryParameters"] == {"stage": "beta"}
        assert "bedrockAgentCorePropagatedHeaders" not in custom


async def test_a_failure_that_the_tool_expected_is_passed_on_as_it_is() -> None:
    async with running_gateway() as gateway:
        text = "zone 'Mars' is unknown; use an IANA name"
        gateway.aws.function = lambda _: {"isError": True, "content": [{"type": "text", "text": text}]}
        async with _client(gateway) as client:
            result = await client.call_tool(TIME, {"zone": "Mars"})
        assert (result.is_error, _text(result)) == (True, text)


@pytest.mark.parametrize(
    "answer",
    [
        {"isError": False, "content": [{"type": "text", "text": "x"}]},
        {"isError": True, "content": [], "more": 1},
        {"content": [{"type": "text", "text": "x"}]},
        [1, 2],
        "text",
        None,
    ],
)
async def test_any_other_answer_is_the_text_of_its_json(answer: object) -> None:
    async with running_gateway() as gateway:
        gateway.aws.function = lambda _: answer
        async with _client(gateway) as client:
            result = await client.call_tool(HELLO_WORLD, {})
        assert not result.is_error
        assert json.loads(_text(result)) == answer
        assert result.structured_content is None


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (RuntimeError("boom"), f"Lambda function {FUNCTION} failed: boom"),
        (b"not json", "The Lambda function did not answer with valid JSON."),
        (b'"' + b"x" * 6 * 1024 * 1024 + b'"', "The answer has 6291458 bytes; a gateway carries at most 6291456."),
        ({"isError": True, "content": [{"type": "?"}]}, "The Lambda function answered with malformed MCP content."),
    ],
    ids=["function error", "no json", "too large", "malformed content"],
)
@pytest.mark.parametrize("debug", [True, False])
async def test_a_failing_function_is_explained_in_debug_only(answer: Any, detail: str, debug: bool) -> None:
    async with running_gateway(debug=debug) as gateway:
        gateway.aws.function = lambda _: answer
        async with _client(gateway) as client:
            result = await client.call_tool(HELLO_WORLD, {})
        assert result.is_error
        assert _text(result) == (detail if debug else INTERNAL_ERROR_TEXT)
        if debug:
            assert result.meta is not None
            assert result.meta["debug"] == {"type": "text", "text": detail}
        assert "secret line" not in result.model_dump_json()


@pytest.mark.parametrize("debug", [True, False])
async def test_a_gateway_whose_role_may_not_invoke_fails_as_on_aws(debug: bool) -> None:
    async with running_gateway(debug=debug) as gateway:
        gateway.aws.role_denied = True
        async with _client(gateway) as client:
            result = await client.call_tool(HELLO_WORLD, {})
        denied = (
            f"Access denied while invoking Lambda function {FUNCTION}. Check the permissions on the Lambda function "
            "and Gateway execution role, and retry the request."
        )
        assert result.is_error
        assert _text(result) == (denied if debug else INTERNAL_ERROR_TEXT)


async def test_headers_beyond_lambdas_client_context_are_refused() -> None:
    target = lambda_target(request_headers=("X-Big",))
    async with running_gateway(targets=(target,), debug=True) as gateway:
        async with _client(gateway, x_big="x" * 4000) as client:
            result = await client.call_tool(HELLO_WORLD, {})
        assert result.is_error
        assert "Lambda takes 3583" in _text(result)
        assert gateway.aws.invocations == []


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({}, ["Missing required field(s): 'zone'"]),
        ({"zone": 1}, ["Field 'zone' has invalid type: integer found, string expected"]),
        ({"zone": None}, ["Field 'zone' has invalid type: null found, string expected"]),
        ({"zone": ["a"]}, ["Field 'zone' has invalid type: array found, string expected"]),
    ],
)
async def test_arguments_against_the_schema_are_refused_before_the_function_runs(
    arguments: dict[str, Any], problems: list[str]
) -> None:
    async with running_gateway() as gateway:
        async with _client(gateway) as client:
            result = await client.call_tool(TIME, arguments)
        expected = "ValidationException - Parameter validation failed: Invalid request parameters:"
        assert result.is_error
        assert _text(result).splitlines() == [expected, *(f"- {problem}" for problem in problems)]
        assert gateway.aws.invocations == []


async def test_all_problems_are_named_at_once_and_arguments_without_schema_pass() -> None:
    async with running_gateway() as gateway, _client(gateway) as client:
        result = await client.call_tool(HELLO_WORLD, {"name": 1, "times": "two"})
        assert len(_text(result).splitlines()) == 3
        assert not (await client.call_tool(HELLO_WORLD, {"unknown": 1})).is_error


@pytest.mark.parametrize(
    "name",
    ["aws-operations-v1___nothing", "get_time", "other___get_time", "", "aws-operations-v1___get_time___", "__proto__"],
)
async def test_an_unknown_tool_is_an_error_of_the_protocol(name: str) -> None:
    async with running_gateway() as gateway, _client(gateway) as client:
        with pytest.raises(MCPError) as error:
            await client.call_tool(name, {})
        assert (error.value.code, error.value.message) == (types.INVALID_PARAMS, f"Unknown tool: {name}")


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("mcp.smithyModel", "a Smithy target"),
        ("mcp.apiGateway", "an API Gateway target"),
        ("mcp.connector", "a connector target"),
        ("http.passthrough", "an HTTP target"),
    ],
)
async def test_a_target_that_only_aws_can_call_is_not_listed_and_a_call_says_so(kind: str, what: str) -> None:
    there = replace(lambda_target(), target_id="TARGET0002", name="web", kind=kind, configuration={})
    async with running_gateway(targets=(there, lambda_target())) as gateway, _client(gateway) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [SEARCH, TIME, HELLO_WORLD]
        result = await client.call_tool("web___x", {})
        assert result.is_error
        assert _text(result) == f"target web is {what}, which the local run cannot call; it works on AWS"
        assert not (await client.call_tool(HELLO_WORLD, {})).is_error


@pytest.mark.parametrize("header", ["Authorization", "cookie", "HOST"])
async def test_a_target_that_propagates_a_restricted_header_is_not_served(header: str) -> None:
    """AgentCore refuses to create it (devguide, gateway-headers)."""
    leaking = lambda_target(target_id="TARGET0002", name="leaking", request_headers=("X-Tenant-ID", header))
    async with running_gateway(targets=(leaking, lambda_target())) as gateway, _client(gateway) as client:
        assert "leaking" not in " ".join(tool.name for tool in (await client.list_tools()).tools)
        result = await client.call_tool("leaking___hello_world", {})
        assert result.is_error
        assert _text(result) == f"target leaking propagates headers that AgentCore does not: {header}"
    assert gateway.aws.invocations == []


async def test_tools_come_in_pages_until_pagination_is_disabled() -> None:
    many = lambda_target(*({**HELLO, "name": f"tool_{number:03}"} for number in range(2 * PAGE_SIZE + 5)))
    async with running_gateway(targets=(many,)) as gateway:
        async with _client(gateway) as client:
            names, cursor, pages = [], None, 0
            while pages == 0 or cursor is not None:
                page = await client.list_tools(cursor=cursor)
                names += [tool.name for tool in page.tools]
                cursor, pages = page.next_cursor, pages + 1
            assert (len(names), len(set(names)), pages) == (2 * PAGE_SIZE + 6, 2 * PAGE_SIZE + 6, 3)
            for cursor in ("nonsense", "LTE=", "OTk5OTk=", ""):
                with pytest.raises(MCPError, match="Invalid cursor"):
                    await client.list_tools(cursor=cursor)
        await gateway.redeploy(replace(gateway.record, paginated=False))
        async with _client(gateway) as client:
            everything = await client.list_tools()
            assert (len(everything.tools), everything.next_cursor) == (2 * PAGE_SIZE + 6, None)


async def test_search_finds_tools_by_the_words_of_the_query() -> None:
    async with running_gateway() as gateway, _client(gateway) as client:
        result = await client.call_tool(SEARCH, {"query": "what time is it now"})
        assert result.structured_content is not None
        assert [tool["name"] for tool in result.structured_content["tools"]] == [TIME, HELLO_WORLD]
        assert json.loads(_text(result)) == result.structured_content
        assert result.structured_content["tools"][0]["inputSchema"] == GET_TIME["inputSchema"]
        assert gateway.aws.invocations == []
        assert (await client.call_tool(SEARCH, {})).is_error


async def test_a_gateway_without_semantic_search_has_no_search_tool() -> None:
    async with running_gateway(semantic_search=False) as gateway, _client(gateway) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [TIME, HELLO_WORLD]
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool(SEARCH, {"query": "time"})


def test_search_ranks_names_over_descriptions_and_leaves_out_what_shares_no_word() -> None:
    def tool(name: str, description: str) -> types.Tool:
        return types.Tool(name=name, description=description, input_schema={"type": "object"})

    tools = [
        tool("t___list_buckets", "List storage."),
        tool("t___read_object", "Read an object of a bucket."),
        tool("t___get_time", "Tell the time."),
    ]
    assert [found.name for found in rank(tools, "Bucket?")] == ["t___list_buckets", "t___read_object"]
    assert rank(tools, "weather") == []
    assert rank([], "time") == []


async def test_there_are_no_prompts_and_no_resources() -> None:
    async with running_gateway() as gateway, _client(gateway) as client:
        assert (await client.list_prompts()).prompts == []
        assert (await client.list_resources()).resources == []
        assert (await client.list_resource_templates()).resource_templates == []
        with pytest.raises(MCPError, match="Unknown prompt"):
            await client.get_prompt("any")
        with pytest.raises(MCPError, match="Resource not found"):
            await client.read_resource("file:///etc/passwd")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", types.PARSE_ERROR),
        (b"[]", None),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', None),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/nothing"}', types.METHOD_NOT_FOUND),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', types.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":[]}}', types.INVALID_PARAMS),
    ],
)
async def test_malformed_requests_get_errors_of_json_rpc(body: bytes, code: int | None) -> None:
    async with running_gateway() as gateway, create_mcp_http_client(headers=bearer()) as http:
        headers = {"content-type": "application/json", "accept": "application/json"}
        error = (await http.post(gateway.url, content=body, headers=headers)).json()["error"]
        assert isinstance(error["code"], int)
        assert code is None or error["code"] == code
        assert gateway.aws.invocations == []
