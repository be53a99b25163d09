"""The IAM action and resource of read requests for which ministack names others than AWS asks for.

What an operation needs is on the service's page of the service authorization reference, such as
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html. Of a request that
names several resources IAM is asked about the first; where a request does not know the resource, about `*` in the place
of its name.
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


def install() -> None:
    """Name them from now on."""
    iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, *rest: Any
    ) -> Any:
        if service == "lambda" and method == "GET":
            name = iam_actions._match_rest_action("lambda", method, path, query)
            if name:
                return f"lambda:{name}"
        return action_of(service, method, path, headers, body, query, *rest)

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Members, *rest: Any
    ) -> Any:
        found = _of_path(service, path) if method == "GET" else None
        found = found or _of_operation(service, headers.get("x-amz-target", ""), body, query)
        return found or resource_of(service, method, path, headers, body, query, *rest)

    replace(action_of, extract_iam_action)
    replace(resource_of, extract_resource_arn)


def _of_operation(service: str, target: str, body: bytes, query: Members) -> str | None:
    """What a request in JSON is about, or one in a form, of which ministack makes `query`.

    The body is read of requests in JSON alone: it may as well be an object of S3.
    """
    operation = target.rpartition(".")[2] if target else str(_first(query.get("Action", "")))
    name = _sagemaker if service == "sagemaker" else _OPERATIONS.get((service, operation))
    if name is None:
        return None
    return name(json.loads(body or b"{}") if target else {member: _first(value) for member, value in query.items()})


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _of_path(service: str, path: str) -> str | None:
    """What a request in REST is about."""
    for of_service, pattern, name in _PATHS:
        if service == of_service and (match := pattern.fullmatch(unquote(path.rstrip("/")))):
            return name(match)
    return None


def _arn(service: str, kind: str, name: str) -> str:
    """The ARN of a name that may be one already; `kind` is what stands before the name, such as `cluster/`."""
    return name if name.startswith("arn:") else f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}{name}"


def _log_group(request: Members) -> str:
    names = request.get("logGroupNames") or request.get("logGroupIdentifiers") or [request.get("logGroupName", "*")]
    return _arn("logs", "log-group:", names[0])


def _alarm(request: Members) -> str:
    return _arn("cloudwatch", "alarm:", request.get("AlarmName") or (request.get("AlarmNames") or ["*"])[0])


def _costs(operation: str) -> Callable[[Members], str]:
    """Without a billing view it is a resource that only AWS's refusals name."""
    return lambda request: str(request.get("BillingViewArn") or f"arn:aws:ce:us-east-1:{ACCOUNT}:/{operation}")


def _database(kind: str, member: str) -> Callable[[Members], str]:
    return lambda request: _arn("rds", f"{kind}:", request.get(member, "*"))


def _everything(_: Members) -> str:
    return "*"


def _of_cluster(kind: str, member: str) -> Callable[[Members], str]:
    """What lies in a cluster of ECS."""
    return lambda request: _arn("ecs", f"{kind}/{_cluster(request)}/", (request.get(member) or ["*"])[0])


def _cluster(request: Members) -> str:
    return str(request.get("cluster", "default")).rpartition("/")[2]


def _listed_tasks(request: Members) -> str:
    instance = request.get("containerInstance")
    return _arn("ecs", f"container-instance/{_cluster(request)}/", instance) if instance else "*"


def _sagemaker(request: Members) -> str | None:
    """IAM writes their names in small letters."""
    for member, kind in _SAGEMAKER_KINDS.items():
        if member in request:
            return _arn("sagemaker", f"{kind}/", str(request[member]).lower())
    return None


def _eks(match: re.Match[str]) -> str | None:
    """The ARN ends in an id that the request does not know."""
    kind, name = _EKS_KINDS.get(match["kind"]), match["name"]
    if kind == "access-entry":
        *_, account, principal = name.split(":", maxsplit=5)
        name = f"{principal.partition('/')[0]}/{account}/{principal.rpartition('/')[2]}"
    return _arn("eks", f"{kind}/{match['cluster']}/", f"{name}/*") if kind else None


_OPERATIONS: Mapping[tuple[str, str], Callable[[Members], str]] = {
    ("ce", "GetAnomalies"): lambda request: str(request.get("MonitorArn") or f"arn:aws:ce::{ACCOUNT}:anomalymonitor/*"),
    ("ce", "GetCostAndUsage"): _costs("GetCostAndUsage"),
    ("ce", "GetCostForecast"): _costs("GetCostForecast"),
    ("ce", "GetDimensionValues"): _costs("GetDimensionValues"),
    ("dynamodb", "ListTagsOfResource"): lambda request: str(request["ResourceArn"]),
    ("ecs", "DescribeClusters"): lambda request: _arn("ecs", "cluster/", (request.get("clusters") or ["default"])[0]),
    ("ecs", "DescribeContainerInstances"): _of_cluster("container-instance", "containerInstances"),
    ("ecs", "DescribeServices"): _of_cluster("service", "services"),
    ("ecs", "DescribeTaskDefinition"): _everything,
    ("ecs", "DescribeTasks"): _of_cluster("task", "tasks"),
    ("ecs", "ListClusters"): _everything,
    ("ecs", "ListServices"): _everything,
    ("ecs", "ListTaskDefinitions"): _everything,
    ("ecs", "ListTasks"): _listed_tasks,
    ("iam", "GenerateServiceLastAccessedDetails"): lambda request: str(request["Arn"]),
    # The request names a key and not its user.
    ("iam", "GetAccessKeyLastUsed"): lambda _: f"arn:aws:iam::{ACCOUNT}:user/*",
    ("iam", "SimulatePrincipalPolicy"): lambda request: str(request["PolicySourceArn"]),
    # The request names a query and not its log groups.
    ("logs", "GetQueryResults"): _log_group,
    ("logs", "StartQuery"): _log_group,
    ("monitoring", "DescribeAlarmHistory"): _alarm,
    ("monitoring", "DescribeAlarms"): _alarm,
    ("monitoring", "GetDashboard"): lambda request: (
        f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{request['DashboardName']}"
    ),
    ("rds", "DescribeDBClusterSnapshots"): _database("cluster", "DBClusterIdentifier"),
    ("rds", "DescribeDBClusters"): _database("cluster", "DBClusterIdentifier"),
    ("rds", "DescribeDBInstances"): _database("db", "DBInstanceIdentifier"),
    ("rds", "DescribeDBSnapshots"): _database("db", "DBInstanceIdentifier"),
    ("rds", "DescribePendingMaintenanceActions"): _database("db", "ResourceIdentifier"),
    ("sns", "ListTagsForResource"): lambda request: str(request["ResourceArn"]),
}
"""By the service's name in ministack, and the operation."""

_PATHS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    # AWS's own inference profiles have dots in their ids, such as us.amazon.nova-lite-v1:0.
    (
        "bedrock",
        re.compile(r"/inference-profiles/([a-z0-9]+)"),
        lambda match: _arn("bedrock", "application-inference-profile/", match[1]),
    ),
    ("bedrock", re.compile(r"/inference-profiles/(arn:.+)"), lambda match: match[1]),
    ("eks", re.compile(r"/clusters/(?P<cluster>[^/]+)/(?P<kind>[a-z-]+)/(?P<name>.+?)(/access-policies)?"), _eks),
    (
        "route53",
        re.compile(r"/[\d-]+(?:/tags)?/healthcheck/([^/]+)(?:/.*)?"),
        lambda match: f"arn:aws:route53:::healthcheck/{match[1]}",
    ),
)
"""Of services that speak REST: the service's name in ministack, paths, and the ARN."""

_EKS_KINDS = {
    "access-entries": "access-entry",
    "addons": "addon",
    "fargate-profiles": "fargateprofile",
    "node-groups": "nodegroup",
}
_SAGEMAKER_KINDS = {
    "EndpointConfigName": "endpoint-config",
    "EndpointName": "endpoint",
    "ModelName": "model",
    "PipelineName": "pipeline",
    "ProcessingJobName": "processing-job",
    "TrainingJobName": "training-job",
    "TransformJobName": "transform-job",
}
