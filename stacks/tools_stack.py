"""The tool servers of an environment (R12), each major with its release (R11)."""

from __future__ import annotations

from aws_cdk import Duration, aws_codedeploy as codedeploy
from constructs import Construct

from foundation.function import FunctionSize, VpcPlacement
from foundation.log_group import LogKeeping
from foundation.network import Network
from foundation.permissions import Reach
from foundation.tool_release import ToolRelease
from foundation.tool_server import ToolServer
from stacks.foundation_stack import FoundationStack
from stacks.settings import ServedMajor, Settings

TRAFFIC = {
    "all-at-once": codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE,
    "canary-10-percent-5-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
    "canary-10-percent-10-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_10_MINUTES,
    "canary-10-percent-15-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_15_MINUTES,
    "canary-10-percent-30-minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_30_MINUTES,
    "linear-10-percent-every-1-minute": codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_1_MINUTE,
    "linear-10-percent-every-2-minutes": codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_2_MINUTES,
    "linear-10-percent-every-3-minutes": codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_3_MINUTES,
    "linear-10-percent-every-10-minutes": codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_10_MINUTES,
}
"""CodeDeploy's deployment configuration by the setting's name for it."""

PLATFORMS_LOG_GROUPS = (
    "/{project}/*",
    "/aws/containerinsights/{project}-*",
    "/aws/eks/{project}-*",
    "/aws/vendedlogs/bedrock-agentcore/gateway/{project}-*",
    "aws-waf-logs-{project}-*",
    "{project}-*",
)
"""Audit and tenants' logs, those of clusters and of the agents in them, gateways' and web ACLs', and those that
CloudFormation names after their stacks; of every environment, since several may be in one account."""


class ToolsStack(FoundationStack):
    """One Lambda function, alias and deployment group per tool server and major served.

    Attributes:
        servers: every major of every server, a server's current one first.
    """

    def __init__(self, scope: Construct, *, settings: Settings, network: Network) -> None:
        """Make the stack from the environment's `tool_servers` and `release` sections."""
        super().__init__(scope, "tools", settings=settings, description="Tool servers")
        key = self.key("ToolsKey", alias="tools", description="Logs and variables of tool servers")
        log_keeping = self.log_keeping(key)
        application = codedeploy.LambdaApplication(self, "Releases")
        self.servers: list[ToolServer] = []
        for majors in settings.served_majors.values():
            for served in majors:
                server = self._server(served, log_keeping, network.placement)
                self._release(server, application, log_keeping)
                self.servers.append(server)

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
            reach=self._reach(),
            placement=placement if served.settings.in_vpc else None,
        )

    def _reach(self) -> Reach:
        access = self.settings.environment.tool_access
        return Reach(
            regions=access.regions,
            roles={account: f"arn:aws:iam::{account}:role/{role}" for account, role in access.accounts.items()},
            hidden_log_groups=tuple(name.format(project=self.settings.project) for name in PLATFORMS_LOG_GROUPS),
        )

    def _release(
        self, server: ToolServer, application: codedeploy.ILambdaApplication, log_keeping: LogKeeping
    ) -> ToolRelease:
        release = self.settings.environment.release
        return ToolRelease(
            server,
            "Release",
            server=server,
            application=application,
            traffic=TRAFFIC[release.strategy],
            errors_per_minute=release.errors_per_minute,
            latency_percent=release.latency_percent,
            log_keeping=log_keeping,
        )
