"""The IAM action and resource of read requests for which ministack names others than AWS asks for.

What an operation needs is in the service authorization reference, on the pages list_awslambda.html,
list_amazonelasticcontainerservice.html, list_amazonelastickubernetesservice.html and list_amazonsagemaker.html below
docs.aws.amazon.com/service-authorization/latest/reference. Of a request that names several resources IAM is asked about
the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions

from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT, REGION

_ECS_LISTS = {
    "DescribeServices": ("service", "services"),
    "DescribeTasks": ("task", "tasks"),
    "DescribeContainerInstances": ("container-instance", "containerInstances"),
}
_ECS_OF_EVERYTHING = ("ListClusters", "ListServices", "ListTaskDefinitions", "DescribeTaskDefinition")
_EKS_KINDS = {
    "node-groups": "nodegroup",
    "addons": "addon",
    "access-entries": "access-entry",
    "fargate-profiles": "fargateprofile",
}
_SAGEMAKER_NAMES = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
    "PipelineName": "pipeline",
    "ProcessingJobName": "processing-job",
    "TrainingJobName": "training-job",
    "TransformJobName": "transform-job",
}
_EKS_PATH = re.compile(r"/clusters/(?P<cluster>[^/]+)/(?P<kind>[a-z-]+)/(?P<name>.+?)(/access-policies)?")


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
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, *rest: Any
    ) -> Any:
        found = None
        if service == "ecs":
            found = _of_ecs(headers.get("x-amz-target", "").rpartition(".")[2], body)
        elif service == "eks" and method == "GET":
            found = _of_eks(path)
        elif service == "sagemaker":
            found = _of_sagemaker(body)
        return found or resource_of(service, method, path, headers, body, *rest)

    replace(action_of, extract_iam_action)
    replace(resource_of, extract_resource_arn)


def _of_ecs(operation: str, body: bytes) -> str | None:
    if operation in _ECS_OF_EVERYTHING:
        return "*"
    request = json.loads(body or b"{}")
    if operation == "DescribeClusters":
        return _ecs("cluster", (request.get("clusters") or ["default"])[0])
    cluster = str(request.get("cluster", "default")).rpartition("/")[2]
    if operation == "ListTasks":
        instance = request.get("containerInstance")
        return _ecs("container-instance", f"{cluster}/{instance}") if instance else "*"
    if operation not in _ECS_LISTS:
        return None
    kind, member = _ECS_LISTS[operation]
    name = (request.get(member) or ["*"])[0]
    return _ecs(kind, name if name.startswith("arn:") else f"{cluster}/{name}")


def _ecs(kind: str, name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}"


def _of_eks(path: str) -> str | None:
    """The ARN ends in an id that the request does not know."""
    match = _EKS_PATH.fullmatch(path.rstrip("/"))
    if match is None or match["kind"] not in _EKS_KINDS:
        return None
    kind, name = _EKS_KINDS[match["kind"]], unquote(match["name"])
    if kind == "access-entry":
        *_, account, principal = name.split(":", maxsplit=5)
        name = f"{principal.partition('/')[0]}/{account}/{principal.rpartition('/')[2]}"
    return f"arn:aws:eks:{REGION}:{ACCOUNT}:{kind}/{match['cluster']}/{name}/*"


def _of_sagemaker(body: bytes) -> str | None:
    request = json.loads(body or b"{}")
    for member, kind in _SAGEMAKER_NAMES.items():
        if member in request:
            return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{str(request[member]).lower()}"
    return None
