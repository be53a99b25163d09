"""Reads Cost Explorer: what was spent on what, what will be, and what was unusual.

No request names a billing view, so that costs are those of the account's primary one. AWS charges for each page:
https://aws.amazon.com/aws-cost-management/aws-cost-explorer/faqs
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from aws_operations.account.server import server
from toolkit import Answer, Aws, Page, ToolError, given

Item = Mapping[str, Any]
Granularity = Literal["MONTHLY", "DAILY"]
Metric = Literal["UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost", "UsageQuantity"]

_FORECAST_METRICS = {
    "UnblendedCost": "UNBLENDED_COST",
    "AmortizedCost": "AMORTIZED_COST",
    "NetUnblendedCost": "NET_UNBLENDED_COST",
    "NetAmortizedCost": "NET_AMORTIZED_COST",
}

cost_explorer = server.family(
    "cost_explorer_read_operations",
    "Read AWS costs: what was spent, by service, account, region or tag; a forecast; unusual spending. Each page that "
    "is read costs one US cent.",
    # Every other operation fails in an account that never opened Cost Explorer, and costs money
    # (https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html).
    self_check="list_dimensions",
    classification="confidential",
)

_DIMENSIONS = {
    "SERVICE": "AWS service, such as Amazon Simple Storage Service",
    "LINKED_ACCOUNT": "account of the organization, by its twelve digits",
    "REGION": "region, such as us-east-1",
    "USAGE_TYPE": "kind of usage, such as USE1-TimedStorage-ByteHrs",
    "OPERATION": "API operation, such as RunInstances",
    "INSTANCE_TYPE": "instance type, such as m7g.large",
    "RECORD_TYPE": "kind of charge, such as Usage, Tax or Credit",
    "PURCHASE_TYPE": "how it was bought, such as On Demand Instances",
    "AZ": "Availability Zone, such as us-east-1a",
}


@cost_explorer.operation(actions=[])
def list_dimensions() -> Answer:
    """List what costs can be grouped and filtered by, beside tags; asks AWS for nothing."""
    return {"dimensions": _DIMENSIONS}


@cost_explorer.operation(actions=["ce:GetCostAndUsage"])
def get_cost_and_usage(
    aws: Aws,
    page: Page,
    start: str = "",
    end: str = "",
    granularity: Granularity = "MONTHLY",
    metric: Metric = "UnblendedCost",
    group_by: list[str] | None = None,
    filters: dict[str, list[str]] | None = None,
) -> Answer:
    """Show costs or usage over time, in total or grouped, such as by SERVICE.

    Args:
        start: First day, such as 2026-11-01. What was spent: since the first of this month when left out. A
            forecast: from today.
        end: The day after the last one. What was spent: tomorrow when left out. A forecast: thirty days on.
        granularity: What one row stands for.
        metric: What is counted.
        group_by: At most two dimensions (see list_dimensions), or TAG:key for a tag.
        filters: Dimensions, or TAG:key, to the values that count, such as {"SERVICE": ["AWS Lambda"]}.
    """
    if group_by and len(group_by) > 2:
        raise ToolError(f"group_by takes at most two, not {len(group_by)}", code="invalid_arguments")
    today = datetime.now(UTC).date()
    found = aws.client("ce").get_cost_and_usage(
        TimePeriod=_period(start, end, first=today.replace(day=1), last=today + timedelta(days=1)),
        Granularity=granularity,
        Metrics=[metric],
        **page.request(None, "NextPageToken"),
        **given(GroupBy=[_group(name) for name in group_by or []], Filter=_filter(filters)),
    )
    rows = [row for result in found["ResultsByTime"] for row in _rows(result, metric)]
    return {"metric": metric, "rows": rows, "next_page_token": found.get("NextPageToken")}


@cost_explorer.operation(actions=["ce:GetCostForecast"])
def get_cost_forecast(
    aws: Aws,
    start: str = "",
    end: str = "",
    granularity: Granularity = "MONTHLY",
    cost_metric: Literal["UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost"] = "UnblendedCost",
    filters: dict[str, list[str]] | None = None,
) -> Answer:
    """Forecast costs from today on, with the range that they will be in with 80 % probability.

    Args:
        cost_metric: What is forecast.
    """
    today = datetime.now(UTC).date()
    found = aws.client("ce").get_cost_forecast(
        TimePeriod=_period(start, end, first=today, last=today + timedelta(days=30)),
        Metric=_FORECAST_METRICS[cost_metric],
        Granularity=granularity,
        PredictionIntervalLevel=80,
        **given(Filter=_filter(filters)),
    )
    rows = [
        {
            **_times(item),
            "amount": item.get("MeanValue"),
            "at_least": item.get("PredictionIntervalLowerBound"),
            "at_most": item.get("PredictionIntervalUpperBound"),
        }
        for item in found["ForecastResultsByTime"]
    ]
    return {"metric": cost_metric, "total": found["Total"]["Amount"], "unit": found["Total"]["Unit"], "rows": rows}


@cost_explorer.operation(actions=["ce:GetDimensionValues"])
def list_dimension_values(
    aws: Aws, page: Page, dimension: str, start: str = "", end: str = "", search: str = ""
) -> Answer:
    """List the values that a dimension had, such as the services that cost something.

    Args:
        dimension: One of list_dimensions.
        search: Only values with this in them.
    """
    today = datetime.now(UTC).date()
    found = aws.client("ce").get_dimension_values(
        TimePeriod=_period(start, end, first=today.replace(day=1), last=today + timedelta(days=1)),
        Dimension=_dimension(dimension),
        **page.request(None, "NextPageToken"),
        **given(SearchString=search),
    )
    values = [{"value": item["Value"], "attributes": item.get("Attributes", {})} for item in found["DimensionValues"]]
    return {"dimension": dimension, "values": values, "next_page_token": found.get("NextPageToken")}


@cost_explorer.operation(actions=["ce:GetAnomalies on anomalymonitor"])
def list_anomalies(aws: Aws, page: Page, since: str = "") -> Answer:
    """List unusual spending that AWS's cost monitors noticed: when, how much, and why.

    Args:
        since: First day, such as 2026-11-01; ninety days ago, the longest, when left out.
    """
    first = _day("since", since) if since else datetime.now(UTC).date() - timedelta(days=90)
    found = aws.client("ce").get_anomalies(
        DateInterval={"StartDate": first.isoformat()}, **page.request("MaxResults", "NextPageToken")
    )
    return {
        "anomalies": [_anomaly(item) for item in found["Anomalies"]],
        "next_page_token": found.get("NextPageToken"),
    }


def _period(start: str, end: str, *, first: date, last: date) -> dict[str, str]:
    """The days from start to end, the end not included."""
    first = _day("start", start) if start else first
    last = _day("end", end) if end else last
    if first >= last:
        raise ToolError(f"start ({first}) has to be before end ({last})", code="invalid_arguments")
    return {"Start": first.isoformat(), "End": last.isoformat()}


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ToolError(f"{name} is {text!r} and has to be a day like 2026-11-01", code="invalid_arguments") from None


def _group(name: str) -> dict[str, str]:
    kind, key = _kind(name)
    return {"Type": "TAG" if kind == "Tags" else "DIMENSION", "Key": key}


def _filter(wanted: Mapping[str, list[str]] | None) -> dict[str, Any]:
    """The expression that all filters hold; AWS takes And only for two or more.

    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Expression.html
    """
    parts = [
        {kind: {"Key": key, "Values": values}} for name, values in (wanted or {}).items() for kind, key in [_kind(name)]
    ]
    if len(parts) < 2:
        return parts[0] if parts else {}
    return {"And": parts}


def _kind(name: str) -> tuple[str, str]:
    """Whether a name is that of a tag or a dimension, and the tag's key or the dimension."""
    if name.startswith("TAG:"):
        return "Tags", name.removeprefix("TAG:")
    return "Dimensions", _dimension(name)


def _dimension(name: str) -> str:
    if name not in _DIMENSIONS:
        raise ToolError(f"{name!r} is none of {', '.join(_DIMENSIONS)}", code="invalid_arguments")
    return name


def _rows(result: Item, metric: str) -> list[dict[str, Any]]:
    """The rows of a time: one of each group, or the total."""
    groups = result.get("Groups") or [{"Metrics": result.get("Total", {})}]
    return [
        {
            **_times(result),
            "estimated": result.get("Estimated"),
            **({"group": group["Keys"]} if "Keys" in group else {}),
            "amount": group["Metrics"].get(metric, {}).get("Amount"),
            "unit": group["Metrics"].get(metric, {}).get("Unit"),
        }
        for group in groups
        if metric in group["Metrics"]
    ]


def _times(item: Item) -> dict[str, str]:
    return {"start": item["TimePeriod"]["Start"], "end": item["TimePeriod"]["End"]}


def _anomaly(item: Item) -> dict[str, Any]:
    return {
        "id": item["AnomalyId"],
        "start": item.get("AnomalyStartDate"),
        "end": item.get("AnomalyEndDate"),
        "dimension_value": item.get("DimensionValue"),
        "score": item["AnomalyScore"]["CurrentScore"],
        "expected_spend": item["Impact"].get("TotalExpectedSpend"),
        "actual_spend": item["Impact"].get("TotalActualSpend"),
        "causes": [
            {
                "service": cause.get("Service"),
                "region": cause.get("Region"),
                "account": cause.get("LinkedAccount"),
                "usage_type": cause.get("UsageType"),
            }
            for cause in item.get("RootCauses", [])
        ],
    }
