"""The tool servers of an environment (R12)."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from foundation.function import FunctionSize, VpcPlacement
from foundation.log_group import LogKeeping
from foundation.network import Network
from foundation.tool_server import ToolServer
from stacks.foundation_stack import FoundationStack
from stacks.settings import ServedMajor, Settings


class ToolsStack(FoundationStack):
    """One Lambda function and alias per tool server and major served.

    Attributes:
        servers: every major of every server, a server's current one first.
    """

    def __init__(self, scope: Construct, *, settings: Settings, network: Network) -> None:
        """Make the stack from the environment's `tool_servers` section."""
        super().__init__(scope, "tools", settings=settings, description="Tool servers")
        key = self.key("ToolsKey", alias="tools", description="Logs and variables of tool servers")
        log_keeping = self.log_keeping(key)
        placement = VpcPlacement(vpc=network.vpc, subnets=network.private_subnets, security_group=network.workloads)
        self.servers: list[ToolServer] = []
        for majors in settings.served_majors.values():
            for served in majors:
                self.servers.append(self._server(served, log_keeping, placement))

    def _server(self, served: ServedMajor, log_keeping: LogKeeping, placement: VpcPlacement) -> ToolServer:
        return ToolServer(
            self,
            # Major 1 goes by the server's name alone, others by their target's: a function, with its logs, stays the
            # same resource when the next major comes and it is no longer the current one.
            served.server if served.major == 1 else served.target,
            spec=served.spec,
            target=served.target,
            alias=served.alias,
            package=served.package,
            log_keeping=log_keeping,
            size=FunctionSize(
                memory_mb=served.settings.memory_mb,
                timeout=Duration.seconds(served.settings.timeout_seconds),
                reserved_concurrency=served.settings.reserved_concurrency,
            ),
            variables=served.variables,
            placement=placement if served.settings.in_vpc else None,
        )
