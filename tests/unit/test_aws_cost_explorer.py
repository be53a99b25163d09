"""Costs are asked for as the caller means it: days, groups, filters; what cannot be is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from aws_operations.account.handler import server
from tests.unit.lambda_calls import call, refusal
from toolkit.aws import Aws, _client

PERIOD = {"Start": "2026-10-01", "End": "2026-11-01"}
MONTH = {"start": "2026-10-01", "end": "2026-11-01"}
ASKED = {"TimePeriod": PERIOD, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}


@pytest.fixture(autouse=True)
def explorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    _client.cache_clear()
    with Stubber(Aws().client("ce")) as stubber:
        yield stubber
    _client.cache_clear()


def read(operation: str, **arguments: Any) -> Any:
    return call(server, "cost_explorer_read_operations", {"operation": operation, **arguments})


def result(**members: Any) -> dict[str, Any]:
    return {"ResultsByTime": [{"TimePeriod": PERIOD, "Estimated": False, **members}]}


def test_a_total_is_one_row(explorer: Stubber) -> None:
    total = {"UnblendedCost": {"Amount": "12.3456", "Unit": "USD"}}
    explorer.add_response("get_cost_and_usage", result(Total=total, Groups=[]) | {"NextPageToken": "next"}, ASKED)
    row = MONTH | {"estimated": False, "amount": "12.3456", "unit": "USD"}
    assert read("get_cost_and_usage", **MONTH) == {"metric": "UnblendedCost", "rows": [row], "next_page_token": "next"}


def test_a_group_is_a_row_each(explorer: Stubber) -> None:
    groups = [
        {"Keys": [service, "team$acme"], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for service, amount in (("AWS Lambda", "1"), ("Amazon Elastic Compute Cloud", "2"))
    ]
    by = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "TAG", "Key": "team"}]
    explorer.add_response("get_cost_and_usage", result(Total={}, Groups=groups), ASKED | {"GroupBy": by})
    rows = read("get_cost_and_usage", **MONTH, group_by=["SERVICE", "TAG:team"])["rows"]
    assert [(row["group"][0], row["amount"]) for row in rows] == [
        ("AWS Lambda", "1"),
        ("Amazon Elastic Compute Cloud", "2"),
    ]


@pytest.mark.parametrize(
    ("filters", "expression"),
    [
        ({"REGION": ["us-east-1"]}, {"Dimensions": {"Key": "REGION", "Values": ["us-east-1"]}}),
        (
            {"REGION": ["us-east-1"], "TAG:team": ["acme", "beta"]},
            {
                "And": [
                    {"Dimensions": {"Key": "REGION", "Values": ["us-east-1"]}},
                    {"Tags": {"Key": "team", "Values": ["acme", "beta"]}},
                ]
            },
        ),
    ],
)
def test_all_filters_hold(explorer: Stubber, filters: dict[str, list[str]], expression: dict[str, Any]) -> None:
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": []}, ASKED | {"Filter": expression})
    assert read("get_cost_and_usage", **MONTH, filters=filters)["rows"] == []


def test_a_forecast_is_of_the_metric_asked_for(explorer: Stubber) -> None:
    asked = {
        "TimePeriod": PERIOD,
        "Metric": "NET_AMORTIZED_COST",
        "Granularity": "DAILY",
        "PredictionIntervalLevel": ANY,
    }
    explorer.add_response(
        "get_cost_forecast", {"Total": {"Amount": "9", "Unit": "USD"}, "ForecastResultsByTime": []}, asked
    )
    answer = read("get_cost_forecast", **MONTH, granularity="DAILY", cost_metric="NetAmortizedCost")
    assert (answer["total"], answer["unit"], answer["rows"]) == ("9", "USD", [])


@pytest.mark.parametrize(
    ("operation", "arguments", "sentence"),
    [
        ("get_cost_and_usage", {"start": "1st of May"}, "start is '1st of May' and has to be a day like"),
        ("get_cost_and_usage", {"start": "2026-10-02", "end": "2026-10-02"}, "has to be before end"),
        ("get_cost_and_usage", {"group_by": ["SERVICE", "REGION", "AZ"]}, "group_by takes at most two, not 3"),
        ("get_cost_and_usage", {"group_by": ["COLOR"]}, "'COLOR' is none of SERVICE, LINKED_ACCOUNT"),
        ("get_cost_and_usage", {"filters": {"COLOR": ["red"]}}, "'COLOR' is none of SERVICE, LINKED_ACCOUNT"),
        ("list_dimension_values", {"dimension": "TAG:team"}, "'TAG:team' is none of SERVICE"),
        ("list_anomalies", {"since": "never"}, "since is 'never' and has to be a day like"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_a_sentence(
    operation: str, arguments: dict[str, Any], sentence: str
) -> None:
    assert sentence in refusal(read(operation, **arguments))
