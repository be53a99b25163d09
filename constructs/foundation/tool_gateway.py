"""The AgentCore gateway: one entry to all tools, where every call is checked, judged and counted (R5, R7, R9, R10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import (
    Stack,
    aws_bedrockagentcore as agentcore,
    aws_iam as iam,
    aws_kms as kms,
    aws_lambda as lambda_,
)
from constructs import Construct

from foundation.acknowledge import RuleIds, acknowledge
from foundation.agentcore_trust import agentcore_principal
from foundation.gateway_logs import deliver_gateway_logs, deliver_gateway_traces
from foundation.governance import Governance
from foundation.interceptors import TokenRules
from foundation.log_group import LogKeeping
from foundation.policy import add_policies
from foundation.policy_text import PolicyText
from foundation.rate_limits import RateLimit, add_rate_limits
from foundation.targets.credentials import RoleSignature
from foundation.targets.interface import Credential, Grant, Kind, Surroundings, TemplateRoom
from foundation.targets.lambda_function import LambdaFunction, Tool, tool_definition
from foundation.targets.private_endpoint import PrivateEndpoint

MCP_VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
CONCURRENT_TARGET_OPERATIONS = 5
"""Targets that a gateway creates, changes or deletes at a time; a sixth operation fails
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""


class ToolGateway(Construct):
    """An AgentCore gateway behind a JWT authorizer, with a key and a role of its own.

    Attributes:
        gateway: the gateway.
        role: what it acts as towards targets.
        url: where MCP clients connect.
        logs: what it logs of its own accord, refused tokens included.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        tokens: TokenRules,
        required_claims: Mapping[str, str],
        governance: Governance,
        log_keeping: LogKeeping,
        debug: bool,
        traces: bool,
    ) -> None:
        """Make the gateway, without targets yet.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            name: up to 48 letters, digits and hyphens.
            tokens: whose tokens are accepted. Cognito's machine tokens carry no audience, so it is scopes and a claim
                that are checked, never AllowedAudience.
            required_claims: value that a token must have, by the claim's name in the token.
            governance: what judges its calls.
            log_keeping: how its logs are kept; the key encrypts what the gateway stores too.
            debug: return the cause of internal errors to callers.
            traces: deliver traces to X-Ray.
        """
        super().__init__(scope, construct_id)
        self._name = name
        self._targets: list[agentcore.CfnGatewayTarget] = []
        self._acknowledged: set[RuleIds] = set()
        self._room = TemplateRoom()
        self.role = self._service_role(log_keeping.key)
        self._allow([*governance.engine.grants(name), *governance.interceptors.grants])
        self.gateway = agentcore.Gateway(
            self,
            "Gateway",
            gateway_name=name,
            description="The one entry point to all MCP tools",
            authorizer_configuration=agentcore.GatewayAuthorizer.using_custom_jwt(
                discovery_url=tokens.discovery_url,
                allowed_audience=list(tokens.audience) or None,
                allowed_clients=list(tokens.clients) or None,
                allowed_scopes=list(tokens.scopes) or None,
                custom_claims=[
                    agentcore.GatewayCustomClaim.with_string_value(claim, value)
                    for claim, value in required_claims.items()
                ]
                or None,
            ),
            protocol_configuration=agentcore.McpProtocolConfiguration(
                search_type=agentcore.McpGatewaySearchType.SEMANTIC,
                supported_versions=[agentcore.MCPProtocolVersion.of(version) for version in MCP_VERSIONS],
                instructions="Tools of the company's platform. Search for the one you need, or list them all.",
            ),
            exception_level=agentcore.GatewayExceptionLevel.DEBUG if debug else None,
            # The L2's own grants end in wildcards (`function:*`); this construct grants exactly.
            role=self.role.without_policy_updates(),
        )
        resource = self.gateway.node.default_child
        assert isinstance(resource, agentcore.CfnGateway)  # noqa: S101 - tells the type checker what the L2 holds
        # The L2's kms_key writes wildcard actions into the key's policy; `_service_role` has the documented ones.
        resource.kms_key_arn = log_keeping.key.key_arn
        # The L2's properties grant by themselves, to the role that this construct grants to.
        resource.interceptor_configurations = [*governance.interceptors.configurations]
        resource.policy_engine_configuration = agentcore.CfnGateway.GatewayPolicyEngineConfigurationProperty(
            arn=governance.engine.engine_arn, mode=governance.enforcement.value
        )
        self._engine_id = governance.engine.engine_id
        self.gateway.node.add_dependency(self.role)
        self.url: str = resource.attr_gateway_url
        self.logs = deliver_gateway_logs(self, name=name, gateway_arn=self.gateway.gateway_arn, log_keeping=log_keeping)
        if traces:
            deliver_gateway_traces(self, name=name, gateway_arn=self.gateway.gateway_arn)

    def _service_role(self, key: kms.Key) -> iam.Role:
        """The role of https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-prerequisites-permissions.html.

        Key actions: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-encryption.html.
        """
        role = iam.Role(
            self,
            "Role",
            description=f"AgentCore gateway {self._name}",
            assumed_by=agentcore_principal(self, "gateway", self._name),
        )
        via_agentcore = {"StringEquals": {"kms:ViaService": f"bedrock-agentcore.{Stack.of(self).region}.amazonaws.com"}}
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                resources=[key.key_arn],
                conditions=via_agentcore,
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:CreateGrant"],
                resources=[key.key_arn],
                conditions={
                    **via_agentcore,
                    "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "GenerateDataKey"]},
                },
            )
        )
        return role

    def add_lambda_target(
        self, *, name: str, description: str, function: lambda_.IFunction, tools: Sequence[Tool]
    ) -> agentcore.CfnGatewayTarget:
        """Offer `tools` of a function as `<name>___<tool>`.

        Args:
            name: the target's name: letters, digits and hyphens.
            description: what it offers.
            function: what answers.
            tools: its tools.
        """
        definitions = [tool_definition(tool) for tool in tools]
        kind = LambdaFunction(function_arn=function.function_arn, tools=definitions)
        return self.add_target(name=name, description=description, kind=kind, credential=RoleSignature())

    def add_target(
        self,
        *,
        name: str,
        description: str,
        kind: Kind,
        credential: Credential,
        private_endpoint: PrivateEndpoint | None = None,
    ) -> agentcore.CfnGatewayTarget:
        """Offer the tools of a target as `<name>___<tool>`.

        The target is made after the gateway's role has its permissions, which its creation checks. IAM is eventually
        consistent, so the gateway waits for them too: the time it takes to be made is theirs to spread. No more than
        five targets are made at a time.

        Args:
            name: the target's name: letters, digits and hyphens.
            description: what it offers, up to 200 characters.
            kind: what it is.
            credential: how the gateway proves to it who it is.
            private_endpoint: how to reach it when it has no public address.

        Raises:
            BundleError: the target is a server of ours that cannot be bundled.
        """
        scope = Construct(self, f"Target-{name}")
        at = Surroundings(scope=scope, name=name, gateway_name=self._name, room=self._room)
        bound, proof = kind.bind(at), credential.bind(at)
        self._allow((*bound.to_read, *(bound.to_call if proof.signs else ()), *proof.grants))
        target = agentcore.CfnGatewayTarget(
            scope,
            "Resource",
            gateway_identifier=self.gateway.gateway_id,
            name=name,
            description=description,
            target_configuration={"mcp": bound.configuration},
            credential_provider_configurations=[proof.configuration] if proof.configuration else None,
            private_endpoint=private_endpoint.configuration if private_endpoint else None,
            metadata_configuration={"allowedRequestHeaders": [*bound.headers]} if bound.headers else None,
        )
        target.node.add_dependency(self.role, *bound.after)
        if len(self._targets) >= CONCURRENT_TARGET_OPERATIONS:
            target.node.add_dependency(self._targets[-CONCURRENT_TARGET_OPERATIONS])
        self._targets.append(target)
        return target

    def add_policies(self, policies: Sequence[PolicyText]) -> None:
        """Put policies into the engine, after the targets whose tools they name. Call it when all targets are added.

        What forbids stands after what permits: AgentCore refuses a policy that leaves nothing to allow.
        """
        add_policies(
            self,
            policies,
            environment=self._name,
            engine_id=self._engine_id,
            gateway_arn=self.gateway.gateway_arn,
            after=self._last_targets,
        )

    def add_rate_limits(self, limits: Sequence[RateLimit]) -> list[agentcore.CfnGatewayRateLimit]:
        """Limit what callers take. Call it when all targets are added; each is made after the one before.

        Raises:
            ValueError: two limits count by the same.
        """
        return add_rate_limits(self, limits, gateway_id=self.gateway.gateway_id, after=self._last_targets)

    @property
    def _last_targets(self) -> list[agentcore.CfnGatewayTarget]:
        """The targets after which all of them exist: the others precede one of these."""
        return self._targets[-CONCURRENT_TARGET_OPERATIONS:]

    def _allow(self, grants: Sequence[Grant]) -> None:
        """Allow the role something and accept the findings on it, once each."""
        for grant in grants:
            self.role.add_to_policy(grant.statement)
            new = {ids: reason for ids, reason in grant.reasons.items() if ids not in self._acknowledged}
            acknowledge(self.role, new)
            self._acknowledged.update(new)
