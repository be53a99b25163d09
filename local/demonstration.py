"""The platform seen from an agent: a token, the official MCP client, and each tool called once."""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from local.agent import SECRET_PREFIX, Account
from local.console import Console
from local.emulator.settings import ACCOUNT
from local.failure import LocalRunError

SERVER = "aws-operations"
BUCKET = f"example-reports-{ACCOUNT}"
_WIDTH = 100


@dataclass(frozen=True)
class Call:
    """One tool call of the demonstration: the tool, and what it is given."""

    tool: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        """The call as a line of code."""
        given = ", ".join(f"{name}={json.dumps(value)}" for name, value in self.arguments.items())
        return f"{self.tool}({given})"


def calls(agent: str) -> tuple[Call, ...]:
    """The calls of the demonstration: some tools of the first server."""
    return (
        Call("hello_world", {"name": agent}),
        Call("get_time", {"timezone": "America/Sao_Paulo"}),
        Call("s3_read_operations", {"operation": "list_objects", "bucket": BUCKET}),
        Call("ec2_read_operations", {"operation": "describe_vpcs", "filters": {"is-default": ["false"]}}),
    )


def put_example_object(account: Account) -> None:
    """Give S3 something to tell of: a bucket with one object."""
    account.s3.create_bucket(Bucket=BUCKET)
    account.s3.put_object(Bucket=BUCKET, Key="2026/november.csv", Body=b"month,total\nnovember,42\n")


async def demonstrate(account: Account, agent: str, console: Console) -> None:
    """Act as `agent` and print what it did. Neither its secret nor its token is ever printed.

    Raises LocalRunError when a step fails.
    """
    url = account.gateway_url()
    token = account.token(agent)
    console.detail(f"read its secret {SECRET_PREFIX}{agent} and got a token for {token.minutes} minutes")
    try:
        async with connected(url, token.value) as client:
            console.detail(f"connected to {url}, MCP {client.protocol_version}")
            names = [tool.name for tool in (await client.list_tools()).tools]
            console.detail(f"listed {len(names)} tools\n{_by_target(names)}")
            target = newest_target(names, SERVER)
            for call in calls(agent):
                console.detail(f"{call}\n{_indented(await _answer(client, target, call))}")
    except (ExceptionGroup, MCPError, httpx2.HTTPError, LocalRunError) as error:
        raise LocalRunError(f"The demonstration failed: {_cause(error)}") from error


@contextlib.asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[Client]:
    """The official MCP client, connected to the gateway at `url` with a token.

    Proxies of the environment are not used: the gateway is on this machine.
    """
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def newest_target(names: Iterable[str], server: str) -> str:
    """The target of a server's highest major among the names of its tools.

    Raises LocalRunError when there is none.
    """
    majors = [int(found[1]) for name in names if (found := re.match(rf"{re.escape(server)}-v(\d+)___", name))]
    if not majors:
        raise LocalRunError(f"no tool of {server} is listed")
    return f"{server}-v{max(majors)}"


async def _answer(client: Client, target: str, call: Call) -> str:
    """What a tool answers; raises LocalRunError with what it says when it fails."""
    result = await client.call_tool(f"{target}___{call.tool}", call.arguments)
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    if result.is_error:
        raise LocalRunError(f"{call} answered: {text}")
    return text


def _by_target(names: Iterable[str]) -> str:
    """Names of tools on a line for each target; the gateway's own search has none."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        target, separator, tool = name.partition("___")
        found[target if separator else "the gateway"].append(tool or name)
    return "\n".join(f"{'':13}{target}: {', '.join(tools)}" for target, tools in found.items())


def _cause(error: Exception) -> Exception:
    """The one error inside the groups that the client's tasks wrap it in."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _indented(text: str) -> str:
    """An answer for a person: a short one on a line, a long one as indented JSON."""
    if len(text) > _WIDTH:
        text = json.dumps(json.loads(text), indent=2)
    return "\n".join(f"{'':13}{line}" for line in text.splitlines())
