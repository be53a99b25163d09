"""Queues are found by name, policies are documents, and of a webhook's URL only the host is shown."""

import pytest

from aws_operations.data.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of

TOPIC = "arn:aws:sns:us-east-1:123456789012:incidents"


def test_a_queue_without_policy_and_dead_letter_queue_is_shown() -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo"
    attributes = {
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
        "ApproximateNumberOfMessages": "12",
        "CreatedTimestamp": "1763596800",
        "FifoQueue": "true",
    }
    with answers_of("sqs") as stubber:
        stubber.add_response("get_queue_url", {"QueueUrl": url}, {"QueueName": "orders.fifo"})
        asked = {"QueueUrl": url, "AttributeNames": ["All"]}
        stubber.add_response("get_queue_attributes", {"Attributes": attributes}, asked)
        answer = call(server, "sqs_read_operations", {"operation": "get_queue", "queue": "orders.fifo"})
    assert (answer["messages_waiting"], answer["created"]) == (12, "2025-11-20T00:00:00+00:00")
    assert (answer["fifo"], answer["content_based_deduplication"]) == (True, False)
    assert (answer["policy"], answer["dead_letters"]) == (None, None)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "shown"),
    [
        ("https", "https://acme:hunter2@pager.example.com:8443/x/T0K3N?key=T0K3N#T0K3N", "https://pager.example.com"),
        ("http", "http://pager.example.com/T0K3N", "http://pager.example.com"),
        ("https", "", ""),
        ("email", "on-call@example.com", "on-call@example.com"),
    ],
)
def test_of_a_url_that_is_notified_only_the_host_is_shown(protocol: str, endpoint: str, shown: str) -> None:
    waiting = {"SubscriptionArn": "PendingConfirmation", "TopicArn": TOPIC, "Protocol": protocol, "Endpoint": endpoint}
    with answers_of("sns") as stubber:
        stubber.add_response("list_subscriptions_by_topic", {"Subscriptions": [waiting]}, {"TopicArn": TOPIC})
        answer = call(server, "sns_read_operations", {"operation": "list_subscriptions_by_topic", "topic": TOPIC})
    (subscription,) = answer["subscriptions"]
    assert (subscription["arn"], subscription["pending_confirmation"]) == (None, True)
    assert subscription["endpoint"] == shown
