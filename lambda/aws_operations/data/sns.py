"""Reads SNS: topics, their settings and policies, subscriptions.

The URL of a subscription often is its credential: a password before the host, a token in the path or the query, as
webhooks of chat and paging services have it. So only scheme and host of a URL are shown.

Subscriptions are no resource in IAM, so the role has their actions on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aws_operations.data.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page

Item = Mapping[str, Any]

sns = server.family(
    "sns_read_operations",
    "Read SNS without changing anything: topics, their settings and policies, subscriptions. Of URLs that are notified "
    "only scheme and host are shown.",
    self_check={"operation": "list_topics"},
    classification="confidential",  # subscriptions name people by e-mail address and phone number
)


@sns.operation(actions=["sns:ListTopics"])
def list_topics(aws: Aws, page: Page) -> Answer:
    """List the ARNs of the region's topics."""
    found = aws.client("sns").list_topics(**page.request(None, "NextToken"))
    return {"topics": [topic["TopicArn"] for topic in found["Topics"]], "next_page_token": found.get("NextToken")}


@sns.operation(actions=["sns:GetTopicAttributes on topic"])
def get_topic(aws: Aws, topic: str) -> Answer:
    """Show a topic's numbers of subscriptions, encryption, access policy and whether it keeps the order.

    Args:
        topic: The topic's ARN.
    """
    found = aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return {
        "arn": found["TopicArn"],
        "display_name": found.get("DisplayName"),
        "owner": found.get("Owner"),
        "subscriptions_confirmed": int(found.get("SubscriptionsConfirmed", 0)),
        "subscriptions_pending": int(found.get("SubscriptionsPending", 0)),
        "fifo": found.get("FifoTopic") == "true",
        "kms_key": found.get("KmsMasterKeyId"),
        "tracing": found.get("TracingConfig"),
        "policy": _document(found, "Policy"),
    }


@sns.operation(actions=["sns:ListTagsForResource on topic"])
def list_topic_tags(aws: Aws, topic: str) -> Answer:
    """List a topic's tags."""
    found = aws.client("sns").list_tags_for_resource(ResourceArn=topic)
    return {"arn": topic, "tags": tags(found.get("Tags"))}


@sns.operation(actions=["sns:ListSubscriptions"])
def list_subscriptions(aws: Aws, page: Page) -> Answer:
    """List the region's subscriptions: topic, protocol, whom they notify, whether they wait for confirmation."""
    found = aws.client("sns").list_subscriptions(**page.request(None, "NextToken"))
    return _subscriptions(found)


@sns.operation(actions=["sns:ListSubscriptionsByTopic on topic"])
def list_subscriptions_by_topic(aws: Aws, page: Page, topic: str) -> Answer:
    """List a topic's subscriptions."""
    found = aws.client("sns").list_subscriptions_by_topic(TopicArn=topic, **page.request(None, "NextToken"))
    return _subscriptions(found)


@sns.operation(actions=["sns:GetSubscriptionAttributes"])
def get_subscription(aws: Aws, subscription: str) -> Answer:
    """Show a subscription's filter, dead-letter queue, and whether it is confirmed.

    Args:
        subscription: The subscription's ARN.
    """
    found = aws.client("sns").get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    return {
        "arn": found["SubscriptionArn"],
        "topic": found["TopicArn"],
        "protocol": found["Protocol"],
        "endpoint": _endpoint(found),
        "pending_confirmation": found.get("PendingConfirmation") == "true",
        "raw_message_delivery": found.get("RawMessageDelivery") == "true",
        "filter_policy": _document(found, "FilterPolicy"),
        "filter_policy_scope": found.get("FilterPolicyScope"),
        "dead_letters": _document(found, "RedrivePolicy"),
    }


def _subscriptions(found: Item) -> Answer:
    subscriptions = [
        {
            # "PendingConfirmation" in place of an ARN:
            # https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
            "arn": item["SubscriptionArn"] if item["SubscriptionArn"].startswith("arn:") else None,
            "topic": item["TopicArn"],
            "protocol": item["Protocol"],
            "endpoint": _endpoint(item),
            "pending_confirmation": item["SubscriptionArn"] == "PendingConfirmation",
        }
        for item in found["Subscriptions"]
    ]
    return {"subscriptions": subscriptions, "next_page_token": found.get("NextToken")}


def _endpoint(item: Item) -> str:
    """Whom a subscription notifies, less what may be a credential."""
    endpoint = str(item.get("Endpoint", ""))
    if item["Protocol"] not in ("http", "https"):
        return endpoint
    host = urlsplit(endpoint).hostname
    return f"{item['Protocol']}://{host}" if host else ""


def _document(item: Item, name: str) -> Any:
    return json.loads(item[name]) if item.get(name) else None
