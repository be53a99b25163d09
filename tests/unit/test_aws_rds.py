"""RDS's pages have at least twenty rows, events reach two weeks back, and a new password is a change without value."""

from typing import Any

import pytest

from aws_operations.data.handler import server
from tests.unit.lambda_calls import call, refusal
from tests.unit.lambda_stubs import answers_of

TOOL = "rds_read_operations"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "describe_db_instances", "page_size": 19}, "page_size must be from 20 to 100, not 19"),
        ({"operation": "describe_events", "hours": 337}, "hours must be from 1 to 336, not 337"),
        ({"operation": "describe_events", "hours": 0}, "hours must be from 1 to 336, not 0"),
        ({"operation": "describe_events", "source": "orders"}, "source needs source_type, which says what it is"),
    ],
)
def test_what_rds_does_not_take_is_refused(arguments: dict[str, Any], message: str) -> None:
    with answers_of("rds"):
        assert refusal(call(server, TOOL, arguments)) == message


def test_events_are_those_of_the_hours_asked_for() -> None:
    with answers_of("rds") as stubber:
        stubber.add_response("describe_events", {"Events": []}, {"Duration": 120, "MaxRecords": 100})
        call(server, TOOL, {"operation": "describe_events", "hours": 2})


def test_changes_that_wait_are_shown_by_name_only() -> None:
    instance = {
        "DBInstanceIdentifier": "orders",
        "DBInstanceArn": "arn:aws:rds:us-east-1:123456789012:db:orders",
        "MasterUsername": "orders_owner",
        "MasterUserSecret": {"SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1"},
        "PendingModifiedValues": {"MasterUserPassword": "hunter2", "DBInstanceClass": "db.r8g.large"},
    }
    with answers_of("rds") as stubber:
        stubber.add_response("describe_db_instances", {"DBInstances": [instance], "Marker": "next"})
        answer = call(server, TOOL, {"operation": "describe_db_instances"})
    (shown,) = answer["db_instances"]
    assert shown["pending_changes"] == ["DBInstanceClass", "MasterUserPassword"]
    assert shown["password_in_secrets_manager"] is True
    assert answer["next_page_token"] == "next"
    assert not [secret for secret in ("hunter2", "orders_owner", "rds!db-1") if secret in str(answer)]
