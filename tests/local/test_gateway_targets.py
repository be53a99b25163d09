"""The local gateway in front of an OpenAPI service, an MCP server and an AgentCore runtime, all in the emulated AWS.

Everything is made with AWS's own APIs; the gateway runs as its own process and is called with the official client.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, TextContent

from local.demonstration import connected
from tests.http_server import JsonHandler, listening
from tests.local.conftest import REPOSITORY, Emulator
from tests.local.emulated_pools import Pool
from tests.local.emulator_stacks import GATEWAY_TRUST, Stack, allow, get_att, outputs, ref, role, stack
from tests.local.runtime_archives import GREETER, archive
from tests.local.stand_ins import CLIENT, SECRET, authorization_server, mcp_server
from tests.local.test_emulator_cognito import POOL, client

PREFIX = "arn:aws:bedrock-agentcore:us-east-1:123456789012"
DIRECTORY = f"{PREFIX}:workload-identity-directory/default"
VAULT = f"{PREFIX}:token-vault/default"
KEY_PROVIDER = f"{VAULT}/apikeycredentialprovider/orders-key"
OAUTH_PROVIDER = f"{VAULT}/oauth2credentialprovider/weather-login"
API_KEY = "k-of-the-orders-service"
IDENTITIES = [DIRECTORY, f"{DIRECTORY}/workload-identity/*"]
ANY_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:bedrock-agentcore-identity!*"
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "https://orders.example.com/v1"}],
    "paths": {
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "summary": "Read an order.",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "The order."}},
            }
        }
    },
}
weather = MCPServer("weather")


@weather.tool()
def forecast(city: str) -> str:
    """Tell tomorrow's weather."""
    return f"sun in {city}"


@contextmanager
def orders_service() -> Iterator[tuple[int, list[tuple[str, str | None]]]]:
    """A REST service of this machine: its port, and path and key of each request."""
    seen: list[tuple[str, str | None]] = []

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("X-API-Key")))
            self.answer(200, {"order": self.path.rpartition("/")[2]})

    with listening(Handler) as port:
        yield port, seen


@dataclass
class Deployed:
    """A gateway with its targets, and what reached the services behind them."""

    emulator: Emulator
    control: Any
    gateway_id: str
    url: str
    token: str
    stack: Stack
    orders: list[tuple[str, str | None]]
    weather: list[dict[str, str]]

    def add(self, name: str, configuration: dict[str, Any], credentials: dict[str, Any]) -> None:
        """Create a target and wait until it is ready."""
        made = self.control.create_gateway_target(
            gatewayIdentifier=self.gateway_id,
            name=name,
            targetConfiguration={"mcp": configuration},
            credentialProviderConfigurations=[credentials],
        )
        deadline = time.monotonic() + 60
        while True:
            target = self.control.get_gateway_target(gatewayIdentifier=self.gateway_id, targetId=made["targetId"])
            if target["status"] != "CREATING" or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert target["status"] == "READY", target

    def tools(self) -> set[str]:
        async def listed() -> set[str]:
            async with connected(self.url, self.token) as client:
                return {tool.name for tool in (await client.list_tools()).tools}

        return asyncio.run(listed())

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        async def answer() -> CallToolResult:
            async with connected(self.url, self.token) as client:
                return await client.call_tool(tool, arguments)

        return asyncio.run(answer())


def text_of(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the gateway, which reads the control plane once a second, has noticed."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def resources(*, may_read_keys: bool = True) -> dict[str, Any]:
    """A user pool, and a role that may use the vault and the runtime."""
    vault = [allow("bedrock-agentcore:GetWorkloadAccessToken", resource=IDENTITIES)]
    vault.append(allow("bedrock-agentcore:GetResourceOauth2Token", resource=[VAULT, OAUTH_PROVIDER, *IDENTITIES]))
    if may_read_keys:
        vault.append(allow("bedrock-agentcore:GetResourceApiKey", resource=[VAULT, KEY_PROVIDER, *IDENTITIES]))
    invoke = allow("bedrock-agentcore:InvokeAgentRuntime", resource=[f"{PREFIX}:runtime/*"])
    read = allow("secretsmanager:GetSecretValue", resource=ANY_SECRET)
    return {
        **POOL,
        "Client": client("tools/read"),
        "GatewayRole": role(GATEWAY_TRUST, *vault, read, invoke),
        "RuntimeRole": role(GATEWAY_TRUST),
    }


@pytest.fixture(scope="module")
def deployed(emulator: Emulator) -> Iterator[Deployed]:
    """The gateway with its services; all of it is gone afterwards."""
    control = emulator.client("bedrock-agentcore-control")
    with ExitStack() as everything:
        login = everything.enter_context(authorization_server())
        orders_port, orders = everything.enter_context(orders_service())

        def admitted(headers: dict[str, str]) -> bool:
            return headers.get("authorization", "").startswith("Bearer token-")

        weather_port, seen = everything.enter_context(mcp_server(weather, admits=admitted))
        hosts = emulator.state / "hosts.json"
        hosts.write_text(json.dumps({"orders.example.com": orders_port, "weather.example.com": weather_port}))
        everything.callback(hosts.unlink)
        made = everything.enter_context(stack(emulator, "gateway-targets"))
        told = made.create(
            resources(),
            Outputs=outputs(
                Pool=ref("Pool"),
                Client=ref("Client"),
                Issuer=get_att("Pool", "ProviderURL"),
                Role=get_att("GatewayRole", "Arn"),
            ),
        )
        pool = Pool(emulator=emulator, id=told["Pool"], client_id=told["Client"], issuer=told["Issuer"], stack=made)
        control.create_api_key_credential_provider(name="orders-key", apiKey=API_KEY)
        everything.callback(control.delete_api_key_credential_provider, name="orders-key")
        control.create_oauth2_credential_provider(
            name="weather-login",
            credentialProviderVendor="CustomOauth2",
            oauth2ProviderConfigInput={
                "customOauth2ProviderConfig": {
                    "oauthDiscovery": {"discoveryUrl": login.discovery_url},
                    "clientId": CLIENT,
                    "clientSecret": SECRET,
                }
            },
        )
        everything.callback(control.delete_oauth2_credential_provider, name="weather-login")
        gateway = control.create_gateway(
            name="targets",
            roleArn=told["Role"],
            protocolType="MCP",
            authorizerType="CUSTOM_JWT",
            authorizerConfiguration={
                "customJWTAuthorizer": {
                    "discoveryUrl": f"{pool.issuer}/.well-known/openid-configuration",
                    "allowedClients": [pool.client_id],
                }
            },
            exceptionLevel="DEBUG",
        )
        everything.callback(_remove, control, gateway["gatewayId"])
        status, answer = pool.token(pool.describe()["ClientSecret"], form={"scope": "tools/read"})
        assert status == 200, answer
        everything.enter_context(_running_gateway(emulator, gateway["gatewayUrl"]))
        yield Deployed(
            emulator=emulator,
            control=control,
            gateway_id=gateway["gatewayId"],
            url=gateway["gatewayUrl"],
            token=answer["access_token"],
            stack=made,
            orders=orders,
            weather=seen,
        )


def _remove(control: Any, gateway_id: str) -> None:
    for target in control.list_gateway_targets(gatewayIdentifier=gateway_id)["items"]:
        control.delete_gateway_target(gatewayIdentifier=gateway_id, targetId=target["targetId"])
    control.delete_gateway(gatewayIdentifier=gateway_id)


@contextmanager
def _running_gateway(emulator: Emulator, url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "local.gateway", "--control-endpoint", emulator.endpoint_url]
    command += ["--edge", emulator.edge_url, "--ca", str(emulator.ca), "--region", "us-east-1"]
    log = emulator.state / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=output, stderr=output)
    try:
        until(lambda: _answers(url), f"the gateway does not start:\n{log.read_text()}")
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=15) == 0, log.read_text()
    written = log.read_text()
    assert [secret for secret in (API_KEY, SECRET, "Bearer") if secret in written] == []


def _answers(url: str) -> bool:
    try:
        return httpx2.post(url, trust_env=False).status_code == 401
    except httpx2.HTTPError:
        return False


def test_an_openapi_service_gets_its_key_from_the_vault_until_the_role_may_not(deployed: Deployed) -> None:
    key = {"providerArn": KEY_PROVIDER, "credentialLocation": "HEADER", "credentialParameterName": "X-API-Key"}
    credentials = {
        "credentialProviderType": "API_KEY",
        "credentialProvider": {"apiKeyCredentialProvider": key},
    }
    deployed.add("orders", {"openApiSchema": {"inlinePayload": json.dumps(DOCUMENT)}}, credentials)
    until(lambda: "orders___getOrder" in deployed.tools(), "the target's tool is not listed")
    result = deployed.call("orders___getOrder", id="7/8")
    assert not result.is_error, text_of(result)
    assert json.loads(text_of(result)) == {"order": "7%2F8"}
    assert deployed.orders == [("/v1/orders/7%2F8", API_KEY)]

    deployed.stack.update(resources(may_read_keys=False))
    refused = deployed.call("orders___getOrder", id="9")
    assert refused.is_error
    assert "Check the permissions of the Gateway execution role" in text_of(refused)
    assert len(deployed.orders) == 1, "without its key the service is not called"


def test_a_foreign_mcp_server_gets_a_token_by_client_credentials(deployed: Deployed) -> None:
    provider = {"providerArn": OAUTH_PROVIDER, "scopes": ["weather/read"]}
    credentials = {
        "credentialProviderType": "OAUTH",
        "credentialProvider": {"oauthCredentialProvider": provider},
    }
    deployed.add("weather", {"mcpServer": {"endpoint": "https://weather.example.com/mcp"}}, credentials)
    until(lambda: "weather___forecast" in deployed.tools(), "the server's tool is not listed")
    result = deployed.call("weather___forecast", city="Riga")
    assert text_of(result) == "sun in Riga"
    assert deployed.token not in str(deployed.weather), "the caller's token stays with the gateway"


def test_a_server_on_agentcore_runtime_is_called_with_the_roles_signature(deployed: Deployed) -> None:
    s3 = deployed.emulator.client("s3")
    s3.create_bucket(Bucket="gateway-archives")
    s3.put_object(Bucket="gateway-archives", Key="greeter.zip", Body=archive(GREETER, "mcp", "cryptography"))
    account = deployed.emulator.client("sts").get_caller_identity()["Account"]
    code = {"s3": {"bucket": "gateway-archives", "prefix": "greeter.zip"}}
    runtime = deployed.control.create_agent_runtime(
        agentRuntimeName="greeter",
        agentRuntimeArtifact={"codeConfiguration": {"code": code, "runtime": "PYTHON_3_14", "entryPoint": ["main.py"]}},
        roleArn=f"arn:aws:iam::{account}:role/{deployed.stack.id_of('RuntimeRole')}",
        networkConfiguration={"networkMode": "PUBLIC"},
        protocolConfiguration={"serverProtocol": "MCP"},
    )
    address = quote(runtime["agentRuntimeArn"], safe="")
    url = f"https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/{address}/invocations?qualifier=DEFAULT"
    credentials = {
        "credentialProviderType": "GATEWAY_IAM_ROLE",
        "credentialProvider": {"iamCredentialProvider": {"service": "bedrock-agentcore"}},
    }
    try:
        deployed.add("greeter", {"mcpServer": {"endpoint": url}}, credentials)
        until(lambda: "greeter___greet" in deployed.tools(), "the runtime's tool is not listed")
        assert text_of(deployed.call("greeter___greet", name="Ada")) == "Hello Ada"
    finally:
        deployed.control.delete_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])
        s3.delete_object(Bucket="gateway-archives", Key="greeter.zip")
        s3.delete_bucket(Bucket="gateway-archives")
