"""Rules that no manifest of a tenant may break, checked at every synthesis.

They say again, on the finished manifests, what the functions beside this one make: a change there, or a manifest that
somebody adds, is refused with a sentence. The first group is Pod Security's level `restricted`
(https://kubernetes.io/docs/concepts/security/pod-security-standards/), which the cluster enforces too; the others are
the kit's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from foundation.kubernetes.hardening.network import of_network_policy
from foundation.kubernetes.hardening.pods import POD_TEMPLATES, of_pods
from foundation.kubernetes.plans import TENANT_LABEL, Manifest
from foundation.kubernetes.selectors import selects

_KINDS = frozenset(
    {
        *POD_TEMPLATES, "Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ApplicationNetworkPolicy",
        "ServiceAccount", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ConfigMap",
    }
)  # fmt: skip
"""What a tenant may have: nothing that belongs to the cluster, and no Secret, whose content would stand in a file."""
_RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


class HardeningError(ValueError):
    """Manifests break a rule; the message has a sentence for each."""


def check_hardening(manifests: Sequence[Manifest]) -> None:
    """Whether a tenant's manifests keep every rule.

    Raises:
        HardeningError: they break one or more.
    """
    if found := weaknesses(manifests):
        raise HardeningError("\n".join(found))


def weaknesses(manifests: Sequence[Manifest]) -> list[str]:
    """One sentence for each rule that a tenant's manifests break: what, where, and the way out."""
    return [f"{_name(manifest)}: {sentence}" for manifest in manifests for sentence in _of(manifest, manifests)]


def _of(manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[str]:
    yield from _of_kind(manifest, manifests)
    yield from _of_namespace(manifest, manifests)
    yield from _of_service_account(manifest)
    yield from _of_service(manifest)
    yield from of_pods(manifest)
    yield from of_network_policy(manifest)


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return f"{manifest['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


def _of_kind(manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[str]:
    if manifest["kind"] not in _KINDS:
        yield "is of a kind that no tenant has: leave it out, or apply it with what belongs to the cluster"
    namespaces = [other["metadata"]["name"] for other in manifests if other["kind"] == "Namespace"]
    if manifest["kind"] != "Namespace" and manifest["metadata"].get("namespace") not in namespaces:
        own = " or ".join(namespaces) or "one that comes with it"
        yield f"is outside the tenant's namespace: set metadata.namespace to {own}"


def _of_service_account(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] == "ServiceAccount" and manifest.get("automountServiceAccountToken") is not False:
        yield "puts a token for the Kubernetes API into pods: set automountServiceAccountToken: false"


def _of_service(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] != "Service":
        return
    spec = manifest["spec"]
    if spec.get("type", "ClusterIP") != "ClusterIP":
        yield f"opens a way in from outside the cluster ({spec['type']}): set type: ClusterIP"
    if spec.get("externalIPs"):
        yield "takes addresses outside the cluster: leave externalIPs out"


def _of_namespace(manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[str]:
    if manifest["kind"] != "Namespace":
        return
    labels = manifest["metadata"].get("labels", {})
    for label, level in _RESTRICTED.items():
        if labels.get(label) != level:
            yield f"does not hold its pods to Pod Security's strictest level: set the label {label}: {level}"
    if TENANT_LABEL not in labels:
        yield f"says no tenant: set the label {TENANT_LABEL}"
    if "name" in labels:
        yield "has the label name, by which namespaces are let into others: leave it out"
    inside = [other for other in manifests if other["metadata"].get("namespace") == manifest["metadata"]["name"]]
    for kind in ("ResourceQuota", "LimitRange"):
        if not any(other["kind"] == kind for other in inside):
            yield f"has no {kind}: add one, so that its pods cannot take what others need"
    if not any(_denies_all(other) for other in inside):
        yield "has no NetworkPolicy that selects all pods and allows nothing: add one for Ingress and Egress"


def _denies_all(manifest: Manifest) -> bool:
    spec = manifest.get("spec", {})
    return (
        manifest["kind"] == "NetworkPolicy"
        and selects(spec["podSelector"], {})
        and {"Ingress", "Egress"} <= set(spec.get("policyTypes", []))
        and not spec.get("ingress")
        and not spec.get("egress")
    )
