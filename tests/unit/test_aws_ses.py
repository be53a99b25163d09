"""SES's statistics are added up over the hours asked for, and an address that is not suppressed is an answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_operations.edge.handler import server
from tests.unit.lambda_calls import call, refusal
from tests.unit.lambda_stubs import answers_of

TOOL = "ses_read_operations"


def point(hours_ago: float, *, tried: int, bounced: int) -> dict[str, Any]:
    when = datetime.now(UTC) - timedelta(hours=hours_ago)
    return {"Timestamp": when, "DeliveryAttempts": tried, "Bounces": bounced, "Complaints": 0, "Rejects": 0}


def test_statistics_are_of_the_hours_asked_for_and_the_newest_come_first() -> None:
    points = [point(30, tried=1000, bounced=900), point(2, tried=10, bounced=1), point(1, tried=20, bounced=2)]
    with answers_of("ses") as stubber:
        for _ in range(2):
            stubber.add_response("get_send_statistics", {"SendDataPoints": points})
        first = call(server, TOOL, {"operation": "get_send_statistics", "page_size": 1})
        last = call(server, TOOL, {"operation": "get_send_statistics", "page_token": first["next_page_token"]})
    assert first["totals"] == {"delivery_attempts": 30, "bounces": 3, "complaints": 0, "rejects": 0}
    assert [shown["bounces"] for shown in first["newest_first"]] == [2]
    assert [shown["bounces"] for shown in last["newest_first"]] == [1]
    assert last["next_page_token"] is None


@pytest.mark.parametrize("hours", [0, 337])
def test_statistics_reach_back_two_weeks(hours: int) -> None:
    answer = call(server, TOOL, {"operation": "get_send_statistics", "hours": hours})
    assert refusal(answer) == f"hours must be from 1 to 336, not {hours}"


def test_an_address_that_is_not_suppressed_is_no_error() -> None:
    with answers_of("sesv2") as stubber:
        stubber.add_client_error("get_suppressed_destination", "NotFoundException")
        answer = call(server, TOOL, {"operation": "get_suppressed_address", "email_address": "one@example.net"})
    assert answer == {"email_address": "one@example.net", "suppressed": False}


def test_an_event_destination_says_where_events_go() -> None:
    dimension = {"DimensionName": "campaign", "DimensionValueSource": "MESSAGE_TAG", "DefaultDimensionValue": "none"}
    found = [
        {
            "Name": "bus",
            "MatchingEventTypes": ["SEND"],
            "EventBridgeDestination": {"EventBusArn": "arn:aws:events:::b"},
        },
        {
            "Name": "metrics",
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "CloudWatchDestination": {"DimensionConfigurations": [dimension]},
        },
    ]
    with answers_of("sesv2") as stubber:
        stubber.add_response("get_configuration_set_event_destinations", {"EventDestinations": found})
        answer = call(server, TOOL, {"operation": "list_event_destinations", "name": "receipts"})
    assert answer["event_destinations"] == [
        {"name": "bus", "enabled": False, "events": ["SEND"], "event_bus_arn": "arn:aws:events:::b"},
        {"name": "metrics", "enabled": True, "events": ["BOUNCE"], "metric_dimensions": ["campaign"]},
    ]
