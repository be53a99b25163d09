"""A gateway with as many targets and tools as asked for, for a test and a benchmark of what fits."""

from __future__ import annotations

import json

from aws_cdk import App, Environment, Stack, aws_lambda as lambda_, aws_logs as logs, aws_sns as sns

from foundation.directory import Directory
from foundation.encryption import EncryptionKey
from foundation.governance import Governance
from foundation.interceptors import GatewayInterceptors, Judgement, TokenRules
from foundation.log_group import LogKeeping
from foundation.policy import Enforcement, PolicyEngine
from foundation.tool_gateway import ToolGateway
from tests.assemblies import ROOT
from toolkit import ToolSpec

LONGEST_FUNCTION_NAME = 64
"""Characters (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html)."""


def gateway_stack(app: App, *, targets: int, tools: int) -> Stack:
    """A stack with a gateway and Lambda `targets`, with `tools` tools each, whose functions have the longest names."""
    stack = Stack(app, "Stack", env=Environment(account="123456789012", region="us-east-1"))
    key = EncryptionKey(stack, "Key", alias="gateway", description="Gateway", retain=False)
    log_keeping = LogKeeping(key=key, retention=logs.RetentionDays.ONE_WEEK, retain=False)
    tokens = TokenRules(
        discovery_url="https://example.com/.well-known/openid-configuration",
        clients=["client"],
        scopes=["server/read"],
    )
    gateway = ToolGateway(
        stack,
        "Gateway",
        name="example",
        tokens=tokens,
        required_claims={},
        governance=_governance(stack, tokens, log_keeping),
        log_keeping=log_keeping,
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


def _governance(stack: Stack, tokens: TokenRules, log_keeping: LogKeeping) -> Governance:
    """What judges its calls: the real one, of which the gateway's role needs permissions too."""
    return Governance(
        engine=PolicyEngine(stack, "Policies", name="example", description="Policies", key=log_keeping.key),
        enforcement=Enforcement.ENFORCE,
        interceptors=GatewayInterceptors(
            stack,
            "Interceptors",
            environment="example",
            tokens=tokens,
            directory=Directory(agents="/example/agents", suspended="/example/suspended"),
            judgement=Judgement(
                tools={}, redaction={}, body_bytes=1000, depth=10, audit_required=False, audit_version="1.0"
            ),
            concurrency=1,
            log_keeping=log_keeping,
            audit_log=log_keeping.log_group(stack, "AuditLog", name="/example/audit"),
            warnings=sns.Topic(stack, "Warnings"),
        ),
    )


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
