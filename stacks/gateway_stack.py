"""The gateway of an environment with its targets (R5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from foundation.function import VpcPlacement
from foundation.machine_identity import MachineIdentity
from foundation.network import Network
from foundation.tool_gateway import ToolGateway
from foundation.tool_server import ToolServer
from stacks.foundation_stack import FoundationStack
from stacks.gateway_targets import TargetMaker
from stacks.settings import Settings


class GatewayStack(FoundationStack):
    """AgentCore gateway, one target per tool server, and where clients find it.

    Attributes:
        gateway: the gateway.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        network: Network,
        identity: MachineIdentity,
        client_ids: Mapping[str, str],
        servers: Sequence[ToolServer],
    ) -> None:
        """Make the stack.

        Args:
            scope: the app.
            settings: the environment's settings.
            network: where servers of ours run and private endpoints begin.
            identity: whose tokens the gateway accepts.
            client_ids: the agents' clients, by `<tenant>/<agent>`.
            servers: the tool servers that it offers, beside the targets of the settings.

        Raises:
            BundleError: a server to run on AgentCore Runtime cannot be bundled.
        """
        super().__init__(scope, "gateway", settings=settings, description="AgentCore gateway and its targets")
        key = self.key("GatewayKey", alias="gateway", description="AgentCore gateway and its logs")
        log_keeping = self.log_keeping(key, delivered=True)
        self.gateway = ToolGateway(
            self,
            "ToolGateway",
            name=settings.prefix,
            discovery_url=identity.discovery_url,
            allowed_clients=list(client_ids.values()),
            allowed_scopes=identity.scopes,
            log_keeping=log_keeping,
            debug=settings.environment.gateway.debug,
            traces=settings.environment.gateway.traces,
        )
        for server in servers:
            self.gateway.add_lambda_target(
                name=server.target,
                description=f"{server.spec.name} {server.spec.version}",
                function=server.alias,
                tools=server.spec.tools,
            )
        placement = VpcPlacement(vpc=network.vpc, subnets=network.private_subnets, security_group=network.workloads)
        TargetMaker(settings=settings, placement=placement, log_keeping=log_keeping).add_to(self.gateway)
        ssm.StringParameter(
            self,
            "UrlParameter",
            parameter_name=f"/{settings.project}/{settings.name}/gateway/url",
            description="Where MCP clients connect",
            string_value=self.gateway.url,
        )
        self.output("GatewayUrl", self.gateway.url, "Where MCP clients connect")
        self.output("GatewayId", self.gateway.gateway.gateway_id, "The gateway's identifier")
