"""All manifests of one tenant."""

from __future__ import annotations

from foundation.kubernetes.hardening import check_hardening
from foundation.kubernetes.namespace import limit_range, namespace, resource_quota
from foundation.kubernetes.network import network_policies
from foundation.kubernetes.plans import Manifest, TenantPlan
from foundation.kubernetes.workload import workload_manifests


def tenant_manifests(plan: TenantPlan) -> list[Manifest]:
    """What a tenant has in the cluster, in the order of `kubectl apply`.

    The network policies come before any pod, so that none runs without them.

    Raises:
        HardeningError: a manifest weakens the tenant's isolation or its pods.
    """
    manifests = [namespace(plan), resource_quota(plan), limit_range(plan), *network_policies(plan)]
    for workload in plan.workloads:
        manifests += workload_manifests(plan, workload)
    check_hardening(manifests)
    return manifests
