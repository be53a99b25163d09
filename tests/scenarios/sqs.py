"""SQS: a queue with a message, a policy and a dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

QUEUE = "acme-shipments"
DEAD = "acme-shipments-dead"
SECRET = "not for the model"


def fill(client: Clients, account: Account) -> Made:
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName=DEAD)["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": target.removesuffix("-dead"),
                "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:username": "nobody"}},
            }
        ],
    }
    queue = sqs.create_queue(
        QueueName=QUEUE,
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 3}),
            "Policy": json.dumps(policy),
            "VisibilityTimeout": "45",
        },
        tags={"owner": "shipping"},
    )["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=SECRET)
    return {}


def calls(made: Made) -> Sequence[Call]:
    return [
        Call(operation="list_queues", arguments={"prefix": "acme-ship", "page_size": 10}, finds=DEAD),
        Call(operation="get_queue", arguments={"queue": QUEUE}, finds='"messages_waiting": 1', hides=[SECRET]),
        Call(operation="get_queue", arguments={"queue": QUEUE}, finds="aws:SecureTransport"),
        Call(operation="list_queue_tags", arguments={"queue": QUEUE}, finds="shipping"),
        Call(
            operation="list_dead_letter_sources",
            arguments={"queue": DEAD},
            finds=f'"{QUEUE}"',
            unknown_to=("emulator",),
        ),
    ]


SCENARIO = Scenario(server="aws-data", tool="sqs_read_operations", fill=fill, calls=calls)
