"""Labels and metadata that all of a tenant's objects share."""

from __future__ import annotations

from foundation.kubernetes.plans import AGENT_LABEL, AGENT_PODS, TENANT_LABEL, Manifest, TenantPlan, WorkloadPlan

PART_OF = {"app.kubernetes.io/part-of": "foundation", "app.kubernetes.io/managed-by": "foundation"}


def tenant_labels(plan: TenantPlan) -> dict[str, str]:
    """Labels of everything that a tenant has."""
    return {**PART_OF, TENANT_LABEL: plan.tenant}


def pod_labels(plan: TenantPlan, workload: WorkloadPlan) -> dict[str, str]:
    """Labels of an agent's pods."""
    return {**tenant_labels(plan), **selector(workload), **AGENT_PODS, AGENT_LABEL: workload.agent}


def selector(workload: WorkloadPlan) -> dict[str, str]:
    """What tells an agent's pods from others of its tenant; a Deployment's selector can never change."""
    return {"app.kubernetes.io/name": workload.agent}


def namespaced(plan: TenantPlan, name: str) -> Manifest:
    """Metadata of an object in the tenant's namespace."""
    return {"name": name, "namespace": plan.namespace, "labels": tenant_labels(plan)}
