"""Who is turned away at the deployed gateway, with genuine tokens of the emulated Cognito."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp_types import TextContent

from local.demonstration import connected
from local.layout import REPOSITORY
from local.surroundings import base_environment
from tests.local.aws_tools import target_name
from tests.local.local_run import AGENT, LocalRun
from tests.permissions.servers import servers

SCOPE = "aws-operations/read"
TARGET = target_name("aws-operations")
RIGHTS = ("read", "write")
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def cognito(local_run: LocalRun) -> Any:
    """Cognito of the emulated AWS."""
    return local_run.client("cognito-idp")


@pytest.fixture(scope="module")
def pool_id(cognito: Any) -> str:
    """The platform's own user pool."""
    (pool,) = cognito.list_user_pools(MaxResults=10)["UserPools"]
    return str(pool["Id"])


def ask(local_run: LocalRun, token: str | None) -> httpx2.Response:
    """The gateway's answer to a request with a token, or without one."""
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    url = local_run.platform.account.gateway_url()
    return httpx2.post(url, json=PING, headers=headers, trust_env=False)


def request_token(local_run: LocalRun, client: dict[str, str], scope: str, **domain: str) -> str:
    """A token from the real token endpoint of a pool's domain."""
    answer = local_run.ask_for_token(client["ClientId"], client["ClientSecret"], scope, **domain)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def add_client(cognito: Any, pool: str) -> dict[str, str]:
    """A client of a pool that may have the scope, as an administrator would add one by hand."""
    client: dict[str, str] = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="added-by-hand",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=[SCOPE],
    )["UserPoolClient"]
    return client


def assert_challenged(local_run: LocalRun, answer: httpx2.Response, *, status: int, error: str) -> None:
    """RFC 6750 section 3 and RFC 9728 section 5.1: the header names the error and where tokens come from."""
    metadata = f"http://127.0.0.1:{local_run.ports.gateway}/.well-known/oauth-protected-resource"
    assert answer.status_code == status
    challenge = answer.headers["www-authenticate"]
    found = re.fullmatch(r'Bearer error="(\S+)", scope="([^"]+)", resource_metadata="(\S+)"', challenge)
    assert found, challenge
    assert (found[1], found[3]) == (error, metadata)
    assert sorted(found[2].split()) == sorted(f"{server}/{right}" for server in servers() for right in RIGHTS)
    assert "tools" not in answer.text


def test_an_agents_own_token_is_accepted(local_run: LocalRun) -> None:
    assert ask(local_run, local_run.platform.account.token(AGENT).value).status_code == 200


@pytest.mark.parametrize("token", [None, "not-a-token"])
def test_without_a_token(local_run: LocalRun, token: str | None) -> None:
    assert_challenged(local_run, ask(local_run, token), status=401, error="invalid_token")


def test_a_token_of_another_pool_with_the_same_scope(local_run: LocalRun, cognito: Any) -> None:
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
    cognito.create_resource_server(UserPoolId=pool, Identifier="aws-operations", Name="same", Scopes=scopes)
    cognito.create_user_pool_domain(UserPoolId=pool, Domain="another-pool")
    token = request_token(local_run, add_client(cognito, pool), SCOPE, domain="another-pool")
    cognito.delete_user_pool_domain(UserPoolId=pool, Domain="another-pool")
    cognito.delete_user_pool(UserPoolId=pool)
    assert_challenged(local_run, ask(local_run, token), status=401, error="invalid_token")


def test_an_agent_without_a_scope_of_the_gateway(local_run: LocalRun, cognito: Any, pool_id: str) -> None:
    """The agent's client gets a scope of another resource server, and asks for that one alone."""
    agent = local_run.platform.account.credentials(AGENT)
    assert agent
    scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
    cognito.create_resource_server(UserPoolId=pool_id, Identifier="elsewhere", Name="elsewhere", Scopes=scopes)
    client = {"ClientId": agent.client_id, "ClientSecret": agent.client_secret}
    try:
        set_scopes(cognito, pool_id, agent.client_id, [*agent.scopes, "elsewhere/read"])
        token = request_token(local_run, client, "elsewhere/read")
    finally:
        set_scopes(cognito, pool_id, agent.client_id, list(agent.scopes))
        cognito.delete_resource_server(UserPoolId=pool_id, Identifier="elsewhere")
    assert_challenged(local_run, ask(local_run, token), status=403, error="insufficient_scope")


def set_scopes(cognito: Any, pool_id: str, client_id: str, scopes: list[str]) -> None:
    """Change a client's scopes and leave the rest of it."""
    flows = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthFlowsUserPoolClient": True}
    cognito.update_user_pool_client(UserPoolId=pool_id, ClientId=client_id, AllowedOAuthScopes=scopes, **flows)


@contextlib.contextmanager
def not_invoking(local_run: LocalRun, function: str) -> Iterator[None]:
    """The gateway's role without the functions whose name has `function` in it; they are put back."""
    iam, control = local_run.client("iam"), local_run.client("bedrock-agentcore-control")
    (gateway,) = control.list_gateways()["items"]
    arn = control.get_gateway(gatewayIdentifier=gateway["gatewayId"])["roleArn"]
    role = arn.rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    narrowed = copy.deepcopy(document)
    (invoking,) = (one for one in narrowed["Statement"] if "lambda:InvokeFunction" in one["Action"])
    left = [resource for resource in invoking["Resource"] if function not in resource]
    assert 0 < len(left) < len(invoking["Resource"])
    invoking["Resource"] = left
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(narrowed))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


async def greet(client: Client) -> tuple[bool, str]:
    """Whether a call failed, and its text."""
    result = await client.call_tool(f"{TARGET}___hello_world", {"name": "Ada"})
    (block,) = result.content
    assert isinstance(block, TextContent)
    return bool(result.is_error), block.text


async def test_a_gateway_whose_role_may_no_longer_invoke_the_function(local_run: LocalRun) -> None:
    """AgentCore's words for it, which a gateway of dev shows: devguide, gateway-debug-messages."""
    url = local_run.platform.account.gateway_url()
    async with connected(url, local_run.platform.account.token(AGENT).value) as client:
        assert await greet(client) == (False, '{"message": "Hello, Ada!"}')
        with not_invoking(local_run, "awsoperationsServer"):
            failed, text = await greet(client)
        assert failed
        assert re.fullmatch(r"Access denied while invoking Lambda function arn:\S+\. Check the permissions .*", text)
        assert await greet(client) == (False, '{"message": "Hello, Ada!"}')


@pytest.mark.parametrize("interceptor", ["InterceptorsRequest", "InterceptorsResponse"])
async def test_a_gateway_whose_role_may_no_longer_invoke_an_interceptor_lets_nothing_through(
    local_run: LocalRun, interceptor: str
) -> None:
    token = local_run.platform.account.token(AGENT).value
    assert ask(local_run, token).status_code == 200
    with not_invoking(local_run, interceptor):
        refused = ask(local_run, token)
    assert refused.status_code == 500
    assert set(refused.json()) == {"jsonrpc", "id", "error"}
    assert ask(local_run, token).status_code == 200


CLOCK = """
import time
_time = time.time
time.time = lambda: _time() + 16 * 60
"""


@contextlib.contextmanager
def gateway_of_the_future(local_run: LocalRun, folder: Path) -> Iterator[None]:
    """The gateway's process, replaced by one whose clock is 16 minutes ahead; `up` puts the other one back."""
    local_run.platform.gateway.daemon.stop()
    (folder / "sitecustomize.py").write_text(CLOCK)
    ports, ca = local_run.ports, local_run.platform.layout.ca_file
    options = ("--control-endpoint", ports.endpoint_url, "--edge", ports.edge_url, "--ca", ca, "--region", "us-east-1")
    process = subprocess.Popen(
        [sys.executable, "-m", "local.gateway", *options],
        cwd=REPOSITORY,
        env=base_environment(local_run.platform.layout) | {"PYTHONPATH": os.fspath(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while ports.gateway not in local_run.ports_in_use():
            assert time.monotonic() < deadline, "the gateway does not listen"
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()
        local_run.up()


def test_an_expired_token(local_run: LocalRun, tmp_path: Path) -> None:
    """A token of 15 minutes, seen 16 minutes later."""
    token = local_run.platform.account.token(AGENT).value
    assert ask(local_run, token).status_code == 200
    with gateway_of_the_future(local_run, tmp_path):
        assert_challenged(local_run, ask(local_run, token), status=401, error="invalid_token")
    assert "Starting the local gateway" in local_run.printed
    assert ask(local_run, token).status_code == 200
