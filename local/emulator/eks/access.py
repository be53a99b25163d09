"""Access entries of the kinds that ministack does not know, and the policies that EKS lets them have.

docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html; nodes of Auto Mode from
docs.aws.amazon.com/eks/latest/userguide/auto-create-node-class.html.
"""

from __future__ import annotations

from ministack.services import eks

from local.emulator.eks.answers import Body, EksError
from local.emulator.patching import replace
from local.emulator.responses import Response

_AUTO_NODE_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"


def install() -> None:
    """Take all kinds of entries from now on."""
    eks._VALID_ACCESS_ENTRY_TYPES = (*eks._VALID_ACCESS_ENTRY_TYPES, "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
    original = eks._associate_access_policy

    def associate_access_policy(cluster_name: str, principal_arn: str, body: Body) -> Response:
        entry = eks._access_entries.get(eks._ae_key(cluster_name, principal_arn))
        if entry is None or entry["type"] != "EC2":
            answered: Response = original(cluster_name, principal_arn, body)
            return answered
        return _associate_with_nodes(cluster_name, principal_arn, body)

    replace(original, associate_access_policy)


def _associate_with_nodes(cluster_name: str, principal_arn: str, body: Body) -> Response:
    """Nodes of Auto Mode have one policy, for the whole cluster."""
    if body["policyArn"] != _AUTO_NODE_POLICY or body["accessScope"]["type"] != "cluster":
        return EksError(
            "InvalidRequestException", f"An access entry of type EC2 can only have {_AUTO_NODE_POLICY} of a cluster."
        ).response
    associated = {
        "policyArn": _AUTO_NODE_POLICY,
        "accessScope": {"type": "cluster", "namespaces": []},
        "associatedAt": eks._now(),
        "modifiedAt": eks._now(),
    }
    eks._access_policies[eks._ap_key(cluster_name, principal_arn, _AUTO_NODE_POLICY)] = associated
    response: Response = eks._json_resp(
        200,
        {"clusterName": cluster_name, "principalArn": principal_arn, "associatedAccessPolicy": associated},
    )
    return response
