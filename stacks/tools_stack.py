"""The tool servers of an environment (R12)."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from foundation.function import FunctionSize, VpcPlacement
from foundation.network import Network
from foundation.tool_server import ToolServer
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings


class ToolsStack(FoundationStack):
    """One Lambda function per tool server.

    Attributes:
        servers: the servers by name.
    """

    def __init__(self, scope: Construct, *, settings: Settings, network: Network) -> None:
        """Make the stack from the environment's `tool_servers` section."""
        super().__init__(scope, "tools", settings=settings, description="Tool servers")
        key = self.key("ToolsKey", alias="tools", description="Logs and variables of tool servers")
        log_keeping = self.log_keeping(key)
        placement = VpcPlacement(vpc=network.vpc, subnets=network.private_subnets, security_group=network.workloads)
        self.servers = {
            name: ToolServer(
                self,
                name,
                spec=settings.tool_specs[name],
                package=server.package,
                log_keeping=log_keeping,
                size=FunctionSize(
                    memory_mb=server.memory_mb,
                    timeout=Duration.seconds(server.timeout_seconds),
                    reserved_concurrency=server.reserved_concurrency,
                ),
                placement=placement if server.in_vpc else None,
            )
            for name, server in settings.environment.tool_servers.items()
        }
