"""Cost Explorer: costs of a month by service; the emulator has no costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.ce.models import ce_backends

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

MONTH = {"start": "2026-10-01", "end": "2026-11-01"}
PERIOD = {"Start": MONTH["start"], "End": MONTH["end"]}
SERVICE = "Amazon Simple Storage Service"


def fill(client: Clients, account: Account) -> Made:
    if account == "moto":
        # moto has no costs and answers with what it was told: https://docs.getmoto.org/en/latest/docs/services/ce.html
        group = {"Keys": [SERVICE], "Metrics": {"UnblendedCost": {"Amount": "12.34", "Unit": "USD"}}}
        result: dict[str, Any] = {"TimePeriod": PERIOD, "Total": {}, "Groups": [group], "Estimated": False}
        ce_backends["123456789012"]["aws"].cost_usage_results_queue.append({"ResultsByTime": [result]})
    return {}


def calls(made: Made) -> Sequence[Call]:
    return [
        Call(operation="list_dimensions", finds="LINKED_ACCOUNT"),
        Call(
            operation="get_cost_and_usage",
            arguments=MONTH | {"group_by": ["SERVICE", "TAG:team"], "filters": {"REGION": ["us-east-1"]}},
            finds="12.34",
            unknown_to=("emulator",),
        ),
        Call(operation="get_cost_and_usage", arguments=MONTH, finds="rows"),
        *_calls_unknown_everywhere(),
    ]


def _calls_unknown_everywhere() -> list[Call]:
    """Calls with the responses of AWS's pages, such as
    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostForecast.html
    """
    forecast = {
        "Total": {"Amount": "56.78", "Unit": "USD"},
        "ForecastResultsByTime": [
            {
                "TimePeriod": {"Start": "2026-11-20", "End": "2026-12-01"},
                "MeanValue": "56.78",
                "PredictionIntervalLowerBound": "50.1",
                "PredictionIntervalUpperBound": "60.2",
            }
        ],
    }
    values = {"DimensionValues": [{"Value": SERVICE, "Attributes": {}}], "ReturnSize": 1, "TotalSize": 1}
    anomaly = {
        "AnomalyId": "anomaly-1",
        "AnomalyStartDate": "2026-11-02",
        "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.8},
        "Impact": {"MaxImpact": 90.0, "TotalActualSpend": 100.0, "TotalExpectedSpend": 10.0},
        "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/0a1b2c3d",
        "RootCauses": [{"Service": SERVICE, "Region": "us-east-1"}],
    }
    answered: list[tuple[str, dict[str, Any], str, str, dict[str, Any]]] = [
        ("get_cost_forecast", {}, "60.2", "GetCostForecast", forecast),
        ("list_dimension_values", {"dimension": "SERVICE"}, SERVICE, "GetDimensionValues", values),
        ("list_anomalies", {}, "anomaly-1", "GetAnomalies", {"Anomalies": [anomaly]}),
    ]
    return [
        Call(
            operation=operation,
            arguments=arguments,
            finds=finds,
            unknown_to=("moto", "emulator"),
            stubbed={f"ce:{api_operation}": response},
        )
        for operation, arguments, finds, api_operation, response in answered
    ]


SCENARIO = Scenario(server="aws-account", tool="cost_explorer_read_operations", fill=fill, calls=calls)
