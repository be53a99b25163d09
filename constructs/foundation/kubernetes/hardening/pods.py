"""Rules for pods and their containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from foundation.kubernetes.images import ImageError, check_image
from foundation.kubernetes.plans import Manifest

POD_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Where each kind keeps the pods that it makes."""
_HARMLESS_VOLUMES = frozenset({"configMap", "downwardAPI", "emptyDir", "projected"})


def of_pods(manifest: Manifest) -> Iterator[str]:
    """What the pods that `manifest` makes lack."""
    if manifest["kind"] not in POD_TEMPLATES:
        return
    template = manifest
    for key in POD_TEMPLATES[manifest["kind"]]:
        template = template[key]
    pod = template["spec"]
    for rule in (_host, _volumes, _token, _priority):
        yield from rule(pod)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod.get(kind, []):
            for check in _CONTAINER_RULES:
                yield from (f"container {container['name']} {sentence}" for sentence in check(container, pod))


def _host(pod: Manifest) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"shares the node's own namespaces: leave {key} out"
    if pod.get("securityContext", {}).get("sysctls"):
        yield "changes settings of the kernel: leave securityContext.sysctls out"


def _volumes(pod: Manifest) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        for kind in sorted(set(volume) - {"name"} - _HARMLESS_VOLUMES):
            yield f"mounts a volume of the kind {kind}: use one of {', '.join(sorted(_HARMLESS_VOLUMES))}"
        for kind in sorted({kind for source in volume.get("projected", {}).get("sources", []) for kind in source}):
            if kind not in _HARMLESS_VOLUMES:
                yield f"mounts a {kind} in the volume {volume['name']}: leave that source out"
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"has a volume {volume['name']} without end: set emptyDir.sizeLimit"


def _token(pod: Manifest) -> Iterator[str]:
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets a token for the Kubernetes API: set automountServiceAccountToken: false"
    if pod.get("serviceAccountName", "default") == "default":
        yield "runs as the namespace's default service account: name one of its own in serviceAccountName"


def _priority(pod: Manifest) -> Iterator[str]:
    name = pod.get("priorityClassName", "")
    if name.startswith("system-"):
        yield f"comes before the cluster's own components ({name}): name another priorityClassName"


def _privileges(container: Manifest, _: Manifest) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("privileged"):
        yield "is privileged: leave securityContext.privileged out"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges: set securityContext.allowPrivilegeEscalation: false"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or capabilities.get("add"):
        yield "has capabilities: set securityContext.capabilities to drop: [ALL], and add none"
    if context.get("procMount", "Default") != "Default":
        yield "sees more of /proc than its own: leave securityContext.procMount out"


def _user(container: Manifest, pod: Manifest) -> Iterator[str]:
    both = _context(container, pod)
    if both.get("runAsNonRoot") is not True:
        yield "may run as root: set securityContext.runAsNonRoot: true"
    if not both.get("runAsUser"):
        yield "runs as a user that only its image knows: set securityContext.runAsUser to a number above 0"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "may make any call to the kernel: set securityContext.seccompProfile.type: RuntimeDefault"


def _context(container: Manifest, pod: Manifest) -> Mapping[str, Any]:
    """What holds for a container: its own settings, and its pod's where it has none."""
    return {**pod.get("securityContext", {}), **container.get("securityContext", {})}


def _files(container: Manifest, _: Manifest) -> Iterator[str]:
    if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
        yield "may change its own files: set securityContext.readOnlyRootFilesystem: true, with an emptyDir for /tmp"


def _resources(container: Manifest, _: Manifest) -> Iterator[str]:
    resources = container.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for resource in ("cpu", "memory", "ephemeral-storage"):
        if resource not in limits:
            yield f"has no limit of {resource}: set resources.limits.{resource}"
        elif requests.get(resource) != limits[resource]:
            yield f"requests another amount of {resource} than its limit: set both to the same"


def _image(container: Manifest, _: Manifest) -> Iterator[str]:
    try:
        check_image(container["image"])
    except ImageError as error:
        yield f"has the image {container['image']!r}, which {error}"


def _ports(container: Manifest, _: Manifest) -> Iterator[str]:
    for port in container.get("ports", []):
        if port.get("hostPort"):
            yield f"takes port {port['hostPort']} of the node: leave hostPort out"


def _environment(container: Manifest, _: Manifest) -> Iterator[str]:
    """An agent reads its secret itself, with its own role: a Kubernetes Secret would lie in the cluster besides."""
    for variable in container.get("env", []):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            yield f"gets {variable['name']} from a Secret of Kubernetes: let it read Secrets Manager"
    if any("secretRef" in source for source in container.get("envFrom", [])):
        yield "gets variables from a Secret of Kubernetes: let it read Secrets Manager"


def _probes(container: Manifest, pod: Manifest) -> Iterator[str]:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if "host" in container.get(probe, {}).get("httpGet", {}):
            yield f"lets kubelet call another host in {probe}: leave httpGet.host out"
        if probe != "startupProbe" and probe not in container and container in pod.get("containers", []):
            yield f"has no {probe}: add one, so that no question goes to a pod that cannot answer"


_CONTAINER_RULES: tuple[Callable[[Manifest, Manifest], Iterator[str]], ...] = (
    _privileges, _user, _files, _resources, _image, _ports, _environment, _probes,
)  # fmt: skip
