"""A gateway with as many targets and tools as asked for, for a test and a benchmark of what fits."""

from __future__ import annotations

import json

from aws_cdk import App, Stack, aws_lambda as lambda_, aws_logs as logs

from foundation.encryption import EncryptionKey
from foundation.interceptors import TokenRules
from foundation.log_group import LogKeeping
from foundation.tool_gateway import ToolGateway
from tests.assemblies import ROOT
from toolkit import ToolSpec

LONGEST_FUNCTION_NAME = 64
"""Characters (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html)."""


def gateway_stack(app: App, *, targets: int, tools: int) -> Stack:
    """A stack with a gateway and Lambda `targets`, with `tools` tools each, whose functions have the longest names."""
    stack = Stack(app, "Stack")
    key = EncryptionKey(stack, "Key", alias="gateway", description="Gateway", retain=False)
    gateway = ToolGateway(
        stack,
        "Gateway",
        name="example",
        tokens=TokenRules(
            discovery_url="https://example.com/.well-known/openid-configuration",
            clients=["client"],
            scopes=["server/read"],
        ),
        required_claims={},
        governance=None,
        log_keeping=LogKeeping(key=key, retention=logs.RetentionDays.ONE_WEEK, retain=False),
        debug=False,
        traces=True,
    )
    for number in range(targets):
        name = f"server-{number}-".ljust(LONGEST_FUNCTION_NAME, "x")
        function = lambda_.Function.from_function_attributes(
            stack,
            f"Function{number}",
            function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}:v1",
            skip_permissions=True,
        )
        gateway.add_lambda_target(
            name=f"server-{number}",
            description="A server",
            function=function,
            tools=[_tool(number) for number in range(tools)],
        )
    return stack


def app_with_flags(outdir: str | None = None) -> App:
    """An app with the project's feature flags."""
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return App(context=flags, outdir=outdir)


def _tool(number: int) -> ToolSpec:
    """A tool with five parameters and a description as long as ours are."""
    properties = {
        f"parameter_{position}": {"type": "string", "description": "What the parameter is good for, in a sentence."}
        for position in range(5)
    }
    description = f"Read something of the service number {number}, in pages, without changing anything there. " * 3
    schema = {"type": "object", "properties": properties, "required": ["parameter_0"]}
    return ToolSpec(f"read_operations_{number}", description, schema, None, ())
