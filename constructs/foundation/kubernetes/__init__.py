"""What tenants have in the cluster, as Kubernetes manifests (R17, R19): plans in, plain data out, without CDK."""

from foundation.kubernetes.hardening import HardeningError, check_hardening, weaknesses
from foundation.kubernetes.images import ImageError, check_image
from foundation.kubernetes.plans import (
    Manifest,
    NetworkAccess,
    PlanError,
    TenantPlan,
    WorkloadPlan,
    namespace_name,
    service_account_name,
)
from foundation.kubernetes.quantities import QuantityError
from foundation.kubernetes.rendering import write_manifests
from foundation.kubernetes.tenant import tenant_manifests

__all__ = [
    "HardeningError",
    "ImageError",
    "Manifest",
    "NetworkAccess",
    "PlanError",
    "QuantityError",
    "TenantPlan",
    "WorkloadPlan",
    "check_hardening",
    "check_image",
    "namespace_name",
    "service_account_name",
    "tenant_manifests",
    "weaknesses",
    "write_manifests",
]
