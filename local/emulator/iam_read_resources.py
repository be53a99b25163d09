"""The resource of read requests for which ministack names none, where IAM knows one.

Which resource an operation is about is on the service's page of the service authorization reference, such as
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html. Of a request that
names several resources IAM is asked about the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

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
    ("ce", "GetCostAndUsage"): lambda request: str(
        request.get("BillingViewArn") or f"arn:aws:billing::{ACCOUNT}:billingview/primary"
    ),
}
"""By the name that signs the request, and the operation."""


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
        return name(request) if name else resource_of(service, method, path, headers, body, query, *rest)

    replace(resource_of, extract_resource_arn)


def _members(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> Members:
    """What a request says, in JSON or as a form, of which ministack makes `query`; objects of S3 are not read."""
    if body and "x-amz-target" in headers:
        found: Members = json.loads(body)
        return found
    return {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
