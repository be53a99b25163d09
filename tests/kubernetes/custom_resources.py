"""Kinds that EKS adds to Kubernetes, with schemas written after what AWS publishes of them.

- ApplicationNetworkPolicy: the definition that EKS installs,
  https://github.com/aws/amazon-network-policy-controller-k8s/blob/main/pkg/crd/crds.yaml, and its page,
  https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html;
- NodeClass: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html;
- NodePool: https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html, and Karpenter's reference for what
  that page points to there, https://karpenter.sh/docs/concepts/nodepools/.

They refuse fields that they do not know, as `kubectl --validate=strict` does, and hold those fields alone that the kit
or the pages' examples use.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
_EXPRESSION = _object({"key": _TEXT, "operator": _TEXT, "values": _list(_TEXT)}, "key", "operator")
_METADATA: Schema = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}


def _kind(api_version: str, kind: str, spec: Schema) -> Schema:
    fields = {"apiVersion": _one_of(api_version), "kind": _one_of(kind), "metadata": _METADATA, "spec": spec}
    return _object(fields, *fields)


_SELECTOR = _object({"matchLabels": _TEXTS, "matchExpressions": _list(_EXPRESSION)})
_PORTS = _list(_object({"protocol": _TEXT, "port": {"oneOf": [_NUMBER, _TEXT]}, "endPort": _NUMBER}))
_DOMAIN: Schema = {
    "type": "string",
    "pattern": r"^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$",
}
_PEER = {
    "ipBlock": _object({"cidr": _TEXT, "except": _list(_TEXT)}, "cidr"),
    "namespaceSelector": _SELECTOR,
    "podSelector": _SELECTOR,
}
_HOST_PEER = {**_PEER, "domainNames": _list(_DOMAIN, least=1)}

APPLICATION_NETWORK_POLICY = _kind(
    "networking.k8s.aws/v1alpha1",
    "ApplicationNetworkPolicy",
    _object(
        {
            "podSelector": _SELECTOR,
            "policyTypes": _list(_one_of("Ingress", "Egress")),
            "ingress": _list(_object({"ports": _PORTS, "from": _list(_object(_PEER))})),
            "egress": _list(_object({"ports": _PORTS, "to": _list(_object(_HOST_PEER))})),
        },
        "podSelector",
    ),
)

_TERMS = _list(_object({"id": _TEXT, "name": _TEXT, "tags": _TEXTS}), least=1)

NODE_CLASS = _kind(
    "eks.amazonaws.com/v1",
    "NodeClass",
    _object(
        {
            "role": _TEXT,
            "subnetSelectorTerms": _TERMS,
            "securityGroupSelectorTerms": _TERMS,
            "snatPolicy": _one_of("Random", "Disabled"),
            "networkPolicy": _one_of("DefaultAllow", "DefaultDeny"),
            "networkPolicyEventLogs": _one_of("Enabled", "Disabled"),
            "ephemeralStorage": _object({"size": _TEXT, "iops": _NUMBER, "throughput": _NUMBER, "kmsKeyID": _TEXT}),
            "tags": _TEXTS,
        },
        "role", "subnetSelectorTerms", "securityGroupSelectorTerms",
    ),
)  # fmt: skip

_TAINT = _object(
    {"key": _TEXT, "value": _TEXT, "effect": _one_of("NoSchedule", "PreferNoSchedule", "NoExecute")}, "key", "effect"
)
_NODES = _object(
    {
        "nodeClassRef": _object(
            {"group": _one_of("eks.amazonaws.com"), "kind": _one_of("NodeClass"), "name": _TEXT},
            "group", "kind", "name",
        ),
        "requirements": _list(_EXPRESSION, least=1),
        "taints": _list(_TAINT),
        "expireAfter": _TEXT,
        "terminationGracePeriod": _TEXT,
    },
    "nodeClassRef", "requirements",
)  # fmt: skip
_DISRUPTION = _object(
    {
        "consolidationPolicy": _one_of("WhenEmpty", "WhenEmptyOrUnderutilized"),
        "consolidateAfter": _TEXT,
        "budgets": _list(_object({"nodes": _TEXT, "schedule": _TEXT, "duration": _TEXT, "reasons": _list(_TEXT)})),
    }
)

NODE_POOL = _kind(
    "karpenter.sh/v1",
    "NodePool",
    _object(
        {
            "template": _object(
                {"metadata": _object({"labels": _TEXTS, "annotations": _TEXTS}), "spec": _NODES}, "spec"
            ),
            "limits": _TEXTS,
            "disruption": _DISRUPTION,
            "weight": _NUMBER,
        },
        "template",
    ),
)

SCHEMAS: dict[tuple[str, str], Schema] = {
    ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy"): APPLICATION_NETWORK_POLICY,
    ("eks.amazonaws.com/v1", "NodeClass"): NODE_CLASS,
    ("karpenter.sh/v1", "NodePool"): NODE_POOL,
}
"""By `apiVersion` and `kind`."""
