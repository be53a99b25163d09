"""A tenant's manifests: valid in the cluster's version, in an order that can be applied, and as intended."""

from dataclasses import replace

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from foundation.kubernetes import Manifest, tenant_manifests
from tests.kubernetes.plans import IMAGE, MODEL, of_kind, only, tenant_plan, two_tenants, workload
from tests.kubernetes.schemas import VERSION, ValidationError, validate

MANIFESTS = [manifest for ours in two_tenants().values() for manifest in ours]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_manifest_is_valid(manifest: Manifest) -> None:
    validate(manifest)


@pytest.mark.parametrize(
    "manifest", two_tenants()["globex"], ids=lambda one: f"{one['kind']}-{one['metadata']['name']}"
)
def test_library_says_the_same(manifest: Manifest) -> None:
    """`kubernetes-validate --strict` itself, with its own way to the schemas; EKS' own kind it does not have."""
    if manifest["apiVersion"] == "networking.k8s.aws/v1alpha1":
        with pytest.raises(kubernetes_validate.SchemaNotFoundError):
            kubernetes_validate.validate(manifest, VERSION, strict=True)
    else:
        assert kubernetes_validate.validate(manifest, VERSION, strict=True) == VERSION


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", {"spec": {"replica": 2}}),
        ("NetworkPolicy", {"spec": {"podSelector": {}, "egres": []}}),
        ("ResourceQuota", {"spec": {"hard": {"pods": [1]}}}),
    ],
)
def test_validation_refuses_what_the_api_does_not_know(kind: str, change: Manifest) -> None:
    with pytest.raises(ValidationError):
        validate({**of_kind(MANIFESTS, kind)[0], **change})


@pytest.mark.parametrize(
    "peer",
    [
        {"domainNames": ["https://example.com"]},
        {"domainNames": ["bedrock-runtime.*.amazonaws.com"]},
        {"domainNames": []},
        {"domains": ["example.com"]},
    ],
)
def test_validation_refuses_hosts_that_eks_does_not_take(peer: Manifest) -> None:
    policy = of_kind(MANIFESTS, "ApplicationNetworkPolicy")[0]
    with pytest.raises(ValidationError):
        validate({**policy, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer]}]}})


@pytest.mark.parametrize("version", ["1.35", "1.36"])
def test_namespace_is_restricted_by_the_rules_of_the_clusters_version(version: str) -> None:
    plan = tenant_plan(kubernetes_version=version)
    labels = only(tenant_manifests(plan), "Namespace")["metadata"]["labels"]
    assert labels == {
        "app.kubernetes.io/part-of": "foundation",
        "app.kubernetes.io/managed-by": "foundation",
        "foundation/tenant": "acme-corp",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": f"v{version}",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": f"v{version}",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": f"v{version}",
    }


def test_everything_is_in_the_tenants_namespace_and_says_whose_it_is() -> None:
    for tenant, manifests in two_tenants().items():
        for manifest in manifests:
            metadata = manifest["metadata"]
            assert metadata["labels"]["foundation/tenant"] == tenant
            assert metadata.get("namespace", metadata["name"]) == f"tenant-{tenant}"


def test_policies_are_there_before_pods() -> None:
    kinds = [manifest["kind"] for manifest in tenant_manifests(tenant_plan())]
    assert kinds[0] == "Namespace"
    assert kinds.index("Deployment") > max(
        place for place, kind in enumerate(kinds) if kind.endswith("NetworkPolicy") or kind == "ServiceAccount"
    )


def test_source_rule_for_port_8080() -> None:
    """Source 000 §5.3, with the tenant's namespace in the place of `production`."""
    [rule] = [one for one in of_kind(MANIFESTS, "NetworkPolicy") if one["spec"].get("ingress")][:1]
    assert rule["spec"] == {
        "podSelector": {"matchLabels": {"app": "ai-agent"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": {"name": "gateway"}}}],
                "ports": [{"protocol": "TCP", "port": 8080}],
            }
        ],
    }


def test_quota_holds_all_agents_and_an_update_of_each() -> None:
    plan = tenant_plan(
        workloads=(workload("one"), workload("two", max_replicas=1, min_replicas=1, cpu="1", memory="2Gi"))
    )
    hard = only(tenant_manifests(plan), "ResourceQuota")["spec"]["hard"]
    # one: 6 + 2 starting + 2 ending of 250m and 512Mi; two: 1 + 1 + 1 of 1 core and 2Gi.
    assert hard["pods"] == "13"
    assert hard["requests.cpu"] == hard["limits.cpu"] == "5500m"
    assert hard["requests.memory"] == hard["limits.memory"] == "11Gi"
    assert hard["services"] == "2"
    assert {hard[kind] for kind in ("services.loadbalancers", "services.nodeports", "persistentvolumeclaims")} == {"0"}


def test_limits_of_one_container_are_those_of_the_largest_agent() -> None:
    plan = tenant_plan(workloads=(workload("one"), workload("two", cpu="1", memory="2Gi")))
    [container] = only(tenant_manifests(plan), "LimitRange")["spec"]["limits"]
    assert container["max"] == {"cpu": "1", "memory": "2Gi", "ephemeral-storage": "256Mi"}
    assert container["default"] == container["defaultRequest"]
    assert container["default"] == {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "256Mi"}


def test_tenant_without_workloads_has_a_namespace_where_nothing_runs() -> None:
    manifests = tenant_manifests(tenant_plan(workloads=()))
    assert {one["kind"] for one in manifests} == {
        "Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ApplicationNetworkPolicy",
    }  # fmt: skip
    assert only(manifests, "ResourceQuota")["spec"]["hard"]["pods"] == "0"
    for manifest in manifests:
        validate(manifest)


def test_names_in_a_deployment_fit_together() -> None:
    """What refers to another object by name or label finds it."""
    manifests = tenant_manifests(tenant_plan())
    deployment, service = only(manifests, "Deployment"), only(manifests, "Service")
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        only(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod["spec"]["topologySpreadConstraints"]),
    ):
        assert selector
        assert selector.items() <= labels
    assert pod["spec"]["serviceAccountName"] == only(manifests, "ServiceAccount")["metadata"]["name"]
    assert only(manifests, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"] == {
        "apiVersion": "apps/v1", "kind": "Deployment", "name": deployment["metadata"]["name"],
    }  # fmt: skip
    [container] = pod["spec"]["containers"]
    [port] = container["ports"]
    [served] = service["spec"]["ports"]
    assert served["targetPort"] == port["name"]
    assert {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")} == {
        port["name"]
    }


def test_agent_is_told_where_things_are_and_no_secret() -> None:
    plan = tenant_plan(workloads=(workload(model=replace(MODEL, guardrail_id="abc123def456", guardrail_version="2")),))
    [container] = only(tenant_manifests(plan), "Deployment")["spec"]["template"]["spec"]["containers"]
    first, *others = container["env"]
    assert first == {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    assert {variable["name"]: variable["value"] for variable in others} == {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
        "FOUNDATION_AGENT": "acme-corp/reporting-agent",
        "FOUNDATION_ENVIRONMENT": "prod",
        "FOUNDATION_GATEWAY_URL_PARAMETER": "/foundation/prod/gateway/url",
        "FOUNDATION_GRACE_SECONDS": "25",
        "FOUNDATION_GUARDRAIL_ID": "abc123def456",
        "FOUNDATION_GUARDRAIL_VERSION": "2",
        "FOUNDATION_MODEL_ID": "us.anthropic.claude-sonnet-4-6",
        "FOUNDATION_SECRET": "foundation/prod/agents/acme-corp/reporting-agent",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://$(HOST_IP):4318",
    }
    assert container["image"] == IMAGE


def test_pods_have_time_to_end() -> None:
    """Until no question comes any more, and then as long as the agent gives the one under way."""
    pod = only(tenant_manifests(tenant_plan()), "Deployment")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    deregistration = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= deregistration + int(variables["FOUNDATION_GRACE_SECONDS"]) + 5


def test_pods_spread_over_zones_and_nodes_and_wait_for_neither() -> None:
    """When a zone is lost, its pods start in the others, however uneven that is."""
    manifests = tenant_manifests(tenant_plan())
    pod = only(manifests, "Deployment")["spec"]["template"]["spec"]
    spread = {one["topologyKey"]: one for one in pod["topologySpreadConstraints"]}
    assert spread.keys() == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for one in spread.values():
        assert (one["maxSkew"], one["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
        assert one["nodeTaintsPolicy"] == "Honor"
    assert "affinity" not in pod


def test_autoscaler_decides_how_many() -> None:
    """A manifest with a number of replicas would undo the autoscaler's at every deployment."""
    manifests = tenant_manifests(tenant_plan())
    assert "replicas" not in only(manifests, "Deployment")["spec"]
    spec = only(manifests, "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 6)


def test_a_node_can_be_drained_with_one_replica() -> None:
    spec = only(tenant_manifests(tenant_plan()), "PodDisruptionBudget")["spec"]
    assert spec["maxUnavailable"] == 1
    assert "minAvailable" not in spec


def test_pods_ask_dns_for_whole_names_first() -> None:
    """Every host of the rules has at least as many dots as makes the resolver ask for it as it stands."""
    manifests = tenant_manifests(tenant_plan())
    [option] = only(manifests, "Deployment")["spec"]["template"]["spec"]["dnsConfig"]["options"]
    rules = only(manifests, "ApplicationNetworkPolicy")["spec"]["egress"]
    hosts = [host for rule in rules for peer in rule["to"] for host in peer["domainNames"]]
    assert option["name"] == "ndots"
    assert all(host.count(".") >= int(option["value"]) for host in hosts)
