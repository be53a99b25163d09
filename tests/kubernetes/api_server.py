"""As much of a Kubernetes API server as kubectl asks before a client-side dry run: which kinds there are, and schemas.

It keeps nothing and answers no request for an object: with `--dry-run=client` kubectl sends none.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.http_server import Handler, listening
from tests.kubernetes.openapi import MEDIA_TYPE, openapi_document

_KINDS: dict[str, dict[str, tuple[str, bool]]] = {
    "v1": {
        "Namespace": ("namespaces", False),
        "ResourceQuota": ("resourcequotas", True),
        "LimitRange": ("limitranges", True),
        "ServiceAccount": ("serviceaccounts", True),
        "Service": ("services", True),
        "ConfigMap": ("configmaps", True),
    },
    "apps/v1": {"Deployment": ("deployments", True)},
    "policy/v1": {"PodDisruptionBudget": ("poddisruptionbudgets", True)},
    "autoscaling/v2": {"HorizontalPodAutoscaler": ("horizontalpodautoscalers", True)},
    "networking.k8s.io/v1": {"NetworkPolicy": ("networkpolicies", True)},
    "scheduling.k8s.io/v1": {"PriorityClass": ("priorityclasses", False)},
    "networking.k8s.aws/v1alpha1": {"ApplicationNetworkPolicy": ("applicationnetworkpolicies", True)},
}
"""By group and version, each kind with its name in paths, and whether it is in a namespace."""


@contextmanager
def api_server(folder: Path) -> Iterator[Path]:
    """Serve on a free port of this machine; gives the kubeconfig, written into `folder`, that leads there."""
    with listening(_Handler) as port:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(f"http://127.0.0.1:{port}")), encoding="utf-8")
        yield kubeconfig


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }


def _answer(path: str) -> dict[str, Any] | None:
    """https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api, the unaggregated form."""
    groups = [api_version.split("/") for api_version in _KINDS if "/" in api_version]
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*group) for group in groups]}
    api_version = path.removeprefix("/apis/") if path.startswith("/apis/") else path.removeprefix("/api/")
    return _resources(api_version) if api_version in _KINDS else None


def _group(name: str, version: str) -> dict[str, Any]:
    known = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [known], "preferredVersion": known}


def _resources(api_version: str) -> dict[str, Any]:
    resources = [
        {
            "name": plural,
            "singularName": kind.lower(),
            "kind": kind,
            "namespaced": namespaced,
            "verbs": ["create", "get"],
        }
        for kind, (plural, namespaced) in _KINDS[api_version].items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}


class _Handler(Handler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/openapi/v2":
            self.send(200, openapi_document(), media_type=MEDIA_TYPE)
        elif (answer := _answer(path)) is not None:
            self.send(200, json.dumps(answer).encode(), media_type="application/json")
        else:
            self.send(404, b"404 page not found\n")
