"""Managed node groups: settings that ministack drops, changes, and what EKS refuses.

docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and …/API_UpdateNodegroupConfig.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import eks

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.eks.answers import Body, EksError, found_cluster, merge, updated
from local.emulator.patching import replace
from local.emulator.responses import Response

_SETTINGS = ("remoteAccess", "launchTemplate", "updateConfig", "nodeRepairConfig", "warmPoolConfig")
"""Members of CreateNodegroup that ministack does not keep."""


def install() -> None:
    """Correct creation from now on."""
    create = eks._create_nodegroup

    def create_nodegroup(cluster_name: str, body: Body) -> Response:
        try:
            _check(found_cluster(cluster_name), body)
        except EksError as refusal:
            return refusal.response
        status, headers, answer = create(cluster_name, dict(body))
        if status >= 400:
            return status, headers, answer
        group = eks._nodegroups[f"{cluster_name}/{body['nodegroupName']}"]
        group |= {name: body[name] for name in _SETTINGS if name in body}
        group.setdefault("updateConfig", {"maxUnavailable": 1})
        response: Response = eks._json_resp(200, {"nodegroup": group})
        return response

    replace(create, create_nodegroup)


def update_config(cluster_name: str, name: str, body: Body) -> Response:
    """The UpdateNodegroupConfig operation. Raises EksError."""
    group = _found(cluster_name, name)
    labels, taints = body.get("labels", {}), body.get("taints", {})
    scaling = {**group["scalingConfig"], **body.get("scalingConfig", {})}
    _check_scaling(scaling)
    group["scalingConfig"] = scaling
    group["labels"] = {
        key: value
        for key, value in {**group["labels"], **labels.get("addOrUpdateLabels", {})}.items()
        if key not in labels.get("removeLabels", [])
    }
    changed = [*taints.get("addOrUpdateTaints", []), *taints.get("removeTaints", [])]
    kept = [taint for taint in group["taints"] if _mark(taint) not in [_mark(other) for other in changed]]
    group["taints"] = [*kept, *taints.get("addOrUpdateTaints", [])]
    merge(group, {name: body[name] for name in _SETTINGS if name in body})
    group["modifiedAt"] = eks._now()
    return updated("ConfigUpdate")


def update_version(cluster_name: str, name: str, body: Body) -> Response:
    """The UpdateNodegroupVersion operation. Raises EksError."""
    group = _found(cluster_name, name)
    version = body.get("version", found_cluster(cluster_name)["version"])
    merge(group, {"version": version, **{m: body[m] for m in ("releaseVersion", "launchTemplate") if m in body}})
    group["modifiedAt"] = eks._now()
    return updated("VersionUpdate")


def _found(cluster_name: str, name: str) -> dict[str, Any]:
    found_cluster(cluster_name)
    group: dict[str, Any] | None = eks._nodegroups.get(f"{cluster_name}/{name}")
    if group is None:
        raise EksError("ResourceNotFoundException", f"No node group found for name: {name}.", 404)
    return group


def _check(cluster: Mapping[str, Any], body: Body) -> None:
    role = body["nodeRole"]
    if not authorization.role_trusts(role, "ec2.amazonaws.com", source_arn=cluster["arn"]):
        raise EksError("InvalidParameterException", f"The role {role} does not trust ec2.amazonaws.com.")
    _check_scaling(body.get("scalingConfig", {}))
    subnets = client("ec2").describe_subnets(Filters=[{"Name": "subnet-id", "Values": body["subnets"]}])["Subnets"]
    own = {subnet["SubnetId"] for subnet in subnets if subnet["VpcId"] == cluster["resourcesVpcConfig"]["vpcId"]}
    strange = sorted(set(body["subnets"]) - own)
    if strange:
        raise EksError("InvalidParameterException", f"The subnet {strange[0]} is not in the cluster's VPC.")


def _check_scaling(scaling: Body) -> None:
    least, wanted, most = (scaling.get(name) for name in ("minSize", "desiredSize", "maxSize"))
    if least is not None and most is not None and wanted is not None and not least <= wanted <= most:
        raise EksError(
            "InvalidParameterException", f"desired capacity {wanted} must lie between min {least} and max {most}"
        )


def _mark(taint: Body) -> tuple[Any, Any]:
    """What tells taints apart: a key has one taint per effect."""
    return taint.get("key"), taint.get("effect")
