"""Each rule refuses what it is for: the kit's own manifests, broken in one place, with the sentence that is told."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from foundation.kubernetes import HardeningError, Manifest, check_hardening, tenant_manifests, weaknesses
from tests.kubernetes.plans import of_kind, only, tenant_plan, two_tenants

Manifests = list[Manifest]
Break = Callable[[Manifests], Any]

POD = "Deployment tenant-acme-corp/reporting-agent"
AGENT = f"{POD}: container agent"


def pod(manifests: Manifests) -> Manifest:
    spec: Manifest = only(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(manifests: Manifests) -> Manifest:
    first: Manifest = pod(manifests)["containers"][0]
    return first


def context(manifests: Manifests) -> Manifest:
    found: Manifest = container(manifests)["securityContext"]
    return found


def labels(manifests: Manifests) -> Manifest:
    found: Manifest = only(manifests, "Namespace")["metadata"]["labels"]
    return found


def policy(manifests: Manifests, name: str) -> Manifest:
    [found] = [one for one in manifests if one["metadata"]["name"] == name and one["kind"].endswith("NetworkPolicy")]
    spec: Manifest = found["spec"]
    return spec


def without(manifests: Manifests, kind: str) -> None:
    manifests[:] = [one for one in manifests if one["kind"] != kind]


def every_container_as_root(manifests: Manifests) -> None:
    pod(manifests)["securityContext"].pop("runAsNonRoot")
    context(manifests).pop("runAsNonRoot")


ANOTHER = {"apiVersion": "v1", "metadata": {"name": "another", "namespace": "tenant-acme-corp"}}

RULES: list[tuple[str, Break, str]] = [
    ("privileged", lambda m: context(m).update(privileged=True), f"{AGENT} is privileged"),
    ("escalation", lambda m: context(m).pop("allowPrivilegeEscalation"), f"{AGENT} may gain privileges"),
    ("capabilities kept", lambda m: context(m).pop("capabilities"), f"{AGENT} has capabilities"),
    (
        "capability added",
        lambda m: context(m)["capabilities"].update(add=["NET_BIND_SERVICE"]),
        f"{AGENT} has capabilities",
    ),
    ("proc", lambda m: context(m).update(procMount="Unmasked"), f"{AGENT} sees more of /proc"),
    ("root", every_container_as_root, f"{AGENT} may run as root"),
    ("root for one container", lambda m: context(m).update(runAsNonRoot=False), f"{AGENT} may run as root"),
    ("user 0", lambda m: context(m).update(runAsUser=0), f"{AGENT} runs as a user that only its image knows"),
    ("user unknown", lambda m: pod(m)["securityContext"].pop("runAsUser"), f"{AGENT} runs as a user that only"),
    ("seccomp", lambda m: pod(m)["securityContext"].pop("seccompProfile"), f"{AGENT} may make any call to the kernel"),
    (
        "seccomp unconfined",
        lambda m: context(m).update(seccompProfile={"type": "Unconfined"}),
        f"{AGENT} may make any call to the kernel",
    ),
    ("writable root", lambda m: context(m).pop("readOnlyRootFilesystem"), f"{AGENT} may change its own files"),
    ("no limit of CPU", lambda m: container(m)["resources"]["limits"].pop("cpu"), f"{AGENT} has no limit of cpu"),
    (
        "no limit of memory",
        lambda m: container(m)["resources"]["limits"].pop("memory"),
        f"{AGENT} has no limit of memory",
    ),
    (
        "no limit of disk",
        lambda m: container(m)["resources"]["limits"].pop("ephemeral-storage"),
        f"{AGENT} has no limit of ephemeral-storage",
    ),
    (
        "requests below limits",
        lambda m: container(m)["resources"]["requests"].update(memory="256Mi"),
        f"{AGENT} requests another amount of memory than its limit",
    ),
    ("latest", lambda m: container(m).update(image="registry.example.com/agent:latest"), "is another image tomorrow"),
    (
        "no tag",
        lambda m: container(m).update(image="registry.example.com/agent"),
        "says no version, which means latest",
    ),
    ("no registry", lambda m: container(m).update(image="agent:1.0.0"), "is no image in a registry"),
    ("host port", lambda m: container(m)["ports"][0].update(hostPort=8080), f"{AGENT} takes port 8080 of the node"),
    (
        "Kubernetes secret",
        lambda m: container(m)["env"].append({"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}),
        f"{AGENT} gets KEY from a Secret of Kubernetes",
    ),
    (
        "all of a Kubernetes secret",
        lambda m: container(m).update(envFrom=[{"secretRef": {"name": "s"}}]),
        f"{AGENT} gets variables from a Secret of Kubernetes",
    ),
    ("no readiness", lambda m: container(m).pop("readinessProbe"), f"{AGENT} has no readinessProbe"),
    ("no liveness", lambda m: container(m).pop("livenessProbe"), f"{AGENT} has no livenessProbe"),
    (
        "probe of another host",
        lambda m: container(m)["livenessProbe"]["httpGet"].update(host="169.254.169.254"),
        f"{AGENT} lets kubelet call another host in livenessProbe",
    ),
    (
        "init container",
        lambda m: pod(m).update(
            initContainers=[container(m) | {"name": "init", "securityContext": {"privileged": True}}]
        ),
        f"{POD}: container init is privileged",
    ),
    (
        "host network",
        lambda m: pod(m).update(hostNetwork=True),
        f"{POD}: shares the node's own namespaces: leave hostNetwork",
    ),
    (
        "host processes",
        lambda m: pod(m).update(hostPID=True),
        f"{POD}: shares the node's own namespaces: leave hostPID",
    ),
    ("host memory", lambda m: pod(m).update(hostIPC=True), f"{POD}: shares the node's own namespaces: leave hostIPC"),
    (
        "kernel settings",
        lambda m: pod(m)["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
        f"{POD}: changes settings of the kernel",
    ),
    (
        "host path",
        lambda m: pod(m)["volumes"].append({"name": "root", "hostPath": {"path": "/"}}),
        f"{POD}: mounts a volume of the kind hostPath",
    ),
    (
        "volume from a Kubernetes secret",
        lambda m: pod(m)["volumes"].append({"name": "s", "secret": {"secretName": "s"}}),
        f"{POD}: mounts a volume of the kind secret",
    ),
    *[
        (
            f"projected {kind}",
            lambda m, kind=kind: pod(m)["volumes"].append({"name": "p", "projected": {"sources": [{kind: {}}]}}),
            f"{POD}: mounts a {kind} in the volume p",
        )
        for kind in ("secret", "serviceAccountToken")
    ],
    (
        "endless volume",
        lambda m: pod(m)["volumes"][0]["emptyDir"].pop("sizeLimit"),
        f"{POD}: has a volume tmp without end",
    ),
    ("API token", lambda m: pod(m).pop("automountServiceAccountToken"), f"{POD}: gets a token for the Kubernetes API"),
    (
        "default account",
        lambda m: pod(m).pop("serviceAccountName"),
        f"{POD}: runs as the namespace's default service account",
    ),
    (
        "priority of the cluster",
        lambda m: pod(m).update(priorityClassName="system-node-critical"),
        f"{POD}: comes before the cluster's own components",
    ),
    (
        "API token of an account",
        lambda m: only(m, "ServiceAccount").pop("automountServiceAccountToken"),
        "ServiceAccount tenant-acme-corp/reporting-agent: puts a token for the Kubernetes API into pods",
    ),
    (
        "load balancer",
        lambda m: only(m, "Service")["spec"].update(type="LoadBalancer"),
        "Service tenant-acme-corp/reporting-agent: opens a way in from outside the cluster (LoadBalancer)",
    ),
    (
        "external address",
        lambda m: only(m, "Service")["spec"].update(externalIPs=["203.0.113.1"]),
        "Service tenant-acme-corp/reporting-agent: takes addresses outside the cluster",
    ),
    (
        "other namespace",
        lambda m: only(m, "Deployment")["metadata"].update(namespace="kube-system"),
        "kube-system/reporting-agent: is outside the tenant's namespace: set metadata.namespace to tenant-acme-corp",
    ),
    (
        "secret",
        lambda m: m.append({**ANOTHER, "kind": "Secret"}),
        "Secret tenant-acme-corp/another: is of a kind that no tenant has",
    ),
    (
        "role of the cluster",
        lambda m: m.append({**ANOTHER, "kind": "ClusterRoleBinding"}),
        "ClusterRoleBinding tenant-acme-corp/another: is of a kind that no tenant has",
    ),
    *[
        (
            f"pod security {mode}",
            lambda m, mode=mode: labels(m).update({f"pod-security.kubernetes.io/{mode}": "baseline"}),
            "Namespace tenant-acme-corp: does not hold its pods to Pod Security's strictest level",
        )
        for mode in ("enforce", "audit", "warn")
    ],
    ("no tenant", lambda m: labels(m).pop("foundation/tenant"), "Namespace tenant-acme-corp: says no tenant"),
    ("gateway's label", lambda m: labels(m).update(name="gateway"), "Namespace tenant-acme-corp: has the label name"),
    ("no quota", lambda m: without(m, "ResourceQuota"), "Namespace tenant-acme-corp: has no ResourceQuota"),
    ("no limit range", lambda m: without(m, "LimitRange"), "Namespace tenant-acme-corp: has no LimitRange"),
    *[
        (what, change, "Namespace tenant-acme-corp: has no NetworkPolicy that selects all pods and allows nothing")
        for what, change in (
            ("no policies", lambda m: without(m, "NetworkPolicy")),
            ("deny one way", lambda m: policy(m, "default-deny").update(policyTypes=["Ingress"])),
            ("deny some", lambda m: policy(m, "default-deny").update(podSelector={"matchLabels": {"app": "ai-agent"}})),
            ("deny but", lambda m: policy(m, "default-deny").update(egress=policy(m, "dns")["egress"])),
        )
    ],
    (
        "any port",
        lambda m: policy(m, "aws-endpoints")["egress"][0].pop("ports"),
        "aws-endpoints: allows egress on every port",
    ),
    ("any target", lambda m: policy(m, "aws-endpoints")["egress"][0].pop("to"), "allows egress to everywhere"),
    (
        "any source",
        lambda m: policy(m, "agents-from-gateway")["ingress"][0].pop("from"),
        "allows ingress from everywhere",
    ),
    (
        "any namespace",
        lambda m: policy(m, "agents-from-gateway")["ingress"][0]["from"][0].update(namespaceSelector={}),
        "allows ingress for every namespace",
    ),
    (
        "the internet",
        lambda m: policy(m, "aws-endpoints")["egress"][0]["to"][0]["ipBlock"].update(cidr="128.0.0.0/1"),
        "allows egress for 128.0.0.0/1, which is more than one network",
    ),
    (
        "instance metadata",
        lambda m: policy(m, "pod-identity")["egress"][0]["to"][0]["ipBlock"].update(cidr="169.254.0.0/16"),
        "allows egress for 169.254.0.0/16, where nodes get their credentials",
    ),
    (
        "everybody's hosts",
        lambda m: policy(m, "hosts")["egress"][0]["to"][0]["domainNames"].append("*.amazonaws.com"),
        "ApplicationNetworkPolicy tenant-acme-corp/hosts: allows egress to *.amazonaws.com, which is everybody's",
    ),
]


@pytest.mark.parametrize(("change", "says"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_rule_refuses(change: Break, says: str) -> None:
    manifests = deepcopy(tenant_manifests(tenant_plan()))
    change(manifests)
    told = weaknesses(manifests)
    assert any(says in sentence for sentence in told), told
    with pytest.raises(HardeningError):
        check_hardening(manifests)


@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_rules_hold_for_everything_that_makes_pods(kind: str) -> None:
    """A pod with a single fault is refused whatever makes it, and the same pod without it is not."""
    manifests = deepcopy(tenant_manifests(tenant_plan()))
    deployment = only(manifests, "Deployment")
    other = deepcopy(deployment) | {"kind": kind}
    template = other["spec"]["template"]
    if kind == "Pod":
        other["spec"] = template["spec"]
    elif kind == "CronJob":
        other["spec"] = {"jobTemplate": {"spec": {"template": template}}}
    manifests.append(other)
    assert weaknesses(manifests) == []
    template["spec"]["hostNetwork"] = True
    assert weaknesses(manifests) == [
        f"{kind} tenant-acme-corp/reporting-agent: shares the node's own namespaces: leave hostNetwork out"
    ]


def test_the_kits_own_manifests_break_none() -> None:
    for manifests in two_tenants().values():
        assert weaknesses(manifests) == []


def test_manifests_are_checked_where_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change to the kit that weakens a pod is told at synthesis, before a test runs."""
    monkeypatch.setattr("foundation.kubernetes.workload._USER", 0)
    with pytest.raises(HardeningError, match="runs as a user that only its image knows"):
        tenant_manifests(tenant_plan())


def test_every_weakness_is_told_at_once() -> None:
    manifests = deepcopy(tenant_manifests(tenant_plan()))
    context(manifests).update(privileged=True)
    without(manifests, "ResourceQuota")
    with pytest.raises(HardeningError) as refused:
        check_hardening(manifests)
    assert str(refused.value).count("\n") == 1


def test_selected_policies_cover_every_pod() -> None:
    """The policies for agents select the pods of every Deployment, by the label that the pods have."""
    for manifests in two_tenants().values():
        for deployment in of_kind(manifests, "Deployment"):
            pods = deployment["spec"]["template"]["metadata"]["labels"].items()
            for one in of_kind(manifests, "NetworkPolicy") + of_kind(manifests, "ApplicationNetworkPolicy"):
                assert one["spec"]["podSelector"].get("matchLabels", {}).items() <= pods
