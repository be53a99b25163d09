"""The platform as its users meet it: what `make local` prints, and MCP clients that we did not write."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import TokenStorage
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp_types import TextContent

from local.agent import Credentials
from local.demonstration import BUCKET, connected
from local.installation import INSPECTOR
from local.layout import REPOSITORY
from local.surroundings import base_environment, client_environment
from tests.local.aws_tools import all_tools, target_name
from tests.local.local_run import AGENT, LocalRun

SEARCH = "x_amz_bedrock_agentcore_search"
TOOLS = all_tools()
TARGET = target_name("aws-operations")
AGENTS = ("acme-corp/finance-agent", "acme-corp/reporting-agent", "globex/delivery-agent", "globex/support-agent")


def credentials(local_run: LocalRun, agent: str = AGENT) -> Credentials:
    """The agent's secret."""
    found = local_run.platform.account.credentials(agent)
    assert found is not None
    return found


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a tool that succeeds."""
    result = await client.call_tool(f"{TARGET}___{tool}", arguments)
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert not result.is_error, block.text
    answer: dict[str, Any] = json.loads(block.text)
    return answer


def test_up_recovers_from_a_killed_emulator_and_says_so(local_run: LocalRun) -> None:
    assert "whose emulated AWS had ended" in local_run.printed.splitlines()[0]


def test_up_prints_what_each_tool_answered(local_run: LocalRun) -> None:
    assert f'hello_world(name="{AGENT}")' in local_run.printed
    assert f'{{"message": "Hello, {AGENT}!"}}' in local_run.printed
    assert '"timezone": "America/Sao_Paulo"' in local_run.printed
    assert '"key": "2026/november.csv"' in local_run.printed
    assert "foundation-dev-network/Network/Vpc" in local_run.printed


def test_nothing_that_up_prints_or_logs_is_a_secret(local_run: LocalRun) -> None:
    secrets = [credentials(local_run, agent).client_secret for agent in local_run.platform.account.agents()]
    logs = [file.read_text(errors="replace") for file in local_run.platform.layout.logs.iterdir()]
    for text in [local_run.printed, *logs]:
        assert not re.search(r"eyJ[\w-]+\.eyJ", text), "a token"
        assert not any(secret in text for secret in secrets)


def test_the_printed_configuration_names_the_gateway_and_no_token(local_run: LocalRun) -> None:
    printed = re.search(r"^\{\n.*?^\}$", local_run.printed, re.MULTILINE | re.DOTALL)
    assert printed
    (server,) = json.loads(printed[0])["mcpServers"].values()
    assert server["url"] == f"http://127.0.0.1:{local_run.ports.gateway}/mcp"
    assert server["headers"] == {"Authorization": "Bearer ${FOUNDATION_TOKEN}"}


def test_a_second_up_finds_the_platform_and_deploys_nothing(local_run: LocalRun) -> None:
    pids = local_run.pids()
    local_run.up()
    assert "Found the emulated AWS running" in local_run.printed
    assert "The sources are as deployed" in local_run.printed
    assert "Deploying" not in local_run.printed
    assert local_run.pids() == pids


def test_status_says_what_runs_where(local_run: LocalRun) -> None:
    status = local_run.command("status")
    assert status.returncode == 0
    for port in (local_run.ports.emulator, local_run.ports.edge, local_run.ports.gateway):
        assert f"http://127.0.0.1:{port}" in status.stdout
    assert ", ".join(AGENTS) in status.stdout


async def test_every_tool_of_the_template_is_listed_and_answers(local_run: LocalRun) -> None:
    url = local_run.platform.account.gateway_url()
    async with connected(url, local_run.platform.account.token(AGENT).value) as client:
        assert sorted(tool.name for tool in (await client.list_tools()).tools) == [*TOOLS, SEARCH]
        assert await call(client, "hello_world", name="Ada") == {"message": "Hello, Ada!"}
        assert (await call(client, "get_time", timezone="Asia/Tokyo"))["time"].endswith("+09:00")
        buckets = await call(client, "s3_read_operations", operation="list_buckets")
        assert BUCKET in [bucket["name"] for bucket in buckets["buckets"]]
        groups = await call(client, "ec2_read_operations", operation="describe_subnets")
        assert len([subnet for subnet in groups["subnets"] if subnet["tags"].get("project") == "foundation"]) == 6


def test_the_token_command_prints_a_token_for_each_agent_and_nothing_else(local_run: LocalRun) -> None:
    for agent in AGENTS:
        run = local_run.command("token", "--agent", agent)
        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", run.stdout)
        assert not run.stderr


def test_the_token_command_names_the_agents_that_there_are(local_run: LocalRun) -> None:
    run = local_run.command("token", "--agent", "acme-corp/nobody")
    assert run.returncode == 1
    assert run.stderr == f"There is no agent 'acme-corp/nobody'; deployed are: {', '.join(AGENTS)}.\n"


def inspect(local_run: LocalRun, token: str, *arguments: str) -> dict[str, Any]:
    """What MCP Inspector's command line prints, called as `up` says."""
    url = local_run.platform.account.gateway_url()
    header = ("--header", f"Authorization: Bearer {token}")
    run = subprocess.run(
        [str(INSPECTOR), "--cli", url, "--transport", "http", *arguments, *header],
        env=base_environment(local_run.platform.layout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    page: dict[str, Any] = json.loads(run.stdout)
    return page


def test_inspector_lists_and_calls_tools(local_run: LocalRun) -> None:
    token = local_run.platform.account.token(AGENT).value
    listed = inspect(local_run, token, "--method", "tools/list")
    assert sorted(tool["name"] for tool in listed["tools"]) == [*TOOLS, SEARCH]
    call_it = ("--method", "tools/call", "--tool-name", f"{TARGET}___hello_world", "--tool-arg", "name=Ada")
    called = inspect(local_run, token, *call_it)
    assert json.loads(called["content"][0]["text"]) == {"message": "Hello, Ada!"}


class Storage(TokenStorage):
    """The SDK's token storage, in memory."""

    token: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class ProviderOfItsScopes(ClientCredentialsOAuthProvider):
    """The SDK's provider, for an agent that may call some servers of many.

    The SDK asks for every scope of the gateway's challenge, and an identity provider refuses a client that asks for one
    that is not its own.
    """

    scopes = ""

    async def _exchange_token_client_credentials(self) -> httpx2.Request:
        self.context.client_metadata.scope = self.scopes
        return await super()._exchange_token_client_credentials()


async def test_the_sdk_finds_the_token_endpoint_from_the_gateway_url_alone(
    local_run: LocalRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9728 and OpenID discovery, over the real host names: no URL but the gateway's is given to the client."""
    for name, value in client_environment(local_run.platform.layout, local_run.ports).items():
        monkeypatch.setenv(name, value)
    url = local_run.platform.account.gateway_url()
    agent = credentials(local_run, "globex/support-agent")
    storage = Storage()
    auth = ProviderOfItsScopes(
        server_url=url,
        storage=storage,
        client_id=agent.client_id,
        client_secret=agent.client_secret,
    )
    auth.scopes = " ".join(agent.scopes)
    async with (
        httpx2.AsyncClient(auth=auth, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        assert await call(client, "hello_world", name="Ada") == {"message": "Hello, Ada!"}
    assert storage.token


def test_the_contract_of_a_deployed_gateway_holds(local_run: LocalRun) -> None:
    agent = credentials(local_run)
    environment = client_environment(local_run.platform.layout, local_run.ports) | {
        "FOUNDATION_GATEWAY_URL": local_run.platform.account.gateway_url(),
        "FOUNDATION_TOKEN_ENDPOINT": agent.token_endpoint,
        "FOUNDATION_CLIENT_ID": agent.client_id,
        "FOUNDATION_CLIENT_SECRET": agent.client_secret,
        "FOUNDATION_SCOPE": " ".join(agent.scopes),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract"],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout
