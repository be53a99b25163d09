"""The resource of read requests for which ministack names none, where IAM knows one.

Which resource an operation is about is on the service's page of the service authorization reference, such as
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html. Of a request that
names several resources IAM is asked about the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions

from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT, REGION

Members = Mapping[str, Any]


def _log_group(request: Members) -> str:
    names = request.get("logGroupNames") or request.get("logGroupIdentifiers") or [request.get("logGroupName", "*")]
    name = str(names[0])
    return name if name.startswith("arn:") else f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def _alarm(request: Members) -> str:
    name = request.get("AlarmName") or (request.get("AlarmNames") or ["*"])[0]
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def _costs(operation: str) -> Callable[[Members], str]:
    """Without a billing view it is a resource that only AWS's refusals name."""
    return lambda request: str(request.get("BillingViewArn") or f"arn:aws:ce:us-east-1:{ACCOUNT}:/{operation}")


def _database(kind: str, member: str) -> Callable[[Members], str]:
    def name(request: Members) -> str:
        given = str(request.get(member, "*"))
        return given if given.startswith("arn:") else f"arn:aws:rds:{REGION}:{ACCOUNT}:{kind}:{given}"

    return name


_RESOURCES: Mapping[tuple[str, str], Callable[[Members], str]] = {
    ("dynamodb", "ListTagsOfResource"): lambda request: str(request["ResourceArn"]),
    ("monitoring", "DescribeAlarms"): _alarm,
    ("monitoring", "DescribeAlarmHistory"): _alarm,
    ("monitoring", "GetDashboard"): lambda request: (
        f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{request['DashboardName']}"
    ),
    ("logs", "StartQuery"): _log_group,
    # The request names a query and not its log groups.
    ("logs", "GetQueryResults"): _log_group,
    # The request names a key and not its user.
    ("iam", "GetAccessKeyLastUsed"): lambda _: f"arn:aws:iam::{ACCOUNT}:user/*",
    ("iam", "SimulatePrincipalPolicy"): lambda request: str(request["PolicySourceArn"]),
    ("iam", "GenerateServiceLastAccessedDetails"): lambda request: str(request["Arn"]),
    ("ce", "GetCostAndUsage"): _costs("GetCostAndUsage"),
    ("ce", "GetCostForecast"): _costs("GetCostForecast"),
    ("ce", "GetDimensionValues"): _costs("GetDimensionValues"),
    ("ce", "GetAnomalies"): lambda request: str(request.get("MonitorArn") or f"arn:aws:ce::{ACCOUNT}:anomalymonitor/*"),
    ("sns", "ListTagsForResource"): lambda request: str(request["ResourceArn"]),
    ("rds", "DescribeDBInstances"): _database("db", "DBInstanceIdentifier"),
    ("rds", "DescribeDBClusters"): _database("cluster", "DBClusterIdentifier"),
    ("rds", "DescribeDBSnapshots"): _database("db", "DBInstanceIdentifier"),
    ("rds", "DescribeDBClusterSnapshots"): _database("cluster", "DBClusterIdentifier"),
    ("rds", "DescribePendingMaintenanceActions"): _database("db", "ResourceIdentifier"),
}
"""By the service's name in ministack, and the operation."""

_PATHS = (
    ("route53", re.compile(r"/[\d-]+(/tags)?/healthcheck/(?P<id>[^/]+)(/.*)?"), "arn:aws:route53:::healthcheck/{id}"),
    # AWS's own inference profiles have dots in their ids, such as us.amazon.nova-lite-v1:0.
    (
        "bedrock",
        re.compile(r"/inference-profiles/(?P<id>[a-z0-9]+)"),
        f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/{{id}}",
    ),
    ("bedrock", re.compile(r"/inference-profiles/(?P<id>arn:.+)"), "{id}"),
)
"""Of services that speak REST: the service's name in ministack, paths, and the ARN."""


def install() -> None:
    """Name them from now on."""
    resource_of = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Any],
        *rest: Any,
    ) -> Any:
        request = _members(headers, body, query)
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or str(request.get("Action", ""))
        name = _RESOURCES.get((service, operation))
        found = name(request) if name else _of_path(service, path)
        return found or resource_of(service, method, path, headers, body, query, *rest)

    replace(resource_of, extract_resource_arn)


def _of_path(service: str, path: str) -> str | None:
    for of_service, pattern, arn in _PATHS:
        if service == of_service and (match := pattern.fullmatch(unquote(path))):
            return arn.format(id=match["id"])
    return None


def _members(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> Members:
    """What a request says, in JSON or as a form, of which ministack makes `query`; objects of S3 are not read."""
    if body and "x-amz-target" in headers:
        found: Members = json.loads(body)
        return found
    return {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
