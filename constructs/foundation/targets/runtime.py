"""An MCP server that we deploy on AgentCore Runtime, without a container image, as a target.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-mcp.html,
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import (
    AssetHashType,
    Aws,
    Stack,
    aws_bedrockagentcore as agentcore,
    aws_iam as iam,
    aws_s3_assets as s3_assets,
)
from constructs import Construct

from foundation.acknowledge import acknowledge
from foundation.agentcore_trust import agentcore_principal
from foundation.bundle import archive
from foundation.function import VpcPlacement
from foundation.log_group import LogKeeping
from foundation.runtime_bundle import ENTRY_POINT, runtime_bundle
from foundation.targets.interface import BoundKind, Grant, Surroundings
from foundation.wheels import PLATFORM, PLATFORM_CONTEXT, PYTHON

ENDPOINT = "DEFAULT"
"""The endpoint that every runtime has and that follows its newest version."""


@dataclass(frozen=True, kw_only=True)
class TokenCheck:
    """Whose tokens a runtime accepts, where its callers do not sign.

    Attributes:
        discovery_url: the issuer's OpenID discovery document.
        client_id: the one client.
    """

    discovery_url: str
    client_id: str


@dataclass(frozen=True, kw_only=True)
class RuntimeServer:
    """An MCP server made of a package under `lambda/`.

    Attributes:
        package: the folder; `main()` of its `main.py` serves MCP on port 8000 under /mcp.
        description: what it does.
        log_keeping: how its logs are kept.
        placement: where in a VPC it runs; in AWS's own network when None.
        environment: variables; no secrets.
        token_check: whose tokens it accepts; None for callers that sign.
    """

    package: str
    description: str
    log_keeping: LogKeeping
    placement: VpcPlacement | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    token_check: TokenCheck | None = None

    def bind(self, at: Surroundings, /) -> BoundKind:
        """Deploy the server.

        Raises:
            BundleError: the package cannot be bundled.
        """
        server = _Runtime(at.scope, "Runtime", name=f"{at.gateway_name}_{at.name}".replace("-", "_"), server=self)
        endpoint = f"{server.arn}/runtime-endpoint/{ENDPOINT}"
        return BoundKind(
            configuration={"mcpServer": {"endpoint": server.url}},
            to_call=[Grant(["bedrock-agentcore:InvokeAgentRuntime"], [server.arn, endpoint])],
            after=[server],
        )


class _Runtime(Construct):
    """The runtime with its role and its log group.

    Attributes:
        arn: the runtime.
        url: where it is invoked.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, server: RuntimeServer) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        role = self._role(name)
        runtime = agentcore.CfnRuntime(
            self,
            "Runtime",
            agent_runtime_name=name,
            description=server.description,
            role_arn=role.role_arn,
            agent_runtime_artifact={"codeConfiguration": self._code(server.package)},
            network_configuration=_network(server.placement),
            protocol_configuration="MCP",
            environment_variables={**server.environment} or None,
            authorizer_configuration=_authorizer(server.token_check),
        )
        runtime.node.add_dependency(role)
        self.arn = runtime.attr_agent_runtime_arn
        # The host and the path of https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-mcp.html: the
        # ARN, with its colons and slash encoded.
        encoded = (
            f"arn%3A{stack.partition}%3Abedrock-agentcore%3A{stack.region}%3A{stack.account}%3A"
            f"runtime%2F{runtime.attr_agent_runtime_id}"
        )
        host = f"https://bedrock-agentcore.{stack.region}.{Aws.URL_SUFFIX}"
        self.url = f"{host}/runtimes/{encoded}/invocations?qualifier={ENDPOINT}"
        self._logs(runtime, role, server.log_keeping)

    def _code(self, package: str) -> dict[str, object]:
        """The bundle in S3; CloudFormation reads it with the deployer's permissions."""
        platform = self.node.try_get_context(PLATFORM_CONTEXT) or PLATFORM
        folder = runtime_bundle(package, platform=str(platform))
        asset = s3_assets.Asset(
            self, "Code", path=str(archive(folder)), asset_hash=folder.name, asset_hash_type=AssetHashType.CUSTOM
        )
        location = {"bucket": asset.s3_bucket_name, "prefix": asset.s3_object_key}
        return {"code": {"s3": location}, "runtime": f"PYTHON_{PYTHON.replace('.', '_')}", "entryPoint": [ENTRY_POINT]}

    def _role(self, name: str) -> iam.Role:
        """https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html."""
        return iam.Role(
            self,
            "Role",
            description=f"AgentCore runtime {name}",
            assumed_by=agentcore_principal(self, "runtime", name),
        )

    def _logs(self, runtime: agentcore.CfnRuntime, role: iam.Role, log_keeping: LogKeeping) -> None:
        """The log group that the runtime writes to, made before it would make one without key and retention.

        Its name has the runtime's id, so it is made after the runtime; the target, whose creation is what first calls
        the server, waits for it.
        """
        group = log_keeping.log_group(
            self, "Logs", name=f"/aws/bedrock-agentcore/runtimes/{runtime.attr_agent_runtime_id}-{ENDPOINT}"
        )
        iam.Policy(
            self,
            "WriteLogs",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    resources=[group.log_group_arn],
                ),
                iam.PolicyStatement(
                    actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
                    resources=["*"],
                ),
            ],
        )
        acknowledge(
            self,
            {
                "AwsSolutions-IAM5[Resource::*]": "X-Ray's PutTraceSegments and PutTelemetryRecords know no resource "
                "types (service authorization reference, AWS X-Ray)",
            },
        )


def _network(placement: VpcPlacement | None) -> dict[str, object]:
    if placement is None:
        return {"networkMode": "PUBLIC"}
    chosen = placement.vpc.select_subnets(subnet_group_name=placement.subnets.subnet_group_name)
    return {
        "networkMode": "VPC",
        "networkModeConfig": {
            "subnets": chosen.subnet_ids,
            "securityGroups": [placement.security_group.security_group_id],
        },
    }


def _authorizer(check: TokenCheck | None) -> dict[str, object] | None:
    if check is None:
        return None
    return {"customJwtAuthorizer": {"discoveryUrl": check.discovery_url, "allowedClients": [check.client_id]}}
