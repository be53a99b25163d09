"""The two functions that the gateway calls before and after each call: who calls, may it, the record of it (R7, R8).

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-interceptors.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aws_cdk import (
    Duration,
    aws_bedrockagentcore as agentcore,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_logs as logs,
    aws_sns as sns,
)
from constructs import Construct

from foundation.acknowledge import acknowledge, compliance
from foundation.directory import Directory
from foundation.function import GOVERNANCE_PACKAGES, BundleContents, FunctionSize, PythonFunction
from foundation.function_alarms import FunctionAlarms
from foundation.log_group import LogKeeping
from foundation.targets.interface import Grant


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """Whose tokens are accepted; the gateway's authorizer and the interceptors check the same.

    Attributes:
        discovery_url: OpenID configuration of the token issuer.
        audience: audiences of which a token needs one; none when empty. Cognito's machine tokens carry none.
        clients: client ids whose tokens are accepted; any when empty.
        scopes: scopes of which a token needs one; none when empty.
        claims: the issuer's claim by our name for it, `client_id` and `scope` included.
        registered: whether the issuer asks the directory of agents itself before it makes a token. Otherwise the
            interceptors ask it about every client, and the token has to agree.
    """

    discovery_url: str
    audience: Sequence[str] = ()
    clients: Sequence[str] = ()
    scopes: Sequence[str] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    registered: bool = False

    @property
    def variable(self) -> str:
        """It as the functions read it."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the interceptors know beside the token.

    Attributes:
        tools: content of catalogue.json: how each tool's data is classified, which of its arguments are sensitive.
        redaction: rules that clean an answer, by the classification of the tool.
        body_bytes: size of a request at most.
        depth: nesting of a request at most.
        audit_required: refuse a call whose record cannot be written.
        audit_version: version of the record.
    """

    tools: Mapping[str, Any]
    redaction: Mapping[str, Sequence[str]]
    body_bytes: int
    depth: int
    audit_required: bool
    audit_version: str


class GatewayInterceptors(Construct):
    """The request and the response interceptor of one gateway. What they print is the audit record.

    Attributes:
        request: called before a call is judged.
        response: called with the answer, also after a refusal.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        tokens: TokenRules,
        directory: Directory,
        judgement: Judgement,
        concurrency: int,
        log_keeping: LogKeeping,
        audit_log: logs.ILogGroup,
        warnings: sns.ITopic,
    ) -> None:
        """Make the functions. They run outside any VPC: they call AWS's APIs and the issuer's public keys.

        Args:
            scope: the stack they belong to.
            construct_id: their id there.
            environment: the environment's name, which a token has to carry.
            tokens: whose tokens are accepted.
            directory: where agents and suspensions stand.
            judgement: what else they know.
            concurrency: calls at a time, of each.
            log_keeping: the key encrypts their variables.
            audit_log: log group of audit records; a record is a line that they print.
            warnings: where alarms go when one of them fails or is not let run.

        Raises:
            BundleError: one cannot be bundled.
        """
        super().__init__(scope, construct_id)
        audit = {
            "log_group": audit_log.log_group_name,
            "required": judgement.audit_required,
            "version": judgement.audit_version,
        }
        self._variables = {
            "FOUNDATION_ENVIRONMENT": environment,
            "FOUNDATION_TOKENS": tokens.variable,
            "FOUNDATION_AGENTS_PATH": directory.agents,
            "FOUNDATION_AUDIT": json.dumps(audit),
        }
        self._contents = BundleContents(
            shared_packages=GOVERNANCE_PACKAGES,
            generated={"catalogue.json": json.dumps(judgement.tools, sort_keys=True)},
        )
        self._log_keeping, self._audit_log, self._concurrency = log_keeping, audit_log, concurrency
        self._directory = directory
        limits = {"body_bytes": judgement.body_bytes, "depth": judgement.depth}
        redaction = {name: list(rules) for name, rules in judgement.redaction.items()}
        self.request = self._function(
            "Request",
            package="gateway_request",
            description="Checks who calls before the gateway judges",
            timeout=Duration.seconds(10),
            variables={"FOUNDATION_SUSPENDED_PATH": directory.suspended, "FOUNDATION_LIMITS": json.dumps(limits)},
            statements=[directory.read_suspensions(self)],
        )
        self.response = self._function(
            "Response",
            package="gateway_response",
            description="Filters and records what the gateway answers",
            timeout=Duration.seconds(20),
            variables={"FOUNDATION_REDACTION": json.dumps(redaction)},
        )
        self._watch(warnings)
        directory.acknowledge_agents(self)
        directory.acknowledge_suspensions(self.node.find_child("Request"))
        acknowledge(
            self,
            {
                compliance(
                    "LambdaInsideVPC"
                ): "Calls AWS's APIs and the issuer's public keys, and nothing inside the VPC"
            },
        )

    def _watch(self, warnings: sns.ITopic) -> None:
        for name, function in (("Request", self.request), ("Response", self.response)):
            FunctionAlarms(
                self,
                f"{name}Alarms",
                function=function,
                topic=warnings,
                errors=f"The {name.lower()} interceptor fails, and calls through the gateway with it",
                throttles=f"The {name.lower()} interceptor runs as often at a time as it may: calls are refused",
            )

    def _function(
        self,
        construct_id: str,
        *,
        package: str,
        description: str,
        timeout: Duration,
        variables: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement] = (),
    ) -> lambda_.Function:
        made = PythonFunction(
            self,
            construct_id,
            package=package,
            description=description,
            log_keeping=self._log_keeping,
            size=FunctionSize(memory_mb=1024, timeout=timeout, reserved_concurrency=self._concurrency),
            environment={"POWERTOOLS_SERVICE_NAME": package.replace("_", "-"), **self._variables, **variables},
            statements=[self._directory.read_agents(self), *statements],
            contents=self._contents,
            log_group=self._audit_log,
        )
        return made.function

    @property
    def grants(self) -> list[Grant]:
        """What the gateway's role needs to call them."""
        functions = [self.request.function_arn, self.response.function_arn]
        return [Grant(["lambda:InvokeFunction"], functions)]

    @property
    def configurations(self) -> list[agentcore.CfnGateway.GatewayInterceptorConfigurationProperty]:
        """The gateway's property `InterceptorConfigurations`. Headers are passed: the token is among them."""
        gateway = agentcore.CfnGateway
        return [
            gateway.GatewayInterceptorConfigurationProperty(
                interception_points=[point],
                interceptor=gateway.InterceptorConfigurationProperty(
                    lambda_=gateway.LambdaInterceptorConfigurationProperty(arn=function.function_arn)
                ),
                input_configuration=gateway.InterceptorInputConfigurationProperty(pass_request_headers=True),
            )
            for point, function in (("REQUEST", self.request), ("RESPONSE", self.response))
        ]
