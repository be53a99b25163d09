"""MCP server targets on the local gateway: the tools of a real server of the official SDK, listed and called."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import SERVER_INFO_META_KEY, CallToolResult, TextContent
from pydantic import BaseModel
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.gateway.answers import INTERNAL_ERROR_TEXT
from local.gateway.configuration import InterceptorRecord, TargetRecord
from local.gateway.targets import mcp_server
from local.gateway.targets.interface import MAX_PAYLOAD_BYTES, UnusableTargetError
from local.processes import free_port
from tests.unit.local_gateway_services import Guarded, RestService, serving
from tests.unit.local_gateway_support import (
    CLOSED,
    FakeAws,
    Running,
    bearer,
    lambda_target,
    post,
    running_gateway,
    target_context,
)

OAUTH = {
    "credentialProviderType": "OAUTH",
    "credentialProvider": {
        "oauthCredentialProvider": {
            "providerArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:token-vault/default/"
            "oauth2credentialprovider/weather-login",
            "scopes": ["weather/read"],
        }
    },
}
SIGNED = {
    "credentialProviderType": "GATEWAY_IAM_ROLE",
    "credentialProvider": {"iamCredentialProvider": {"service": "bedrock-agentcore"}},
}


class Forecast(BaseModel):
    """What the weather server answers."""

    city: str
    degrees: int


def weather() -> MCPServer:
    """A server with a tool for each way in which a call can go."""
    server = MCPServer("weather")

    @server.tool()
    def forecast(city: str) -> Forecast:
        """Tell tomorrow's weather."""
        return Forecast(city=city, degrees=21)

    @server.tool()
    def fails() -> str:
        """Fail as tools do."""
        raise ToolError("no station answers")

    @server.tool()
    def breaks() -> str:
        """Answer with an error of the protocol."""
        raise MCPError(code=-32050, message="the station is closed")

    @server.tool()
    def headers(context: Context) -> str:
        """Give the request's headers back."""
        return json.dumps(dict(context.headers or {}))

    @server.tool()
    async def slow() -> str:
        """Take longer than a gateway waits."""
        await asyncio.sleep(3)
        return "late"

    @server.tool()
    def huge() -> str:
        """Answer more than a gateway carries."""
        return "x" * MAX_PAYLOAD_BYTES

    return server


def weather_app(*, stateless: bool = True) -> ASGIApp:
    """The weather server's application, to be served once."""
    return weather().streamable_http_app(stateless_http=stateless, json_response=stateless)


@contextlib.asynccontextmanager
async def gateway_before(
    app: ASGIApp, *, changes: dict[str, Any] | None = None, **gateway: Any
) -> AsyncIterator[Running]:
    """Serve a gateway whose only target is the server of this application; `changes` are the target's."""
    async with (
        serving(app) as origin,
        running_gateway(targets=(record(origin, **(changes or {})),), semantic_search=False, **gateway) as running,
    ):
        yield running


def endpoint(gateway: Running) -> str:
    return str(gateway.record.targets[0].configuration["endpoint"])


def record(origin: str, **changes: Any) -> TargetRecord:
    values: dict[str, Any] = {
        "target_id": "TARGET0009",
        "name": "weather",
        "kind": "mcp.mcpServer",
        "configuration": {"endpoint": f"{origin}/mcp"},
        "version": "1",
    }
    return TargetRecord(**(values | changes))


async def ask(gateway: Running, method: str, params: dict[str, Any], **headers: str) -> Any:
    """One request to the gateway; returns the HTTP answer."""
    return await post(
        gateway.url,
        method,
        params=params,
        Accept="application/json, text/event-stream",
        MCP_Protocol_Version="2025-11-25",
        **bearer(),
        **headers,
    )


async def call(gateway: Running, tool: str, arguments: dict[str, Any] | None = None, **headers: str) -> CallToolResult:
    answer = await ask(gateway, "tools/call", {"name": f"weather___{tool}", "arguments": arguments or {}}, **headers)
    return CallToolResult.model_validate(answer.json()["result"])


async def tool_names(gateway: Running) -> list[str]:
    return [tool["name"] for tool in (await ask(gateway, "tools/list", {})).json()["result"]["tools"]]


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("stateless", [True, False])
async def test_the_tools_of_the_server_are_listed_and_called(stateless: bool) -> None:
    async with gateway_before(weather_app(stateless=stateless)) as gateway:
        tool = (await ask(gateway, "tools/list", {})).json()["result"]["tools"][0]
        assert (tool["name"], tool["description"]) == ("weather___forecast", "Tell tomorrow's weather.")
        assert tool["inputSchema"]["required"] == ["city"]
        assert tool["outputSchema"]["required"] == ["city", "degrees"]
        result = await call(gateway, "forecast", {"city": "Riga"})
        assert not result.is_error
        assert result.structured_content == {"city": "Riga", "degrees": 21}
        assert "degrees" in text_of(result)
        assert "Field 'city' has invalid type" in text_of(await call(gateway, "forecast", {"city": 1}))


async def test_a_failure_of_a_tool_is_passed_on() -> None:
    async with gateway_before(weather_app()) as gateway:
        result = await call(gateway, "fails")
    assert result.is_error
    assert "no station answers" in text_of(result)
    assert SERVER_INFO_META_KEY not in (result.meta or {}), "the client talks to the gateway"


@pytest.mark.parametrize("debug", [True, False])
async def test_an_error_of_the_protocol_is_one_of_the_target(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway_before(weather_app(), debug=debug) as gateway:
        result = await call(gateway, "breaks")
        said = f"MCP server {endpoint(gateway)} answered with error -32050"
    assert result.is_error
    assert text_of(result) == (f"{said}: the station is closed" if debug else INTERNAL_ERROR_TEXT)
    assert said in caplog.text
    assert "station is closed" not in caplog.text


async def test_a_refused_token_is_fetched_anew_once_and_never_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="local.gateway")
    guarded = Guarded(weather_app(), accepts=lambda given: given == "Bearer vault-secret-2")
    async with gateway_before(guarded, changes={"credentials": OAUTH}, debug=True) as gateway:
        gateway.aws.secrets = ["vault-secret-1", "vault-secret-2"]
        gateway.aws.asked_of_vault.clear()
        result = await call(gateway, "headers")
        assert [request.get("forceAuthentication") for request in gateway.aws.asked_of_vault] == [None, True]
    assert json.loads(text_of(result))["authorization"] == "Bearer [credential]"
    assert {"Bearer vault-secret-1", "Bearer vault-secret-2"} <= set(guarded.seen)
    assert "vault-secret" not in f"{result} {caplog.text}"


async def test_an_authorization_header_of_an_interceptor_takes_the_credentials_place() -> None:
    def ask(event: dict[str, Any]) -> dict[str, Any]:
        new = {
            "body": event["mcp"]["gatewayRequest"]["body"],
            "headers": {"Authorization": "Bearer of-the-interceptor"},
        }
        return {"interceptorOutputVersion": "1.0", "mcp": {"transformedGatewayRequest": new}}

    guarded = Guarded(weather_app(), accepts=lambda _given: True)
    interceptor = InterceptorRecord(function_arn="arn:interceptor")
    async with gateway_before(guarded, changes={"credentials": OAUTH}, request_interceptor=interceptor) as gateway:
        gateway.aws.functions = {"arn:interceptor": ask}
        guarded.seen.clear()
        result = await call(gateway, "headers")
    assert set(guarded.seen) == {"Bearer of-the-interceptor"}
    assert json.loads(text_of(result))["authorization"] == "Bearer [credential]"


async def test_a_server_that_goes_on_refusing_is_an_error_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    locked: list[bool] = []
    guarded = Guarded(weather_app(), accepts=lambda _given: not locked)
    async with gateway_before(guarded, changes={"credentials": OAUTH}, debug=True) as gateway:
        locked.append(True)
        result = await call(gateway, "forecast", {"city": "Riga"})
        assert text_of(result) == f"MCP server {endpoint(gateway)} answered with HTTP status 401."
    assert "vault-secret" not in f"{result} {caplog.text}"


async def test_the_gateways_role_signs_every_request_to_the_server() -> None:
    guarded = Guarded(weather_app(), accepts=lambda given: "/us-east-1/bedrock-agentcore/aws4_request" in given)
    async with gateway_before(guarded, changes={"credentials": SIGNED}) as gateway:
        assert not (await call(gateway, "forecast", {"city": "Riga"})).is_error
    assert len(set(guarded.seen)) > 1, "each request has a signature of its own"


class _Marked:
    """Puts headers on every response of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-trace", b"t1"), (b"x-internal", b"no")]
            await send(message)

        await self._app(scope, receive, marked)


async def test_only_named_headers_pass() -> None:
    changes = {"request_headers": ("X-Tenant-ID",), "response_headers": ("X-Trace",)}
    async with gateway_before(_Marked(weather_app()), changes=changes) as gateway:
        params = {"name": "weather___headers", "arguments": {}}
        answer = await ask(gateway, "tools/call", params, X_Tenant_ID="acme", X_Other="no")
    seen = json.loads(text_of(CallToolResult.model_validate(answer.json()["result"])))
    assert seen["x-tenant-id"] == "acme"
    assert {"x-other", "authorization"}.isdisjoint(seen)
    assert answer.headers["X-Trace"] == "t1"
    assert "X-Internal" not in answer.headers


@pytest.mark.parametrize(
    ("tool", "sentence"),
    [("slow", "does not answer"), ("huge", f"The answer has more than {MAX_PAYLOAD_BYTES} bytes")],
)
async def test_what_a_gateway_cannot_carry_is_an_error(tool: str, sentence: str) -> None:
    async with gateway_before(weather_app(), debug=True) as gateway:
        result = await call(gateway, tool)
    assert result.is_error
    assert sentence in text_of(result)


async def test_a_server_that_starts_later_is_listed_then_and_missed_when_it_stops() -> None:
    port = free_port()
    target = record(f"http://127.0.0.1:{port}")
    async with running_gateway(targets=(target,), semantic_search=False, debug=True) as gateway:
        assert await tool_names(gateway) == []
        result = await call(gateway, "forecast", {"city": "Riga"})
        assert text_of(result).startswith(f"target weather: its server {endpoint(gateway)} does not list its tools: ")
        async with serving(weather_app(), port=port):
            await gateway.supervisor.refresh()
            assert "weather___forecast" in await tool_names(gateway)
            assert not (await call(gateway, "forecast", {"city": "Riga"})).is_error
        result = await call(gateway, "forecast", {"city": "Riga"})
        assert text_of(result) == f"MCP server {endpoint(gateway)} does not answer."


async def test_tools_are_listed_again_when_the_target_was_synchronized() -> None:
    server = weather()
    app = server.streamable_http_app(stateless_http=True, json_response=True)
    async with gateway_before(app) as gateway:
        server.remove_tool("slow")
        await gateway.redeploy(replace(gateway.record, instructions="Changed beside the target."))
        assert "weather___slow" in await tool_names(gateway)
        synchronized = replace(gateway.record.targets[0], version="2")
        await gateway.redeploy(replace(gateway.record, targets=(synchronized,)))
        assert "weather___slow" not in await tool_names(gateway)


async def test_a_synchronization_that_fails_leaves_the_tools_that_were_there() -> None:
    async with contextlib.AsyncExitStack() as server:
        target = record(await server.enter_async_context(serving(weather_app())))
        async with running_gateway(targets=(target,), semantic_search=False) as gateway:
            await server.aclose()
            await gateway.redeploy(replace(gateway.record, targets=(replace(target, version="2"),)))
            assert "weather___forecast" in await tool_names(gateway)
            elsewhere = record(CLOSED, version="3")
            await gateway.redeploy(replace(gateway.record, targets=(elsewhere,)))
            assert await tool_names(gateway) == [], "another server's tools are not these"


async def test_a_server_without_a_kept_list_is_asked_at_every_operation() -> None:
    server = weather()
    app = server.streamable_http_app(stateless_http=True, json_response=True)
    port = free_port()
    target = record("", configuration={"endpoint": f"http://127.0.0.1:{port}/mcp", "listingMode": "DYNAMIC"})
    async with running_gateway(targets=(target, lambda_target()), semantic_search=False) as gateway:
        assert await tool_names(gateway) == ["aws-operations-v1___get_time", "aws-operations-v1___hello_world"]
        missed = await call(gateway, "slow")
        assert text_of(missed) == (
            f"target weather does not list its tools: MCP server {endpoint(gateway)} does not answer."
        )
        async with serving(app, port=port):
            assert not (await call(gateway, "forecast", {"city": "Riga"})).is_error
            assert "weather___slow" in await tool_names(gateway)
            server.remove_tool("slow")
            assert "weather___slow" not in await tool_names(gateway)


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_static_schema_takes_the_place_of_listing(wrapped: bool) -> None:
    tools = [{"name": "forecast", "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
    schema = {"inlinePayload": json.dumps({"tools": tools} if wrapped else tools)}
    async with serving(weather_app()) as origin:
        target = record(origin, configuration={"endpoint": f"{origin}/mcp", "mcpToolSchema": schema})
        async with running_gateway(targets=(target,), semantic_search=False) as gateway:
            assert await tool_names(gateway) == ["weather___forecast"]
            assert not (await call(gateway, "forecast", {"city": "Riga"})).is_error


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ({"endpoint": "http://tools.example.com/mcp"}, "is not of the form https://<host>/<path>"),
        ({"endpoint": "https://a:b@tools.example.com/mcp"}, "holds a user name or a password"),
        ({"endpoint": "https://x.example/mcp", "mcpToolSchema": {"inlinePayload": "{}"}}, "is no list of MCP tools"),
        ({"endpoint": "https://x.example/mcp", "mcpToolSchema": {"inlinePayload": '[{"name": 1}]'}}, "is no list of"),
    ],
)
async def test_a_target_that_cannot_work_is_refused(configuration: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnusableTargetError, match="target weather: ") as error:
        await mcp_server.build(target_context(record("", configuration=configuration), FakeAws()))
    assert sentence in str(error.value)
    assert not error.value.may_recover


@pytest.mark.parametrize(
    "answer",
    [
        lambda _received: JSONResponse({"hello": "world"}),
        lambda _received: JSONResponse({"error": "not found"}, status_code=404),
        lambda _received: JSONResponse(None, status_code=202),
    ],
)
async def test_a_server_of_another_protocol_may_become_one_later(answer: Any) -> None:
    async with serving(RestService(answer).app) as origin:
        with pytest.raises(UnusableTargetError, match="does not list its tools: ") as error:
            await mcp_server.build(target_context(record(origin), FakeAws()))
    assert error.value.may_recover


async def test_a_public_host_is_reached_through_the_edge_alone() -> None:
    """The edge of this gateway is an address at which nothing listens."""
    with pytest.raises(UnusableTargetError, match=r"MCP server https://localhost\.example\.com/mcp does not answer"):
        await mcp_server.build(target_context(record("https://localhost.example.com"), FakeAws()))
