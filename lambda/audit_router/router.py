"""Writes records to the tenants' log groups."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit_router.records import LogEvent, tenant_of

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
OVERHEAD_BYTES = 26
_MOST_REMEMBERED = 50_000


@dataclass
class Routed:
    """What became of records: written, of no known tenant, for a tenant without log group, refused as too old or too
    new, not written yet.
    """

    written: int = 0
    unroutable: int = 0
    without_group: int = 0
    rejected: int = 0
    failed: int = 0


@dataclass
class Router:
    """Writes records to `<prefix>/<tenant>`.

    Attributes:
        client: Writes them.
        prefix: What the names of tenants' log groups begin with.
        stream: Name of this execution environment's stream in each of them.
    """

    client: CloudWatchLogsClient
    prefix: str
    stream: str
    _written: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def route(self, events: Iterable[LogEvent]) -> Routed:
        """Write each record to its tenant's log group.

        One tenant's failure leaves the others' records written. What was written is remembered, so that an event that
        is delivered again writes the rest alone; a record that is copied twice all the same, by another execution
        environment, has the request id and phase of the first.

        Args:
            events: The events; others than records are counted.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with the client

        routed = Routed()
        by_tenant: dict[str, list[LogEvent]] = {}
        for event in events:
            tenant = tenant_of(event.message)
            if tenant is None:
                routed.unroutable += 1
            elif event.id not in self._written:
                by_tenant.setdefault(tenant, []).append(event)
        for tenant, found in by_tenant.items():
            for batch in batches(found):
                try:
                    rejected = self._put(f"{self.prefix}/{tenant}", batch)
                except self.client.exceptions.ResourceNotFoundException:
                    routed.without_group += len(batch)
                except (BotoCoreError, ClientError):
                    routed.failed += len(batch)
                    continue
                else:
                    routed.written += len(batch) - rejected
                    routed.rejected += rejected
                self._remember(batch)
        return routed

    def _put(self, group: str, batch: Sequence[LogEvent]) -> int:
        try:
            return self._write(group, batch)
        except self.client.exceptions.ResourceNotFoundException:  # the stream, or the group
            with suppress(self.client.exceptions.ResourceAlreadyExistsException):
                self.client.create_log_stream(logGroupName=group, logStreamName=self.stream)
            return self._write(group, batch)

    def _write(self, group: str, batch: Sequence[LogEvent]) -> int:
        """Write a batch; gives how many of its events CloudWatch Logs did not take for their time."""
        answer = self.client.put_log_events(
            logGroupName=group,
            logStreamName=self.stream,
            logEvents=[{"timestamp": event.timestamp, "message": event.message} for event in batch],
        )
        refused = answer.get("rejectedLogEventsInfo", {})
        old = max(refused.get("tooOldLogEventEndIndex", 0), refused.get("expiredLogEventEndIndex", 0))
        return old + len(batch) - refused.get("tooNewLogEventStartIndex", len(batch))

    def _remember(self, batch: Sequence[LogEvent]) -> None:
        self._written.update(dict.fromkeys(event.id for event in batch))
        while len(self._written) > _MOST_REMEMBERED:
            self._written.popitem(last=False)


def batches(events: Iterable[LogEvent]) -> Iterator[list[LogEvent]]:
    """The events in order of time, in parts that one PutLogEvents takes."""
    batch: list[LogEvent] = []
    size = 0
    for event in sorted(events, key=lambda event: event.timestamp):
        taken = len(event.message.encode()) + OVERHEAD_BYTES
        if batch and (len(batch) == MOST_EVENTS or size + taken > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += taken
    if batch:
        yield batch
