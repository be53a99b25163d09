"""SNS: a topic that notifies a queue and, at a URL with credentials, a service outside."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

PASSWORD = "hunter2-of-pager"
TOKEN = "T0K3N-of-pager"


def fill(client: Clients, account: Account) -> Made:
    sns = client("sns")
    topic = sns.create_topic(Name="acme-incidents", Tags=[{"Key": "owner", "Value": "on-call"}])["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Incidents")
    queue = client("sqs").create_queue(QueueName="acme-incidents")["QueueUrl"]
    target = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=target,
        Attributes={"FilterPolicy": json.dumps({"severity": ["high"]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    webhook = f"https://acme:{PASSWORD}@pager.example.invalid/hooks/{TOKEN}?key={TOKEN}"
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=webhook)
    return {"topic": topic, "subscription": subscription}


def calls(made: Made) -> Sequence[Call]:
    topic, hidden = {"topic": made["topic"]}, [PASSWORD, TOKEN]
    return [
        Call(operation="list_topics", finds="acme-incidents"),
        Call(operation="get_topic", arguments=topic, finds='"display_name": "Incidents"'),
        Call(operation="list_topic_tags", arguments=topic, finds="on-call"),
        Call(operation="list_subscriptions", finds="pager.example.invalid", hides=hidden),
        Call(operation="list_subscriptions_by_topic", arguments=topic, finds="pager.example.invalid", hides=hidden),
        Call(operation="get_subscription", arguments={"subscription": made["subscription"]}, finds="severity"),
    ]


SCENARIO = Scenario(server="aws-data", tool="sns_read_operations", fill=fill, calls=calls)
