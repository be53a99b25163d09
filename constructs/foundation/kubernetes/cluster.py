"""What the cluster needs once, before any tenant's manifests."""

from __future__ import annotations

from foundation.kubernetes.labels import PART_OF
from foundation.kubernetes.plans import Manifest
from foundation.kubernetes.workload import PRIORITY_CLASS

CLUSTER_FOLDER = "cluster"
"""Folder of these manifests among those of tenants."""


def cluster_manifests() -> list[Manifest]:
    """Objects that belong to no tenant, in the order of `kubectl apply`."""
    return [_network_policy_controller(), _priority_class()]


def _network_policy_controller() -> Manifest:
    """Turns on what enforces network policies on nodes of Auto Mode; without it they are accepted and do nothing.

    https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html, step 1. The VPC CNI add-on writes the same key
    into the same ConfigMap for the managed nodes when its `enableNetworkPolicy` is on.
    """
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system", "labels": dict(PART_OF)},
        "data": {"enable-network-policy-controller": "true"},
    }


def _priority_class() -> Manifest:
    """Agents before what nobody waits for, and behind the cluster's own components."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": PRIORITY_CLASS, "labels": dict(PART_OF)},
        "value": 100_000,
        "globalDefault": False,
        "preemptionPolicy": "PreemptLowerPriority",
        "description": "Agents of tenants",
    }
