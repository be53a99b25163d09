"""The audit store of an environment (R8)."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from foundation.audit.buckets import AuditKeeping
from foundation.audit.store import AuditStore
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings

_BUFFER_SECONDS = 300
_BUFFER_SECONDS_IN_DEVELOPMENT = 5
"""Where someone waits for the record of a call that was just made; more and smaller objects do not matter there."""


class AuditStack(FoundationStack):
    """Log group, delivery stream, locked bucket, tables, saved queries and alarms.

    Attributes:
        audit: the store.
    """

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        """Make the stack from the environment's `audit` section.

        Raises:
            BundleError: the router's package cannot be bundled.
        """
        super().__init__(scope, "audit", settings=settings, description="Audit records of the gateway")
        environment = settings.environment
        key = self.key("AuditKey", alias="audit", description="Audit records")
        self.audit = AuditStore(
            self,
            "Audit",
            name=f"{settings.prefix}-audit",
            environment=settings.name,
            path=self.path,
            key=key,
            log_keeping=self.log_keeping(key),
            keeping=AuditKeeping(
                retention_days=environment.audit.retention_days,
                cold_after_days=environment.audit.cold_after_days,
                lock_mode=environment.audit.object_lock,
                buffer_seconds=_BUFFER_SECONDS_IN_DEVELOPMENT if environment.development else _BUFFER_SECONDS,
            ),
        )
        ssm.StringParameter(
            self,
            "LogGroupParameter",
            parameter_name=f"{self.path}/audit/log-group",
            description="Log group of audit records",
            string_value=self.audit.log_group.log_group_name,
        )
        self.output("AuditLogGroup", self.audit.log_group.log_group_name, "Log group of audit records")
        self.output("AuditWorkGroup", self.audit.workgroup, "Athena workgroup with the saved queries")
        self.output(
            "AuditAlarmTopic",
            self.audit.topic.topic_arn,
            "Topic that tells when audit records do not arrive, and when tenants' budgets are nearly spent",
        )
