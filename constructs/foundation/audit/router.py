"""The function that copies a tenant's audit records to the tenant's own log group (R8, R19)."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack, aws_iam as iam, aws_logs as logs
from constructs import Construct

from foundation.acknowledge import acknowledge, arn_as_printed, compliance
from foundation.function import GOVERNANCE_PACKAGES, BundleContents, FunctionSize, PythonFunction
from foundation.log_group import LogKeeping

_AT_A_TIME = 20
"""Parallel calls; what comes meanwhile waits with CloudWatch Logs and Lambda, which try again for hours."""


class AuditRouter(PythonFunction):
    """`lambda/audit_router`, which gets log events from CloudWatch Logs and writes them under a tenant's name.

    Its own log is a log group apart: written into the audit log group, it would call itself.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: str, tenant_logs: str, log_keeping: LogKeeping
    ) -> None:
        """Make the function.

        Args:
            scope: the construct it belongs to.
            construct_id: its id there.
            environment: the environment's name, a dimension of its metrics.
            tenant_logs: what the names of tenants' log groups begin with, without the last slash.
            log_keeping: how its own log is kept.

        Raises:
            BundleError: its package cannot be bundled.
        """
        groups = Stack.of(scope).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{tenant_logs}/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        super().__init__(
            scope,
            construct_id,
            package="audit_router",
            description="Copies audit records to tenants' log groups",
            log_keeping=log_keeping,
            size=FunctionSize(memory_mb=256, timeout=Duration.seconds(60), reserved_concurrency=_AT_A_TIME),
            environment={"FOUNDATION_ENVIRONMENT": environment, "FOUNDATION_TENANT_LOGS": tenant_logs},
            contents=BundleContents(shared_packages=GOVERNANCE_PACKAGES),
            statements=[
                # Streams are named below their log group; CloudWatch Logs itself encrypts, under the tenant's key.
                iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[groups])
            ],
        )
        printed = arn_as_printed(self, "logs", f"log-group:{tenant_logs}/*")
        acknowledge(
            self,
            {
                f"AwsSolutions-IAM5[Resource::{printed}]": "Tenants come and go without this stack: each makes its own "
                f"log group below {tenant_logs}/, which holds nothing but these copies",
                compliance("LambdaInsideVPC"): "Calls the API of CloudWatch Logs and nothing inside the VPC",
            },
        )

    def subscribe(self, *, name: str, log_group: logs.ILogGroup, pattern: str) -> logs.CfnSubscriptionFilter:
        """Give it what `log_group` gets and `pattern` matches.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
        """
        permission = self.function.add_permission(
            "Logs",
            principal=iam.ServicePrincipal("logs.amazonaws.com"),
            source_arn=log_group.log_group_arn,
            source_account=Stack.of(self).account,
        )
        subscription = logs.CfnSubscriptionFilter(
            self,
            "Subscription",
            filter_name=name,
            log_group_name=log_group.log_group_name,
            filter_pattern=pattern,
            destination_arn=self.function.function_arn,
        )
        subscription.node.add_dependency(*filter(None, [permission]))
        return subscription
