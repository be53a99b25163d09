"""A log query is waited for, but not for ever; times are read as written; what cannot be is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from aws_operations.monitoring import logs
from aws_operations.monitoring.handler import server
from tests.unit.lambda_calls import call, refusal
from toolkit.aws import Aws, _client

ROW = [{"field": "@message", "value": "ERROR"}, {"field": "@ptr", "value": "CmEKJgoi"}]
DONE = {"status": "Complete", "results": [ROW], "statistics": {"recordsMatched": 1.0, "bytesScanned": 5.0}}
QUERY = {"operation": "query_logs", "log_groups": ["/acme"], "query": "fields @message"}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)
    _client.cache_clear()
    yield
    _client.cache_clear()


def read(**arguments: Any) -> Any:
    return call(server, "cloudwatch_read_operations", arguments)


def test_a_query_is_asked_for_its_results_until_it_is_done() -> None:
    with Stubber(Aws().client("logs")) as stubber:
        stubber.add_response("start_query", {"queryId": "q-1"})
        for response in ({"status": "Scheduled"}, {"status": "Running", "results": []}, DONE):
            stubber.add_response("get_query_results", response, {"queryId": "q-1"})
        answer = read(**QUERY)
        stubber.assert_no_pending_responses()
    assert (answer["status"], answer["rows"]) == ("Complete", [{"@message": "ERROR"}])


def test_a_query_that_runs_on_answers_with_what_it_has_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "QUERY_SECONDS", 0)
    with Stubber(Aws().client("logs")) as stubber:
        stubber.add_response("start_query", {"queryId": "q-1"})
        stubber.add_response("get_query_results", {"status": "Running", "results": [ROW]})
        answer = read(**QUERY)
    assert (answer["query_id"], answer["status"], answer["rows"]) == ("q-1", "Running", [{"@message": "ERROR"}])


def test_a_query_that_failed_is_not_waited_for() -> None:
    with Stubber(Aws().client("logs")) as stubber:
        stubber.add_response("start_query", {"queryId": "q-1"})
        stubber.add_response("get_query_results", {"status": "Failed"})
        assert read(**QUERY)["status"] == "Failed"


def test_times_are_utc_unless_they_name_a_zone() -> None:
    with Stubber(Aws().client("logs")) as stubber:
        # 2026-11-20T08:00:00Z and an hour later, in milliseconds
        asked = {"logGroupName": "/acme", "startTime": 1795161600000, "endTime": 1795165200000, "limit": ANY}
        stubber.add_response("filter_log_events", {"events": []}, asked)
        answer = read(
            operation="filter_log_events",
            log_group="/acme",
            start="2026-11-20T08:00:00",
            end="2026-11-20T10:00:00+01:00",
        )
    assert answer == {"log_group": "/acme", "events": [], "next_page_token": None}


def test_the_values_of_a_metric_come_with_their_times() -> None:
    page = {"MetricDataResults": [], "NextToken": "next", "Messages": [{"Code": "x", "Value": "some are missing"}]}
    with Stubber(Aws().client("cloudwatch")) as stubber:
        stubber.add_response("get_metric_data", page)
        answer = read(operation="get_metric", namespace="AWS/Lambda", metric="Errors")
    assert (answer["values"], answer["messages"], answer["next_page_token"]) == ([], ["some are missing"], "next")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({**QUERY, "limit": 1001}, "limit must be from 1 to 1000"),
        ({**QUERY, "start": "yesterday"}, "start is 'yesterday' and has to be a time like"),
        ({**QUERY, "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T08:00:00Z"}, "has to be before end"),
        (
            {**QUERY, "start": "2026-11-12T08:00:00Z", "end": "2026-11-19T08:00:01Z"},
            "a query covers 7 days at most, since AWS charges for what it searches; give a later start",
        ),
        ({"operation": "describe_alarms", "names": ["a"], "prefix": "b"}, "takes names or prefix"),
        ({"operation": "list_metrics", "page_size": 5}, "does not take page_size"),
        ({"operation": "list_log_groups", "page_size": 51}, "page_size must be from 1 to 50"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(arguments: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(read(**arguments))
