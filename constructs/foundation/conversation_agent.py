"""An agent that people talk to: its service on Lambda, and who may call it (R15, R16)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aws_cdk import Stack, aws_iam as iam, aws_lambda as lambda_, aws_logs as logs, aws_sns as sns, aws_ssm as ssm
from constructs import Construct

from foundation.conversation_table import ConversationTable
from foundation.function import BundleContents, FunctionSize, PythonFunction, VpcPlacement
from foundation.function_alarms import PERIOD, FunctionAlarms
from foundation.log_group import LogKeeping
from foundation.model_access import ModelAccess, model_statements
from foundation.parameters import read_one
from foundation.rotated_secret import AgentCredentials
from foundation.web_server import WebServer

PACKAGE = "conversation_agent"
SHARED_PACKAGES = ("conversations", "gateway_agent")
"""The store of conversations, and what every agent of the kit shares."""

SCRIPTED_PACKAGE = "scripted_model"
"""Stands for a model where there is none; it is in no bundle that goes to AWS."""

AWS_SERVICES = ("bedrock-runtime", "dynamodb", "secretsmanager", "ssm", "sts")
"""Whose API descriptions the bundle's own boto3 takes along."""

TURN_ENDED = "turn ended"
"""The message of the line that the service logs at the end of each answer (`conversation_agent.answering`)."""

FAILURES = (
    "credentials_unavailable", "gateway_unavailable", "internal", "model_refused", "store_unavailable",
)  # fmt: skip
"""What that line says in `code` when the service is broken for everybody until somebody mends it. The other codes of
`conversation_agent.problems` are the caller's doing, or pass by themselves."""

_SPARE_SECONDS = 20
"""Of Lambda's time limit that no answer may take: an execution environment that starts with the request takes some, and
storing what was said takes the rest."""


@dataclass(frozen=True, kw_only=True)
class ConversationPlan:
    """What a conversational agent is made of.

    Attributes:
        tenant: its tenant.
        agent: its name within the tenant.
        environment: the environment's name.
        callers: `role/<name>` and `user/<name>` of the stack's account that it answers.
        credentials: its client's secret.
        table: where its conversations are kept.
        gateway_url: where it finds its tools.
        model: what it thinks with.
        scripted: whether the scripted model takes the model's place; only on a platform of this machine.
    """

    tenant: str
    agent: str
    environment: str
    callers: tuple[str, ...]
    credentials: AgentCredentials
    table: ConversationTable
    gateway_url: str
    model: ModelAccess
    scripted: bool = False

    @property
    def name(self) -> str:
        """`<tenant>/<agent>`."""
        return f"{self.tenant}/{self.agent}"


class ConversationAgent(Construct):
    """A function with a Function URL, whose role is the agent's own.

    IAM decides who may call the URL: those whose policies allow it, for which there is a managed policy. The service
    answers of those only the callers that its settings name.

    Attributes:
        function: the function.
        url: `https://<id>.lambda-url.<region>.on.aws/`.
        caller_policy: what lets a role or user call it, and find it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: ConversationPlan,
        size: FunctionSize,
        placement: VpcPlacement | None,
        log_keeping: LogKeeping,
        cors_origins: tuple[str, ...],
        adapter_layer: str | None,
        policy_name: str,
        url_parameter: str,
        warnings: sns.ITopic,
    ) -> None:
        """Make the service.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            plan: what it is made of.
            size: memory, the time of one answer, answers at a time.
            placement: where in a VPC it runs; outside when None.
            log_keeping: how its logs are kept; the key encrypts its environment variables too.
            cors_origins: origins of web pages that may call it.
            adapter_layer: version of the layer with the Lambda Web Adapter; AWS's public one when None.
            policy_name: name of the callers' policy.
            url_parameter: name of the parameter in Parameter Store that holds the URL.
            warnings: what is told when it fails or is too busy.

        Raises:
            BundleError: the service cannot be bundled.
        """
        super().__init__(scope, construct_id)
        scripted = (SCRIPTED_PACKAGE,) if plan.scripted else ()
        made = PythonFunction(
            self,
            "Function",
            package=PACKAGE,
            description=f"Conversations of {plan.name}",
            log_keeping=log_keeping,
            size=size,
            environment=_variables(self, plan, timeout_seconds=int(size.timeout.to_seconds())),
            placement=placement,
            aws_services=AWS_SERVICES,
            statements=[] if plan.scripted else model_statements(self, plan.model),
            contents=BundleContents(
                shared_packages=(*SHARED_PACKAGES, *scripted),
                web=WebServer(readiness_path="/health", adapter_layer=adapter_layer),
            ),
        )
        self.function: lambda_.Function = made.function
        plan.credentials.grant_read(made.role)
        plan.table.grant_agent(made.role, tenant=plan.tenant, agent=plan.agent)
        self.url = self._function_url(cors_origins)
        ssm.StringParameter(
            self,
            "UrlParameter",
            parameter_name=url_parameter,
            description=f"Where people talk to {plan.name}",
            string_value=self.url,
        )
        self.caller_policy = self._caller_policy(policy_name, plan.name, url_parameter)
        self._watch(plan, warnings)

    def _watch(self, plan: ConversationPlan, warnings: sns.ITopic) -> None:
        """Alarms on what Lambda sees of a failure, what HTTP tells of it, and what only the log does.

        To Lambda an answer of the Web Adapter is a success whatever its status, so that Errors counts what ends the
        process or the time. Statuses of 500 and above have a metric of their own
        (https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html). A streamed answer has the status 200 long
        before it fails: there the log line at its end is counted.
        """
        name = plan.name
        alarms = FunctionAlarms(
            self,
            "Alarms",
            function=self.function,
            topic=warnings,
            errors=f"{name} breaks off answers: its process ends, or reaches its time limit",
            throttles=f"{name} refuses people: it answers as many at a time as it may",
        )
        alarms.add(
            "ServerErrors",
            f"{name} fails: it answers with a status of 500 or above",
            self.function.metric("Url5xxCount", period=PERIOD, statistic="Sum"),
        )
        alarms.add(
            "FailedTurns",
            f"{name} cannot answer: see `code` of its log lines `{TURN_ENDED}`",
            self._failed_turns(plan).metric(
                period=PERIOD,
                statistic="Sum",
                dimensions_map={"tenant": plan.tenant, "agent": plan.agent},
            ),
        )

    def _failed_turns(self, plan: ConversationPlan) -> logs.MetricFilter:
        """Answers that ended with one of FAILURES, counted from the log."""
        codes = [logs.FilterPattern.string_value("$.code", "=", code) for code in FAILURES]
        return logs.MetricFilter(
            self,
            "FailedTurns",
            log_group=self.function.log_group,
            filter_pattern=logs.FilterPattern.all(
                logs.FilterPattern.string_value("$.message", "=", TURN_ENDED), logs.FilterPattern.any(*codes)
            ),
            metric_namespace=f"Foundation/{plan.environment}",
            metric_name="FailedTurns",
            metric_value="1",
            dimensions={"tenant": "$.tenant", "agent": "$.agent"},
        )

    def _function_url(self, cors_origins: tuple[str, ...]) -> str:
        made = self.function.add_function_url(
            auth_type=lambda_.FunctionUrlAuthType.AWS_IAM,
            invoke_mode=lambda_.InvokeMode.RESPONSE_STREAM,
            cors=_cors(cors_origins) if cors_origins else None,
        )
        url: str = made.url
        return url

    def _caller_policy(self, name: str, agent: str, url_parameter: str) -> iam.ManagedPolicy:
        """A Function URL made since October 2025 asks for both actions, of every caller.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        return iam.ManagedPolicy(
            self,
            "Callers",
            managed_policy_name=name,
            description=f"Talk to {agent}",
            statements=[
                iam.PolicyStatement(
                    actions=["lambda:InvokeFunctionUrl"],
                    resources=[self.function.function_arn],
                    conditions={"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
                ),
                iam.PolicyStatement(
                    actions=["lambda:InvokeFunction"],
                    resources=[self.function.function_arn],
                    # Not by Lambda's API, whose caller could write the context that tells the service who calls.
                    conditions={"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
                ),
                read_one(self, url_parameter),
            ],
        )


def _variables(scope: Construct, plan: ConversationPlan, *, timeout_seconds: int) -> dict[str, str]:
    """What `conversation_agent` and `gateway_agent` read."""
    model = {"FOUNDATION_MODEL": "scripted"} if plan.scripted else plan.model.variables()
    return {
        "FOUNDATION_ENVIRONMENT": plan.environment,
        "FOUNDATION_AGENT": plan.name,
        "FOUNDATION_ACCOUNT_ID": Stack.of(scope).account,
        "FOUNDATION_CALLERS": json.dumps(plan.callers),
        "FOUNDATION_CONVERSATION_TABLE": plan.table.table.table_name,
        "FOUNDATION_RETENTION_DAYS": str(plan.table.retention_days),
        "FOUNDATION_GATEWAY_URL": plan.gateway_url,
        "FOUNDATION_SECRET": plan.credentials.secret.secret_arn,
        "FOUNDATION_TURN_SECONDS": str(timeout_seconds - _SPARE_SECONDS),
        **model,
    }


def _cors(origins: tuple[str, ...]) -> lambda_.FunctionUrlCorsOptions:
    """What a page needs to send a signed request and read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol).

    The signature is in a header of the page's own making: no cookie has to come along, so credentials are not allowed.
    """
    return lambda_.FunctionUrlCorsOptions(
        allowed_origins=[*origins],
        allowed_methods=[lambda_.HttpMethod.GET, lambda_.HttpMethod.POST, lambda_.HttpMethod.DELETE],
        allowed_headers=[
            "authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token",
            "x-correlation-id",
        ],
        exposed_headers=["retry-after", "x-amzn-errortype", "x-correlation-id"],
        allow_credentials=False,
    )  # fmt: skip
