"""Log groups: encrypted, with a retention, kept or not."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_kms as kms, aws_logs as logs
from constructs import Construct

from foundation.retention import removal_policy


@dataclass(frozen=True, kw_only=True)
class LogKeeping:
    """How a stack keeps its logs.

    Attributes:
        key: key of the log groups; its policy must admit CloudWatch Logs (`EncryptionKey.allow_logs`).
        retention: how long events stay.
        retain: keep the log groups when the stack goes.
    """

    key: kms.Key
    retention: logs.RetentionDays
    retain: bool

    def log_group(self, scope: Construct, construct_id: str, *, name: str | None = None) -> logs.LogGroup:
        """A log group kept this way; `name` only where something outside needs it."""
        return logs.LogGroup(
            scope,
            construct_id,
            log_group_name=name,
            encryption_key=self.key,
            retention=self.retention,
            removal_policy=removal_policy(retain=self.retain),
        )
