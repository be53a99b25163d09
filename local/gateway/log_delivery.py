"""Deliver log records to CloudWatch Logs: to the log group that the deployed delivery names, off the request's way.

Records wait in a queue of bounded size and are written by one task in batches. When Logs does not take them they stay
in the queue, and the oldest go when it is full; how many is said on stderr, since losing a record must not be silent.
Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html; API, PutLogEvents
and DescribeDeliveries.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

logger = logging.getLogger(__name__)

STREAM = "BedrockAgentCoreGateway_ApplicationLogs"
"""The log stream that AgentCore writes a gateway's application logs to."""

INTERVAL_SECONDS = 0.5
MOST_WAITING = 5_000
"""Requests whose records wait at most, some 100 MB when all their bodies are cut."""

_BATCH_EVENTS = 500
_BATCH_BYTES = 900_000
_EVENT_OVERHEAD = 26
"""Bytes that an event counts beyond its text (PutLogEvents, which takes 1,048,576 bytes)."""


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """What is to be written of a request that ended at `at`; `render` gives its records with their times."""

    at: float
    render: Callable[[], list[tuple[float, str]]]


class LogDelivery:
    """The queue of every gateway's records, and the task that empties it."""

    def __init__(self, client: Callable[[], CloudWatchLogsClient]) -> None:
        self._client = client
        self._waiting: deque[tuple[str, LogEvent]] = deque()
        self._lost = 0
        self._streams: set[str] = set()
        self._complaint = ""

    def put(self, log_group: str, event: LogEvent) -> None:
        """Have an event written to a log group; returns at once."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append((log_group, event))

    async def run(self, stop: asyncio.Event) -> None:
        """Write what comes until `stop` is set, then what is left, once."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write everything that waits; what Logs does not take waits on."""
        while self._waiting:
            group = self._waiting[0][0]
            taken = self._take(group)
            try:
                await asyncio.to_thread(self._write, group, taken)
            except (ClientError, BotoCoreError) as error:
                self._waiting.extendleft((group, event) for event in reversed(taken))
                self._complain(f"the application logs of {group} cannot be written: {error}")
                return
            except Exception:  # the next requests' records are written all the same
                logger.exception("%d records of the application logs are lost", len(taken))
        self._complain("")

    def _take(self, group: str) -> list[LogEvent]:
        taken: list[LogEvent] = []
        while self._waiting and self._waiting[0][0] == group and len(taken) < _BATCH_EVENTS:
            taken.append(self._waiting.popleft()[1])
        return taken

    def _write(self, group: str, events: list[LogEvent]) -> None:
        records = sorted((record for event in events for record in event.render()), key=lambda record: record[0])
        batch: list[dict[str, Any]] = []
        size = 0
        for at, text in records:
            length = len(text.encode()) + _EVENT_OVERHEAD
            if batch and size + length > _BATCH_BYTES:
                self._put_events(group, batch)
                batch, size = [], 0
            batch.append({"timestamp": int(at * 1000), "message": text})
            size += length
        self._put_events(group, batch)

    def _put_events(self, group: str, batch: list[dict[str, Any]]) -> None:
        client = self._client()
        if group not in self._streams:
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_stream(logGroupName=group, logStreamName=STREAM)
            self._streams.add(group)
        try:
            client.put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=batch)  # type: ignore[arg-type]
        except ClientError:
            self._streams.discard(group)  # the group may be a new one of the same name
            raise

    def _complain(self, sentence: str) -> None:
        if self._lost:
            logger.error("%d records of the application logs are lost: more came than could be written", self._lost)
            self._lost = 0
        if sentence and sentence != self._complaint:
            logger.error(sentence)
        self._complaint = sentence


def application_log_groups(client: CloudWatchLogsClient) -> dict[str, str]:
    """Return the log group that each resource's APPLICATION_LOGS are delivered to, by the resource's ARN.

    Raises botocore's ClientError or BotoCoreError.
    """
    sources = {
        source["name"]: source
        for page in client.get_paginator("describe_delivery_sources").paginate()
        for source in page["deliverySources"]
        if source.get("logType") == "APPLICATION_LOGS"
    }
    destinations = {
        destination["arn"]: destination.get("deliveryDestinationConfiguration", {}).get("destinationResourceArn", "")
        for page in client.get_paginator("describe_delivery_destinations").paginate()
        for destination in page["deliveryDestinations"]
        if destination.get("deliveryDestinationType") == "CWL"
    }
    found: dict[str, str] = {}
    for page in client.get_paginator("describe_deliveries").paginate():
        for delivery in page["deliveries"]:
            source = sources.get(delivery.get("deliverySourceName", ""))
            group = destinations.get(delivery.get("deliveryDestinationArn", ""), "").partition(":log-group:")[2]
            for arn in source.get("resourceArns", ()) if source and group else ():
                found[arn] = group.removesuffix(":*")
    return found
