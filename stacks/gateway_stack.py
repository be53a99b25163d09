"""The gateway of an environment with its targets, and what checks, judges and counts the calls (R5, R7, R9, R10)."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_ssm as ssm
from constructs import Construct, IDependable

from foundation.audit.record import VERSION
from foundation.audit.store import AuditStore
from foundation.governance import Governance
from foundation.interceptors import GatewayInterceptors, Judgement, TokenRules
from foundation.log_group import LogKeeping
from foundation.machine_identity import MachineIdentity
from foundation.network import Network
from foundation.policy import Enforcement, PolicyEngine
from foundation.tool_gateway import ToolGateway
from foundation.tool_server import ToolServer
from foundation.web_acl import GatewayWebAcl
from stacks.foundation_stack import FoundationStack
from stacks.gateway_targets import TargetMaker
from stacks.settings import Settings
from stacks.token_rules import required_claims, token_rules

ENFORCEMENT = {"enforce": Enforcement.ENFORCE, "log-only": Enforcement.LOG_ONLY}
"""AgentCore's word by the setting's."""

OTHER_REQUESTS_AT_A_TIME = 20
"""Executions of each interceptor beyond what tools of ours can answer: for requests that reach none of these, which are
lists of tools, initialize, ping, calls of the settings' targets, and what is refused. An execution takes some
milliseconds, so that this serves more than a thousand of them a second; beyond it Lambda throttles them."""


class GatewayStack(FoundationStack):
    """AgentCore gateway, one target per tool server, and where clients find it.

    Attributes:
        gateway: the gateway.
        engine: its policy engine, to which tenants add policies.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        network: Network,
        identity: MachineIdentity | None,
        audit: AuditStore,
        servers: Sequence[ToolServer],
    ) -> None:
        """Make the stack.

        Args:
            scope: the app.
            settings: the environment's settings.
            network: where servers of ours run and private endpoints begin.
            identity: whose tokens the gateway accepts; None where the settings name another provider.
            audit: where the records of calls go.
            servers: the tool servers that it offers, beside the targets of the settings.

        Raises:
            BundleError: a server to run on AgentCore Runtime, or an interceptor, cannot be bundled.
        """
        super().__init__(scope, "gateway", settings=settings, description="AgentCore gateway and its targets")
        key = self.key("GatewayKey", alias="gateway", description="AgentCore gateway and its logs")
        log_keeping = self.log_keeping(key, delivered=True)
        tokens = token_rules(settings, identity)
        self.engine = PolicyEngine(
            self,
            "Policies",
            name=settings.prefix.replace("-", "_"),
            description=f"Who may call what through the gateway {settings.prefix}",
            key=self.key("PolicyKey", alias="policies", description="Cedar policies of the gateway"),
        )
        self.gateway = ToolGateway(
            self,
            "ToolGateway",
            name=settings.prefix,
            tokens=tokens,
            required_claims=required_claims(settings),
            governance=Governance(
                engine=self.engine,
                enforcement=ENFORCEMENT[settings.environment.access.mode],
                interceptors=self._interceptors(tokens, audit, log_keeping, servers),
            ),
            log_keeping=log_keeping,
            debug=settings.environment.gateway.debug,
            traces=settings.environment.gateway.traces,
        )
        audit.take(self.gateway, self.gateway.logs)
        for server in servers:
            self.gateway.add_lambda_target(
                name=server.target,
                description=f"{server.spec.name} {server.spec.version}",
                function=server.alias,
                tools=server.spec.tools,
            )
        TargetMaker(settings=settings, placement=network.placement, log_keeping=log_keeping).add_to(self.gateway)
        self.gateway.add_policies(settings.access.platform_policies)
        limits = self.gateway.add_rate_limits(settings.access.rate_limits)
        if settings.environment.waf.enabled:
            self._web_acl(log_keeping, after=limits[-1])
        ssm.StringParameter(
            self,
            "UrlParameter",
            parameter_name=settings.gateway_parameter,
            description="Where MCP clients connect",
            string_value=self.gateway.url,
        )
        self.output("GatewayUrl", self.gateway.url, "Where MCP clients connect")
        self.output("GatewayId", self.gateway.gateway.gateway_id, "The gateway's identifier")

    def _interceptors(
        self, tokens: TokenRules, audit: AuditStore, log_keeping: LogKeeping, servers: Sequence[ToolServer]
    ) -> GatewayInterceptors:
        environment = self.settings.environment
        return GatewayInterceptors(
            self,
            "Interceptors",
            environment=self.settings.name,
            tokens=tokens,
            directory=self.directory,
            judgement=Judgement(
                tools=self.settings.access.catalogue,
                redaction=environment.classification.redact.model_dump(),
                body_bytes=environment.limits.body_bytes,
                depth=environment.limits.depth,
                audit_required=environment.audit.required,
                audit_version=VERSION,
            ),
            # A call that reaches a tool of ours has been checked; as many as all of them answer can be checked at once.
            concurrency=sum(server.size.reserved_concurrency for server in servers) + OTHER_REQUESTS_AT_A_TIME,
            log_keeping=log_keeping,
            audit_log=audit.log_group,
            warnings=audit.topic,
        )

    def _web_acl(self, log_keeping: LogKeeping, *, after: IDependable) -> None:
        waf = self.settings.environment.waf
        GatewayWebAcl(
            self,
            "WebAcl",
            name=self.settings.prefix,
            gateway_arn=self.gateway.gateway.gateway_arn,
            requests_per_5_minutes_per_ip=waf.requests_per_5_minutes_per_ip,
            counted_rules=waf.counted_rules,
            log_keeping=log_keeping,
            after=after,
        )
