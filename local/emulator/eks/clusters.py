"""Clusters: settings that ministack drops, the security group that EKS makes, and what EKS refuses.

docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html, …/API_UpdateClusterConfig.html and
…/API_DeleteCluster.html; the rules of Auto Mode from
docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.services import eks

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.eks.answers import Body, EksError, found_cluster, merge, updated
from local.emulator.patching import replace
from local.emulator.responses import Response
from local.emulator.settings import REGION

_NOT_KEPT = ("bootstrapSelfManagedAddons", "clientRequestToken")
"""Members of CreateCluster that DescribeCluster does not tell."""


def install(authority: Path) -> None:
    """Correct creation and deletion from now on; `authority` is the certificate that a cluster tells as its own."""
    create, delete = eks._create_cluster, eks._delete_cluster

    def create_cluster(body: Body, creator_arn: str | None = None) -> Response:
        try:
            vpc_id = _checked_vpc(body)
        except EksError as refusal:
            return refusal.response
        status, headers, answer = create(dict(body), creator_arn)
        if status >= 400:
            return status, headers, answer
        cluster = eks._clusters[body["name"]]
        _complete(cluster, body, vpc_id, authority)
        response: Response = eks._json_resp(200, {"cluster": eks._sanitize(cluster)})
        return response

    def delete_cluster(name: str) -> Response:
        try:
            cluster = found_cluster(name)
            _check_deletion(cluster)
        except EksError as refusal:
            return refusal.response
        for key in [key for key in eks._addons if key.startswith(f"{name}/")]:
            del eks._addons[key]
        response: Response = delete(name)
        client("ec2").delete_security_group(GroupId=cluster["resourcesVpcConfig"]["clusterSecurityGroupId"])
        return response

    replace(create, create_cluster)
    replace(delete, delete_cluster)


def update_config(name: str, body: Body) -> Response:
    """The UpdateClusterConfig operation. Raises EksError."""
    cluster = found_cluster(name)
    _check_auto_mode({**cluster, **body}, changed=body)
    merge(cluster, body, leave=_NOT_KEPT)
    return updated("ConfigUpdate")


def update_version(name: str, body: Body) -> Response:
    """The UpdateClusterVersion operation: one minor at a time, and never back. Raises EksError."""
    cluster = found_cluster(name)
    present, wanted = (tuple(int(part) for part in text.split(".")) for text in (cluster["version"], body["version"]))
    if wanted != (present[0], present[1] + 1):
        raise EksError(
            "InvalidParameterException",
            f"Unsupported Kubernetes minor version update from {cluster['version']} to {body['version']}",
        )
    cluster["version"] = body["version"]
    return updated("VersionUpdate")


def _checked_vpc(body: Body) -> str:
    """The VPC of a cluster that EKS would make."""
    arn = eks._cluster_arn(body["name"])
    if not authorization.role_trusts(body["roleArn"], "eks.amazonaws.com", source_arn=arn):
        raise EksError("InvalidParameterException", f"The role {body['roleArn']} does not trust eks.amazonaws.com.")
    _check_auto_mode(body, changed=body)
    wanted = body.get("resourcesVpcConfig", {}).get("subnetIds", [])
    known = client("ec2").describe_subnets(Filters=[{"Name": "subnet-id", "Values": wanted}])["Subnets"]
    missing = sorted(set(wanted) - {subnet["SubnetId"] for subnet in known})
    if missing:
        raise EksError("InvalidParameterException", f"The subnet ID '{missing[0]}' does not exist")
    if len({subnet["AvailabilityZone"] for subnet in known}) < 2:
        raise EksError(
            "InvalidParameterException", "Subnets specified must be in at least two different AZs for the cluster"
        )
    return str(known[0]["VpcId"])


def _check_auto_mode(settings: Body, *, changed: Body) -> None:
    """Auto Mode's three switches are on together or off together."""
    network = settings.get("kubernetesNetworkConfig") or {}
    switches = {
        bool((settings.get("computeConfig") or {}).get("enabled")),
        bool((network.get("elasticLoadBalancing") or {}).get("enabled")),
        bool(((settings.get("storageConfig") or {}).get("blockStorage") or {}).get("enabled")),
    }
    if len(switches) > 1:
        raise EksError(
            "InvalidParameterException",
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
            "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
        )
    if True in switches and changed.get("bootstrapSelfManagedAddons") is True:
        raise EksError(
            "InvalidParameterException", "bootstrapSelfManagedAddons must be false for a cluster with EKS Auto Mode."
        )


def _complete(cluster: dict[str, Any], body: Body, vpc_id: str, authority: Path) -> None:
    """Write into a new cluster's record what ministack left out."""
    settled = ("name", "roleArn", "version", "tags", "resourcesVpcConfig", *_NOT_KEPT)
    merge(cluster, body, leave=settled)
    cluster["accessConfig"] = {"authenticationMode": "CONFIG_MAP", **cluster["accessConfig"]}
    cluster["accessConfig"].pop("bootstrapClusterCreatorAdminPermissions", None)
    identifier = cluster["identity"]["oidc"]["issuer"].rpartition("/")[2]
    cluster["endpoint"] = f"https://{identifier}.gr7.{REGION}.eks.amazonaws.com"
    cluster["certificateAuthority"] = {"data": base64.b64encode(authority.read_bytes()).decode()}
    cluster["resourcesVpcConfig"] |= {"vpcId": vpc_id, "clusterSecurityGroupId": _security_group(body["name"], vpc_id)}


def _security_group(name: str, vpc_id: str) -> str:
    """The group that EKS makes for control plane and nodes
    (docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html).
    """
    identifier = eks.new_uuid().replace("-", "")[:10]
    group = client("ec2").create_security_group(
        GroupName=f"eks-cluster-sg-{name}-{identifier}",
        Description="EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
        "as well as any managed workloads.",
        VpcId=vpc_id,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": "aws:eks:cluster-name", "Value": name}]}
        ],
    )
    return str(group["GroupId"])


def _check_deletion(cluster: Mapping[str, Any]) -> None:
    name = cluster["name"]
    if cluster.get("deletionProtection"):
        raise EksError("InvalidRequestException", f"Cluster {name} has deletion protection enabled.")
    if any(key.startswith(f"{name}/") for key in eks._nodegroups):
        raise EksError("ResourceInUseException", "Cluster has nodegroups attached", 409)
