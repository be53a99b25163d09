"""Add-ons and Pod Identity associations, and what EKS refuses of them.

docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html and …/API_CreatePodIdentityAssociation.html; names of
add-ons from docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import eks, iam

from local.emulator.eks.answers import Body, EksError, found_cluster
from local.emulator.patching import replace
from local.emulator.responses import Response

_NAMESPACES = dict.fromkeys(
    (
        "adot", "aws-ebs-csi-driver", "aws-efs-csi-driver", "aws-fsx-csi-driver", "aws-guardduty-agent",
        "aws-mountpoint-s3-csi-driver", "aws-secrets-store-csi-driver-provider", "cert-manager", "coredns",
        "eks-node-monitoring-agent", "eks-pod-identity-agent", "external-dns", "kube-proxy", "kube-state-metrics",
        "metrics-server", "prometheus-node-exporter", "snapshot-controller", "vpc-cni",
    ),
    "kube-system",
) | {"amazon-cloudwatch-observability": "amazon-cloudwatch"}  # fmt: skip
"""The add-ons of AWS that the emulator knows, and the namespace that each one's service accounts are in."""

PODS = "pods.eks.amazonaws.com"
"""The service principal of EKS Pod Identity."""


def install() -> None:
    """Correct both from now on."""
    create, update, delete = eks._create_addon, eks._update_addon, eks._delete_addon
    associate = eks._create_pod_identity_association

    def create_addon(cluster_name: str, body: Body) -> Response:
        name = body["addonName"]
        if name not in _NAMESPACES:
            return EksError("InvalidParameterException", f"Addon {name} specified is not supported").response
        status, headers, answer = create(cluster_name, dict(body))
        return _with_associations(cluster_name, name, body) if status < 400 else (status, headers, answer)

    def update_addon(cluster_name: str, name: str, body: Body) -> Response:
        settings = {member: value for member, value in body.items() if member != "podIdentityAssociations"}
        response: Response = update(cluster_name, name, settings)
        if response[0] < 400 and "podIdentityAssociations" in body:
            _end_associations(cluster_name, name)
            refused = _with_associations(cluster_name, name, body)
            return response if refused[0] < 400 else refused
        return response

    def delete_addon(cluster_name: str, name: str) -> Response:
        _end_associations(cluster_name, name)
        response: Response = delete(cluster_name, name)
        return response

    def create_association(cluster_name: str, body: Body) -> Response:
        try:
            found_cluster(cluster_name)
            _check_trust(body.get("roleArn", ""))
        except EksError as refusal:
            return refusal.response
        response: Response = associate(cluster_name, dict(body))
        return response

    replace(associate, create_association)
    replace(create, create_addon)
    replace(update, update_addon)
    replace(delete, delete_addon)


def namespaces(cluster_name: str) -> set[str]:
    """The namespaces that the cluster's add-ons have made."""
    return {_NAMESPACES[addon["addonName"]] for key, addon in eks._addons.items() if key.startswith(f"{cluster_name}/")}


def _with_associations(cluster_name: str, name: str, body: Body) -> Response:
    """Make the associations that an add-on asks for, which are its own; without them no add-on is made."""
    addon = eks._addons[f"{cluster_name}/{name}"]
    addon["podIdentityAssociations"] = []
    for wanted in body.get("podIdentityAssociations", []):
        response: Response = eks._create_pod_identity_association(
            cluster_name, {**wanted, "namespace": _NAMESPACES[name]}
        )
        if response[0] >= 400:
            _end_associations(cluster_name, name)
            del eks._addons[f"{cluster_name}/{name}"]
            return response
        association = json.loads(response[2])["association"]
        eks._pod_identity_associations[eks._pia_key(cluster_name, association["associationId"])]["ownerArn"] = addon[
            "addonArn"
        ]
        addon["podIdentityAssociations"].append(association["associationArn"])
    answered: Response = eks._json_resp(200, {"addon": addon})
    return answered


def _end_associations(cluster_name: str, name: str) -> None:
    addon = eks._addons.get(f"{cluster_name}/{name}", {})
    for arn in addon.get("podIdentityAssociations", []):
        eks._delete_pod_identity_association(cluster_name, arn.rpartition("/")[2])


def _check_trust(role_arn: str) -> None:
    """The role must let Pod Identity assume it and tag the session
    (docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html).
    """
    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role is None:
        raise EksError("InvalidParameterException", f"Role {role_arn} does not exist.")
    allowed = set(_actions_for_pods(role["AssumeRolePolicyDocument"]))
    missing = sorted({"sts:AssumeRole", "sts:TagSession"} - allowed)
    if missing:
        raise EksError(
            "InvalidParameterException",
            f"Trust policy of role {role_arn} does not allow {PODS} the actions {', '.join(missing)}.",
        )


def _actions_for_pods(document: str | Mapping[str, Any]) -> Iterator[str]:
    parsed = json.loads(document) if isinstance(document, str) else document
    for statement in parsed["Statement"]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, Mapping) else []
        if statement["Effect"] == "Allow" and PODS in ([services] if isinstance(services, str) else services):
            actions = statement["Action"]
            yield from [actions] if isinstance(actions, str) else actions
