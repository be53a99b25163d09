"""An agent's workload: how its pods run, how many, and how they are reached."""

from __future__ import annotations

from foundation.kubernetes.labels import namespaced, pod_labels, selector
from foundation.kubernetes.network import AGENT_PORT, OTLP_PORT
from foundation.kubernetes.node_labels import AGENTS, WORKLOAD_TYPE
from foundation.kubernetes.plans import SURGE, Manifest, TenantPlan, WorkloadPlan, service_account_name
from foundation.kubernetes.quantities import memory

PRIORITY_CLASS = "foundation-agents"
"""Priority of agents, which the cluster's stack makes: above whatever says none, below the cluster's own."""
AGENT_NODES = {"eks.amazonaws.com/compute-type": "auto", WORKLOAD_TYPE: AGENTS}
AGENT_TAINT = {"key": WORKLOAD_TYPE, "operator": "Equal", "value": AGENTS, "effect": "NoSchedule"}
"""The node pool of Auto Mode that the cluster's stack makes for agents, and other pods keep away from.

EKS enforces rules with host names on nodes of Auto Mode alone, and on this pool's a pod reaches nothing before its
policies are in place."""
CONTAINER = "agent"

EPHEMERAL_STORAGE = "256Mi"
EPHEMERAL_STORAGE_BYTES = memory(EPHEMERAL_STORAGE)
"""Disk of one pod: /tmp, and the log that waits to be collected."""
_TEMPORARY_FILES = "128Mi"

_USER = 65532
"""The user of the reference agent's image, without a name or rights on the node."""
_GRACE_SECONDS = 25
_DEREGISTRATION_SECONDS = 5
_TERMINATION_SECONDS = 40
"""A question under way may end within the first; for the second before, new ones are still on their way to the pod."""
_BUSY_PERCENT = 70
"""Share of its CPU at which an agent gets another pod: below it, two zones can take the work of a third."""


def workload_manifests(plan: TenantPlan, workload: WorkloadPlan) -> list[Manifest]:
    """All that one agent has in its tenant's namespace, in the order of `kubectl apply`."""
    return [
        _service_account(plan, workload),
        _service(plan, workload),
        _deployment(plan, workload),
        _disruption_budget(plan, workload),
        _autoscaler(plan, workload),
    ]


def _service_account(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    """What a Pod Identity association gives the agent's role to.

    No token for the Kubernetes API is mounted, since agents have nothing to ask there. The one for Pod Identity is a
    volume of its own that EKS adds to the pod
    (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html).
    """
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": namespaced(plan, service_account_name(workload.agent)),
        "automountServiceAccountToken": False,
    }


def _service(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": namespaced(plan, workload.agent),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(workload),
            "ports": [
                {"name": "http", "protocol": "TCP", "port": AGENT_PORT, "targetPort": "http", "appProtocol": "http"}
            ],
        },
    }


def _deployment(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    """The pods.

    It has no `replicas`: the autoscaler decides, and applying the manifest again must not undo that
    (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling).
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": namespaced(plan, workload.agent),
        "spec": {
            "selector": {"matchLabels": selector(workload)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": f"{SURGE:.0%}", "maxUnavailable": 0},
            },
            "minReadySeconds": 10,
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 5,
            "template": {"metadata": {"labels": pod_labels(plan, workload)}, "spec": _pod(plan, workload)},
        },
    }


def _pod(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    return {
        "serviceAccountName": service_account_name(workload.agent),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": PRIORITY_CLASS,
        "nodeSelector": dict(AGENT_NODES),
        "tolerations": [dict(AGENT_TAINT)],
        "topologySpreadConstraints": [
            _spread(workload, "topology.kubernetes.io/zone"),
            _spread(workload, "kubernetes.io/hostname"),
        ],
        # Names with a dot are asked for as they are, not below the cluster's domains first: the filter on DNS knows
        # no such names, and its answer would end the search.
        "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": _TERMINATION_SECONDS,
        "containers": [_container(plan, workload)],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": _TEMPORARY_FILES}}],
    }


def _spread(workload: WorkloadPlan, topology: str) -> Manifest:
    """Pods of one version evenly over `topology` where there is room, and somewhere otherwise.

    A rule without exception (DoNotSchedule) may hold pods back when a zone fails: Auto Mode counts a zone in which it
    could make nodes as one without pods, and those that were there would wait for exactly that zone. When it makes
    nodes, it takes this preference for a rule as long as it can
    (https://karpenter.sh/docs/concepts/scheduling/#topology-spread). A domain whose nodes are tainted is none.
    """
    return {
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "ScheduleAnyway",
        "nodeTaintsPolicy": "Honor",
        "labelSelector": {"matchLabels": selector(workload)},
        "matchLabelKeys": ["pod-template-hash"],
    }


def _container(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    """The agent. What it requests is its limit as well: its node never has to take back what it uses."""
    size = {"cpu": workload.cpu, "memory": workload.memory, "ephemeral-storage": EPHEMERAL_STORAGE}
    return {
        "name": CONTAINER,
        "image": workload.image,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
            *({"name": name, "value": value} for name, value in sorted(_variables(plan, workload).items())),
        ],
        "ports": [{"name": "http", "protocol": "TCP", "containerPort": AGENT_PORT}],
        "resources": {"requests": dict(size), "limits": dict(size)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": {**_probe("/health"), "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**_probe("/ready"), "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**_probe("/health"), "periodSeconds": 10, "failureThreshold": 3},
        "lifecycle": {"preStop": {"sleep": {"seconds": _DEREGISTRATION_SECONDS}}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the pod's own
    }


def _probe(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 3}


def _variables(plan: TenantPlan, workload: WorkloadPlan) -> dict[str, str]:
    """The agent's settings: names of what it reads, never a secret. `$(HOST_IP)` is the node's, set before them."""
    return {
        "AWS_REGION": plan.network.region,
        # Without it DynamoDB is called at a host of the account's own, which the rules for hosts do not name:
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_EC2_METADATA_DISABLED": "true",
        "FOUNDATION_AGENT": f"{plan.tenant}/{workload.agent}",
        "FOUNDATION_ENVIRONMENT": plan.environment,
        "FOUNDATION_GATEWAY_URL_PARAMETER": plan.gateway_parameter,
        "FOUNDATION_GRACE_SECONDS": str(_GRACE_SECONDS),
        "FOUNDATION_SECRET": workload.secret,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://$(HOST_IP):{OTLP_PORT}",
        **workload.model.variables(),
    }


def _disruption_budget(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    """One pod at a time leaves a node that is drained; one that never got ready does not hold the node."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": namespaced(plan, workload.agent),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(workload)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def _autoscaler(plan: TenantPlan, workload: WorkloadPlan) -> Manifest:
    """How many pods: more within seconds, fewer only after five quiet minutes, since questions come in bursts."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": namespaced(plan, workload.agent),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.agent},
            "minReplicas": workload.min_replicas,
            "maxReplicas": workload.max_replicas,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _BUSY_PERCENT}},
                }
            ],
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 30}],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 300,
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                },
            },
        },
    }
