"""The buckets behind the audit store: records that nobody can change, answers to queries, and who read either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import Duration, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from foundation.acknowledge import acknowledge, compliance
from foundation.retention import removal_policy

LockMode = Literal["governance", "compliance"]

RESULT_DAYS = 30
"""Days that an answer to a query stays; the query can be asked again."""
_LEAST_DEEP_DAYS = 180
"""Days for which deep archive is paid at least (https://aws.amazon.com/s3/storage-classes/)."""


@dataclass(frozen=True, kw_only=True)
class AuditKeeping:
    """How long records stay, and how firmly.

    Attributes:
        retention_days: days until a record goes; before, no version of it can be deleted.
        cold_after_days: days until a record moves to an archive class, where a query finds it only once it is restored;
            never when None.
        lock_mode: `compliance`, in which nobody can shorten the retention, not even the account's root; or
            `governance`, in which whoever has s3:BypassGovernanceRetention can
            (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html).
        buffer_seconds: seconds for which the delivery stream collects records into one object, 0 to 900.
    """

    retention_days: int
    cold_after_days: int | None
    lock_mode: LockMode
    buffer_seconds: int


class AuditBuckets(Construct):
    """Where records, answers to queries and access logs lie.

    Attributes:
        records: the records: encrypted, versioned, every object locked until its retention ends.
        results: answers to queries, for a month.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, keeping: AuditKeeping, retain: bool
    ) -> None:
        """Make the buckets.

        Args:
            scope: the construct they belong to.
            construct_id: its id there; it fixes logical ids, which must never change.
            key: key of records and results.
            keeping: how long records stay.
            retain: keep the buckets when their stack goes.
        """
        super().__init__(scope, construct_id)
        self._retain = retain
        access = self._access_logs(keeping)
        self.records = self._bucket(
            "Records",
            key=key,
            access=access,
            object_lock_enabled=True,
            object_lock_default_retention=_retention(keeping),
            lifecycle_rules=[_records_rule(keeping)],
        )
        self.results = self._bucket(
            "Results", key=key, access=access, lifecycle_rules=[_expiry("results", RESULT_DAYS, noncurrent_days=1)]
        )
        for bucket in (self.records, self.results):
            self._acknowledge_replication(bucket)

    def _bucket(
        self,
        construct_id: str,
        *,
        key: kms.IKey,
        access: s3.Bucket,
        lifecycle_rules: list[s3.LifecycleRule],
        object_lock_enabled: bool | None = None,
        object_lock_default_retention: s3.ObjectLockRetention | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_lock_enabled=object_lock_enabled,
            object_lock_default_retention=object_lock_default_retention,
            lifecycle_rules=lifecycle_rules,
            server_access_logs_bucket=access,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            removal_policy=removal_policy(retain=self._retain),
        )

    def _access_logs(self, keeping: AuditKeeping) -> s3.Bucket:
        """The bucket that S3 itself writes to: who read or tried to delete what."""
        bucket = s3.Bucket(
            self,
            "Access",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[_expiry("access", keeping.retention_days, noncurrent_days=1)],
            removal_policy=removal_policy(retain=self._retain),
        )
        acknowledge(
            bucket,
            {
                compliance("S3DefaultEncryptionKMS"): "S3 delivers access logs only to buckets whose default "
                "encryption is SSE-S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html)",
            },
        )
        self._acknowledge_replication(bucket)
        return bucket

    def _acknowledge_replication(self, bucket: s3.Bucket) -> None:
        acknowledge(
            bucket,
            {
                compliance("S3BucketReplicationEnabled"): "An environment lives in one region; a second region, and "
                "with it replication, is a setting of its own (R29)"
            },
        )


def _retention(keeping: AuditKeeping) -> s3.ObjectLockRetention:
    duration = Duration.days(keeping.retention_days)
    if keeping.lock_mode == "compliance":
        return s3.ObjectLockRetention.compliance(duration)
    return s3.ObjectLockRetention.governance(duration)


def _records_rule(keeping: AuditKeeping) -> s3.LifecycleRule:
    """To an archive class, then away when the lock has ended.

    Deep archive where records stay there long enough for it to pay, else flexible retrieval. Athena passes over objects
    that nobody has restored (https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html). S3 leaves objects
    below 128 KB where they are
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html).
    """
    transitions = []
    if keeping.cold_after_days is not None:
        deep = keeping.retention_days - keeping.cold_after_days >= _LEAST_DEEP_DAYS
        storage_class = s3.StorageClass.DEEP_ARCHIVE if deep else s3.StorageClass.GLACIER
        transitions = [
            s3.Transition(storage_class=storage_class, transition_after=Duration.days(keeping.cold_after_days))
        ]
    return _expiry("records", keeping.retention_days + 1, noncurrent_days=1, transitions=transitions)


def _expiry(
    rule_id: str, days: int, *, noncurrent_days: int, transitions: Sequence[s3.Transition] = ()
) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id=rule_id,
        enabled=True,
        transitions=list(transitions) or None,
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(noncurrent_days),
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )
