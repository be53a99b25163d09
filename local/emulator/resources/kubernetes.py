"""The custom resources by which CDK runs kubectl: manifests are checked for their outer form and recorded.

Their provider is a Lambda function with kubectl in a layer; it would need an API server, which the emulated EKS lacks.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from ministack.services.cloudformation import provisioners

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.eks.objects import KubectlError, ObjectRecord
from local.emulator.resources.base import run_on_worker_thread

_MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
_NOT_EMULATED = (
    "Custom::AWSCDK-EKS-HelmChart",
    "Custom::AWSCDK-EKS-KubernetesObjectValue",
    "Custom::AWSCDK-EKS-KubernetesPatch",
)

Properties = Mapping[str, Any]


def install(record: ObjectRecord) -> None:
    """Answer manifests from now on, and refuse by name what only an API server could answer."""

    def create(_: str, properties: Properties, __: str) -> tuple[str, dict[str, Any]]:
        _check_surroundings(properties)
        record.create(properties["ClusterName"], properties["Manifest"], overwrite=_true(properties.get("Overwrite")))
        return str(uuid.uuid4()), {}

    def update(resource_id: str, old: Properties, new: Properties, _: str) -> tuple[str, dict[str, Any]]:
        _check_surroundings(new)
        record.apply(new["ClusterName"], new["Manifest"], before=old["Manifest"], prune="PruneLabel" in new)
        return resource_id, {}

    def delete(_: str, properties: Properties) -> None:
        record.delete(properties["ClusterName"], properties["Manifest"])

    provisioners._RESOURCE_HANDLERS[_MANIFEST] = {"create": create, "update": update, "delete": delete}
    run_on_worker_thread(_MANIFEST)
    for kind in _NOT_EMULATED:
        provisioners._RESOURCE_HANDLERS[kind] = {"create": _refuse, "update": _refuse, "delete": lambda _, __: None}


def _check_surroundings(properties: Properties) -> None:
    """The provider and the cluster must be there, as they must be for kubectl."""
    if not authorization.function_exists(str(properties["ServiceToken"])):
        raise KubectlError(f"Function not found: {properties['ServiceToken']}")
    try:
        client("eks").describe_cluster(name=properties["ClusterName"])
    except ClientError as error:
        raise KubectlError(str(error)) from None


def _refuse(*_: Any) -> tuple[str, dict[str, Any]]:
    raise NotImplementedError("There is no Kubernetes API server in the emulated AWS: only manifests are recorded")


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
