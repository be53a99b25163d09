"""Reads SQS: queues, how full they are, their settings and policies; never a message.

Queues are named, not given by URL: the address that a request goes to is then AWS's own answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_operations.data.server import server
from toolkit import Answer, Aws, Page, given

_NUMBERS = {
    "ApproximateNumberOfMessages": "messages_waiting",
    "ApproximateNumberOfMessagesNotVisible": "messages_in_flight",
    "ApproximateNumberOfMessagesDelayed": "messages_delayed",
    "DelaySeconds": "delay_seconds",
    "MaximumMessageSize": "maximum_message_bytes",
    "MessageRetentionPeriod": "retention_seconds",
    "ReceiveMessageWaitTimeSeconds": "receive_wait_seconds",
    "VisibilityTimeout": "visibility_timeout_seconds",
}
_DOCUMENTS = {"Policy": "policy", "RedrivePolicy": "dead_letters", "RedriveAllowPolicy": "dead_letters_allowed_from"}
_SWITCHES = {
    "FifoQueue": "fifo",
    "ContentBasedDeduplication": "content_based_deduplication",
    "SqsManagedSseEnabled": "encrypted_by_sqs",
}
_TIMES = {"CreatedTimestamp": "created", "LastModifiedTimestamp": "modified"}

sqs = server.family(
    "sqs_read_operations",
    "Read SQS without changing anything: queues, how many messages they hold, their settings, policies and tags; never "
    "a message.",
    self_check={"operation": "list_queues", "page_size": 1},
)


@sqs.operation(actions=["sqs:ListQueues"])
def list_queues(aws: Aws, page: Page, prefix: str = "") -> Answer:
    """List the names of the region's queues.

    Args:
        prefix: List only what begins with this.
    """
    found = aws.client("sqs").list_queues(
        **page.request("MaxResults", "NextToken", most=1000), **given(QueueNamePrefix=prefix)
    )
    return {"queues": _names(found.get("QueueUrls")), "next_page_token": found.get("NextToken")}


@sqs.operation(actions=["sqs:GetQueueUrl on queue", "sqs:GetQueueAttributes on queue"])
def get_queue(aws: Aws, queue: str) -> Answer:
    """Show how many messages a queue holds, its settings, encryption, dead-letter queue and access policy.

    Args:
        queue: The queue's name.
    """
    client = aws.client("sqs")
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {"name": queue, "url": url, "arn": attributes["QueueArn"], **_shown(attributes)}


@sqs.operation(actions=["sqs:GetQueueUrl on queue", "sqs:ListQueueTags on queue"])
def list_queue_tags(aws: Aws, queue: str) -> Answer:
    """List a queue's tags."""
    client = aws.client("sqs")
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    return {"name": queue, "tags": client.list_queue_tags(QueueUrl=url).get("Tags", {})}


@sqs.operation(actions=["sqs:GetQueueUrl on queue", "sqs:ListDeadLetterSourceQueues on queue"])
def list_dead_letter_sources(aws: Aws, page: Page, queue: str) -> Answer:
    """List the names of the queues that send what could not be processed to a dead-letter queue."""
    client = aws.client("sqs")
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    found = client.list_dead_letter_source_queues(QueueUrl=url, **page.request("MaxResults", "NextToken", most=1000))
    return {"queues": _names(found.get("queueUrls")), "next_page_token": found.get("NextToken")}


def _names(urls: list[str] | None) -> list[str]:
    return [url.rsplit("/", 1)[-1] for url in urls or ()]


def _shown(attributes: Mapping[str, str]) -> dict[str, Any]:
    """The attributes, which SQS gives as text all of them."""
    return {
        **{shown: int(attributes[name]) for name, shown in _NUMBERS.items() if name in attributes},
        **{shown: attributes.get(name) == "true" for name, shown in _SWITCHES.items()},
        "kms_key": attributes.get("KmsMasterKeyId"),
        **{shown: json.loads(attributes[name]) if attributes.get(name) else None for name, shown in _DOCUMENTS.items()},
        **{
            shown: datetime.fromtimestamp(float(attributes[name]), UTC)
            for name, shown in _TIMES.items()
            if name in attributes
        },
    }
