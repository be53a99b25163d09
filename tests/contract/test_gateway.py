"""What a client may rely on, from the local gateway and a deployed one alike. Speaks MCP and HTTP, nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from tests.contract.conftest import Agent, Connect, Send

TARGET = "aws-operations-v1"
MODES = ["legacy", "auto"]


def _json(result: types.CallToolResult) -> Any:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return json.loads(content.text)


async def _tools(client: Client) -> dict[str, types.Tool]:
    """Every tool of every page, by name."""
    found: dict[str, types.Tool] = {}
    page = await client.list_tools()
    found |= {tool.name: tool for tool in page.tools}
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        found |= {tool.name: tool for tool in page.tools}
    return found


@pytest.mark.parametrize("mode", MODES)
async def test_the_tools_of_the_deployed_target_are_listed_with_schemas(connect: Connect, mode: str) -> None:
    async with connect(mode) as client:
        tools = await _tools(client)
    for name in ("hello_world", "get_time", "s3_read_operations", "ec2_read_operations"):
        tool = tools[f"{TARGET}___{name}"]
        assert tool.description
        assert tool.input_schema["type"] == "object"


@pytest.mark.parametrize("mode", MODES)
async def test_tools_answer_to_their_arguments(connect: Connect, mode: str) -> None:
    async with connect(mode) as client:
        greeting = await client.call_tool(f"{TARGET}___hello_world", {"name": "contract"})
        time = await client.call_tool(f"{TARGET}___get_time", {"timezone": "Asia/Tokyo"})
    assert not greeting.is_error
    assert _json(greeting) == {"message": "Hello, contract!"}
    assert not time.is_error
    assert _json(time)["time"].endswith("+09:00")


async def test_a_failure_that_the_tool_explains_reaches_the_client(connect: Connect) -> None:
    async with connect("auto") as client:
        result = await client.call_tool(f"{TARGET}___get_time", {"timezone": "Mars/Olympus"})
    assert result.is_error
    assert "'Mars/Olympus' is not the name of a time zone" in result.model_dump_json()


async def test_an_unknown_tool_is_an_error_and_not_an_answer(connect: Connect) -> None:
    async with connect("auto") as client:
        with pytest.raises(MCPError):
            await client.call_tool(f"{TARGET}___no_such_tool", {})


async def test_a_wrong_argument_is_a_tool_error_that_names_it(connect: Connect) -> None:
    async with connect("auto") as client:
        result = await client.call_tool(f"{TARGET}___s3_read_operations", {"operation": 7})
    assert result.is_error
    assert "operation" in result.model_dump_json()


def test_without_a_token_the_gateway_says_where_tokens_come_from(agent: Agent, send: Send) -> None:
    answer = send(None)
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    location = challenge.split('resource_metadata="')[1].split('"')[0]
    assert urlsplit(location).netloc == urlsplit(agent.gateway_url).netloc
    metadata = httpx2.get(location).json()
    assert metadata["resource"] == agent.gateway_url
    (issuer,) = metadata["authorization_servers"]
    discovery = httpx2.get(f"{issuer}/.well-known/openid-configuration").json()
    assert discovery["issuer"] == issuer
    assert discovery["token_endpoint"] == agent.token_endpoint
    assert set(agent.scope.split()) <= set(metadata["scopes_supported"])


def _tampered(token: str) -> str:
    """The token with one more scope in its claims, under its old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["scope"] += " aws-operations/admin"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{changed}.{signature}"


def _unsigned(token: str) -> str:
    """The token's claims with the algorithm `none` and no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


@pytest.mark.parametrize("kind", ["garbage", "tampered", "unsigned", "cut short", "Basic"])
def test_a_token_that_proves_nothing_is_refused(send: Send, token: str, agent: Agent, kind: str) -> None:
    basic = base64.b64encode(f"{agent.client_id}:x".encode()).decode()
    authorization = {
        "garbage": "Bearer garbage",
        "tampered": f"Bearer {_tampered(token)}",
        "unsigned": f"Bearer {_unsigned(token)}",
        "cut short": f"Bearer {token[:-8]}",
        "Basic": f"Basic {basic}",
    }[kind]
    answer = send(authorization)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "result" not in answer.text


def test_the_same_request_passes_with_the_token(send: Send, token: str) -> None:
    answer = send(f"Bearer {token}")
    assert answer.status_code == 200


def claims(token: str) -> dict[str, Any]:
    """What a token says; the gateway is what checks it."""
    text = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def permitted(permissions: list[str], tool: str) -> bool:
    """Whether permissions, each `<target>/<tool>` or `<target>/*`, have a tool of the gateway."""
    target, _, name = tool.partition("___")
    return bool({f"{target}/*", f"{target}/{name}"} & set(permissions))


@pytest.mark.parametrize("mode", MODES)
async def test_an_agent_is_shown_the_tools_that_its_token_permits(connect: Connect, token: str, mode: str) -> None:
    async with connect(mode) as client:
        listed = [tool for tool in await _tools(client) if not tool.startswith("x_amz_bedrock_agentcore_")]
    assert listed
    assert [tool for tool in listed if not permitted(claims(token)["permissions"], tool)] == []


@pytest.mark.parametrize("mode", MODES)
async def test_search_finds_nothing_else(connect: Connect, token: str, mode: str) -> None:
    async with connect(mode) as client:
        result = await client.call_tool("x_amz_bedrock_agentcore_search", {"query": "read describe list"})
    found = [tool["name"] for tool in _json(result)["tools"]]
    assert [tool for tool in found if not permitted(claims(token)["permissions"], tool)] == []


@pytest.mark.parametrize(
    "method", ["prompts/list", "prompts/get", "resources/list", "resources/read", "completion/complete"]
)
def test_what_policies_do_not_judge_is_refused(send: Send, token: str, method: str) -> None:
    answer = send(f"Bearer {token}", method)
    assert answer.status_code == 403
    assert set(answer.json()) == {"jsonrpc", "id", "error"}


def test_an_argument_that_names_another_tenant_is_refused(send: Send, token: str) -> None:
    arguments = {"name": "Ada", "tenant_id": "another-tenant"}
    answer = send(f"Bearer {token}", "tools/call", {"name": f"{TARGET}___hello_world", "arguments": arguments})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/\xff\xfe"}', 400),
    ],
    ids=["no JSON", "batch", "duplicate key", "invalid UTF-8"],
)
def test_a_malformed_message_is_refused(agent: Agent, token: str, body: bytes, status: int) -> None:
    headers = {
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": "2025-11-25",
    }
    answer = httpx2.post(agent.gateway_url, content=body, headers=headers)
    assert answer.status_code == status
    assert "result" not in answer.json()
