"""A tenant's namespace: how strict it is, and how much may run in it."""

from __future__ import annotations

from decimal import Decimal

from foundation.kubernetes.labels import namespaced, tenant_labels
from foundation.kubernetes.plans import SMALLEST_CPU, SMALLEST_MEMORY, Manifest, TenantPlan
from foundation.kubernetes.quantities import cpu_text, memory_text
from foundation.kubernetes.workload import EPHEMERAL_STORAGE, EPHEMERAL_STORAGE_BYTES

_WITHOUT_WORKLOADS = (Decimal(1), 2**30)
"""Size of a container in a namespace that is made before its workloads: its quota lets none start."""


def namespace(plan: TenantPlan) -> Manifest:
    """The namespace, whose pods have to meet Pod Security's level `restricted`.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/. It has no label `name`: by that of a gateway
    a namespace is let into the others (source 000 §5.3). The level is the one of the cluster's own version: AWS may
    upgrade a cluster, and pods are not refused by newer rules before `cluster.version` says so too.
    """
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    versions = {f"{mode}-version": f"v{plan.kubernetes_version}" for mode in levels}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": plan.namespace, "labels": {**tenant_labels(plan), **levels, **versions}},
    }


def resource_quota(plan: TenantPlan) -> Manifest:
    """What all pods of the namespace may use together: what the tenant's agents need at their largest, and no more.

    Nothing in it is published outside the cluster or keeps data in it, so load balancers, node ports and volumes are
    none.
    """
    pods = sum(workload.most_pods for workload in plan.workloads)
    cores = sum((workload.cores * workload.most_pods for workload in plan.workloads), start=Decimal(0))
    memory = sum(workload.memory_bytes * workload.most_pods for workload in plan.workloads)
    disk = memory_text(EPHEMERAL_STORAGE_BYTES * pods)
    hard = {
        "pods": str(pods),
        "requests.cpu": cpu_text(cores),
        "limits.cpu": cpu_text(cores),
        "requests.memory": memory_text(memory),
        "limits.memory": memory_text(memory),
        "requests.ephemeral-storage": disk,
        "limits.ephemeral-storage": disk,
        "services": str(len(plan.workloads)),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "persistentvolumeclaims": "0",
    }
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": namespaced(plan, "tenant"),
        "spec": {"hard": hard},
    }


def limit_range(plan: TenantPlan) -> Manifest:
    """What one container may use: as much as the tenant's largest agent, and what it requests.

    A pod that says nothing gets the smallest of the tenant's sizes. With limits above requests, pods of one tenant
    could take memory from those of another on the same node.
    """
    sizes = [(workload.cores, workload.memory_bytes) for workload in plan.workloads] or [_WITHOUT_WORKLOADS]
    cores, memory = zip(*sizes, strict=True)
    largest = {"cpu": cpu_text(max(cores)), "memory": memory_text(max(memory))}
    usual = {"cpu": cpu_text(min(cores)), "memory": memory_text(min(memory))}
    disk = {"ephemeral-storage": EPHEMERAL_STORAGE}
    container = {
        "type": "Container",
        "max": {**largest, **disk},
        "min": {"cpu": SMALLEST_CPU, "memory": SMALLEST_MEMORY},
        "default": {**usual, **disk},
        "defaultRequest": {**usual, **disk},
        "maxLimitRequestRatio": {"cpu": "1", "memory": "1"},
    }
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": namespaced(plan, "containers"),
        "spec": {"limits": [container]},
    }
