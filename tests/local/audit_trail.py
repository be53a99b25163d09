"""What the audit store of a local run holds: records of calls, and what the gateway refused before any interceptor."""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from foundation.audit.queries import GATEWAY_TABLE, RECORDS_TABLE
from tests.local import audit_store
from tests.local.attacks import Sent
from tests.local.local_run import LocalRun

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AuditTrail:
    """What the store held when it was read.

    Attributes:
        calls: a row a call, as the saved queries give them.
        refused: request ids of what the gateway refused before any interceptor ran.
        lines: everything in the store, as it is there.
    """

    calls: list[Row]
    refused: frozenset[str]
    lines: list[str]

    @classmethod
    def read(cls, run: LocalRun) -> AuditTrail:
        """Read the store of a local run."""
        s3, bucket = run.client("s3"), records_bucket(run)
        gateway = list(_lines(s3, bucket, GATEWAY_TABLE))
        today = datetime.datetime.now(datetime.UTC).date()
        days = (today - datetime.timedelta(days=1), today)
        return cls(
            calls=audit_store.calls(run.ports.endpoint_url, bucket, days=days),
            refused=frozenset(json.loads(line)["request_id"] for line in gateway),
            lines=[*gateway, *_lines(s3, bucket, RECORDS_TABLE)],
        )

    def of(self, correlation_id: str) -> list[Row]:
        """The calls that belong to a correlation id."""
        return [row for row in self.calls if row["correlation_id"] == correlation_id]

    def tells_of(self, sent: Sent, answer: httpx2.Response) -> bool:
        """Whether there is one record of a call that went wrong: by the interceptors, or by the gateway itself."""
        rows = self.of(sent.correlation_id)
        told = [row["status_code"] for row in rows if row["outcome"] in ("refused", "denied", "failed")]
        return told == [answer.status_code] or (not rows and answer.headers["x-amzn-requestid"] in self.refused)


def records_bucket(run: LocalRun) -> str:
    """The bucket of records."""
    resources = run.client("cloudformation").describe_stack_resources(StackName="foundation-dev-audit")
    (name,) = (
        resource["PhysicalResourceId"]
        for resource in resources["StackResources"]
        if resource["ResourceType"] == "AWS::S3::Bucket" and "Records" in resource["LogicalResourceId"]
    )
    return str(name)


def _lines(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """Every line of JSON below a prefix; the control messages of CloudWatch Logs are none."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for entry in page.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            yield from (line for line in gzip.decompress(body).decode().splitlines() if line.startswith("{"))
