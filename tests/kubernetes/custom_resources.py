"""Kinds that EKS adds to Kubernetes, with schemas written after what AWS publishes of them.

ApplicationNetworkPolicy: the definition that EKS installs,
https://github.com/aws/amazon-network-policy-controller-k8s/blob/main/pkg/crd/crds.yaml, and its page,
https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html. A schema here is stricter than AWS' in one way: it
refuses fields that it does not know, as `kubectl --validate=strict` does.
"""

from typing import Any

Schema = dict[str, Any]


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_SELECTOR = _object(
    matchLabels=_TEXTS,
    matchExpressions=_list(_object(("key", "operator"), key=_TEXT, operator=_TEXT, values=_list(_TEXT))),
)
_PORTS = _list(
    _object(protocol=_TEXT, port={"oneOf": [{"type": "integer"}, {"type": "string"}]}, endPort={"type": "integer"})
)
_ADDRESSES = _object(("cidr",), cidr=_TEXT, **{"except": _list(_TEXT)})
_DOMAIN: Schema = {
    "type": "string",
    "pattern": r"^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$",
}
_INSIDE = {"ipBlock": _ADDRESSES, "namespaceSelector": _SELECTOR, "podSelector": _SELECTOR}

APPLICATION_NETWORK_POLICY = _object(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion={"type": "string", "enum": ["networking.k8s.aws/v1alpha1"]},
    kind={"type": "string", "enum": ["ApplicationNetworkPolicy"]},
    metadata={"$ref": f"#/$defs/{_METADATA}"},
    spec=_object(
        ("podSelector",),
        podSelector=_SELECTOR,
        policyTypes=_list({"type": "string", "enum": ["Ingress", "Egress"]}),
        ingress=_list(_object(ports=_PORTS, **{"from": _list(_object(**_INSIDE))})),
        egress=_list(_object(ports=_PORTS, to=_list(_object(**_INSIDE, domainNames=_list(_DOMAIN, least=1))))),
    ),
)

SCHEMAS: dict[tuple[str, str], Schema] = {
    ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy"): APPLICATION_NETWORK_POLICY,
}
"""By `apiVersion` and `kind`."""
