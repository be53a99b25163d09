"""EKS: the Kubernetes objects that CDK's kubectl provider applies are recorded, or refused as kubectl refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.eks_stacks import BASE, NAME, refused, resource
from tests.local.emulator_stacks import Stack, get_att, ref

pytest_plugins = ["tests.local.eks_fixtures"]

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}


def manifest(*objects: Any, **settings: Any) -> dict[str, Any]:
    """What CDK's KubernetesManifest is in a template."""
    properties = {
        "ServiceToken": get_att("Provider", "Arn"),
        "ClusterName": ref("Cluster"),
        "Manifest": json.dumps(objects),
        "PruneLabel": "aws.cdk.eks/prune-1",
        **settings,
    }
    return {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": properties}


def config_map(name: str, namespace: str = "team") -> dict[str, Any]:
    """A namespaced object."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def recorded(emulator: Emulator) -> list[str]:
    """The objects that the cluster is said to have, as `kind/name`."""
    objects = json.loads((emulator.state / "kubernetes" / f"{NAME}.json").read_text(encoding="utf-8"))
    return [f"{one['kind']}/{one['metadata']['name']}" for one in objects]


def test_manifests_are_recorded_changed_pruned_and_removed(emulator: Emulator, plane: Stack) -> None:
    first = {"Objects": manifest(NAMESPACE, config_map("one"), config_map("two"))}
    plane.update({**BASE, **first})
    assert recorded(emulator) == ["Namespace/team", "ConfigMap/one", "ConfigMap/two"]
    plane.update({**BASE, "Objects": manifest(NAMESPACE, config_map("two"), config_map("three"))})
    assert recorded(emulator) == ["Namespace/team", "ConfigMap/two", "ConfigMap/three"]
    plane.update(BASE)
    assert recorded(emulator) == []


def test_an_add_on_brings_its_namespace(plane: Stack) -> None:
    add_on = resource("Addon", ClusterName=ref("Cluster"), AddonName="amazon-cloudwatch-observability")
    objects = manifest(config_map("one", "amazon-cloudwatch"))
    assert "namespaces 'amazon-cloudwatch' not found" in refused(plane, Objects=objects)
    plane.update({**BASE, "AddOn": add_on, "Objects": {**objects, "DependsOn": "AddOn"}})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (manifest(config_map("one", "elsewhere")), "namespaces 'elsewhere' not found"),
        (manifest({"kind": "Pod", "metadata": {"name": "x"}}), "has no apiVersion"),
        (manifest({"apiVersion": "v1", "kind": "Pod"}), "has no metadata.name"),
        (manifest(Manifest="- kind: Pod"), "no JSON"),
        (manifest(NAMESPACE, ClusterName="nowhere"), "No cluster found for name: nowhere"),
        (manifest(NAMESPACE, ServiceToken="arn:aws:lambda:us-east-1:123456789012:function:none"), "Function not found"),
        ({**manifest(), "Type": "Custom::AWSCDK-EKS-HelmChart"}, "no Kubernetes API server"),
    ],
)
def test_a_manifest_that_could_not_be_applied(plane: Stack, wrong: dict[str, Any], reason: str) -> None:
    assert reason in refused(plane, Objects=wrong)


def test_an_object_is_created_once(plane: Stack) -> None:
    plane.update({**BASE, "Objects": manifest(NAMESPACE)})
    again = {**manifest(NAMESPACE), "DependsOn": "Objects"}
    assert "AlreadyExists: Namespace team" in refused(plane, Objects=manifest(NAMESPACE), Again=again)
