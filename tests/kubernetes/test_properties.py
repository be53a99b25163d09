"""For any plan that is taken: the manifests are valid, keep every rule, and their quota holds what may run."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings, strategies as st

from foundation.kubernetes import NetworkAccess, TenantPlan, WorkloadPlan, tenant_manifests, weaknesses
from foundation.kubernetes.quantities import cpu, memory
from foundation.model import ModelAccess
from tests.kubernetes.plans import of_kind, only
from tests.kubernetes.schemas import validate

NAMES = st.from_regex(r"[a-z]([a-z0-9]|-[a-z0-9]){0,14}", fullmatch=True)
CPU = st.one_of(
    st.integers(10, 64_000).map(lambda milli: f"{milli}m"),
    st.decimals("0.01", "64", places=3).map(lambda cores: f"{cores:f}"),
)
MEMORY = st.one_of(
    st.integers(16, 100_000).map(lambda size: f"{size}Mi"),
    st.integers(1, 512).map(lambda size: f"{size}Gi"),
    st.integers(17, 99_999).map(lambda size: f"{size}M"),
)
CIDRS = st.integers(0, 255).map(lambda third: f"10.0.{third}.0/24")


@st.composite
def workloads(draw: st.DrawFn) -> WorkloadPlan:
    agent = draw(NAMES)
    least = draw(st.integers(1, 100))
    guardrail = draw(st.none() | st.from_regex(r"[a-z0-9]{12}", fullmatch=True))
    return WorkloadPlan(
        agent=agent,
        image=f"registry.example.com/{draw(NAMES)}:{draw(st.from_regex(r'[0-9]+[.][0-9]+', fullmatch=True))}",
        min_replicas=least,
        max_replicas=draw(st.integers(least, 100)),
        cpu=draw(CPU),
        memory=draw(MEMORY),
        secret=f"foundation/prod/agents/{agent}",
        model=ModelAccess(
            model="anthropic.claude-sonnet-4-6",
            profile=draw(st.sampled_from(["us", None])),
            guardrail_id=guardrail,
            guardrail_version="1" if guardrail else None,
        ),
    )


PLANS = st.builds(
    TenantPlan,
    tenant=NAMES,
    environment=st.just("prod"),
    kubernetes_version=st.just("1.36"),
    gateway_parameter=st.just("/foundation/prod/gateway/url"),
    network=st.builds(
        NetworkAccess,
        region=st.sampled_from(["us-east-1", "eu-central-1", "ap-southeast-2"]),
        endpoint_cidrs=st.lists(CIDRS, min_size=1, max_size=6, unique=True).map(tuple),
        service_cidr=st.sampled_from(["172.20.0.0/16", "10.100.0.0/24"]),
        token_host=st.sampled_from(["login.example.com", "*.auth.us-east-1.amazoncognito.com"]),
    ),
    workloads=st.lists(workloads(), max_size=4, unique_by=lambda plan: plan.agent).map(tuple),
)


@settings(max_examples=25, deadline=None)
@given(plan=PLANS)
def test_any_plan_gives_valid_and_hardened_manifests(plan: TenantPlan) -> None:
    manifests = tenant_manifests(plan)
    assert weaknesses(manifests) == []
    for manifest in manifests:
        validate(manifest)
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in manifests]
    assert len(names) == len(set(names)), "two objects would be one"


@settings(max_examples=50, deadline=None)
@given(plan=PLANS)
def test_quota_is_never_less_than_what_may_run(plan: TenantPlan) -> None:
    """Read from the manifests alone, as the cluster counts: what each autoscaler may reach, and an update on top."""
    manifests = tenant_manifests(plan)
    hard = only(manifests, "ResourceQuota")["spec"]["hard"]
    [limits] = only(manifests, "LimitRange")["spec"]["limits"]
    most_pods, most_cores, most_memory = 0, Decimal(0), 0
    for autoscaler in of_kind(manifests, "HorizontalPodAutoscaler"):
        [deployment] = [
            one
            for one in of_kind(manifests, "Deployment")
            if one["metadata"]["name"] == autoscaler["spec"]["scaleTargetRef"]["name"]
        ]
        pods = autoscaler["spec"]["maxReplicas"] + _surge(deployment, autoscaler["spec"]["maxReplicas"])
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        uses = container["resources"]["limits"]
        most_pods += pods
        most_cores += pods * cpu(uses["cpu"])
        most_memory += pods * memory(uses["memory"])
        assert cpu(limits["min"]["cpu"]) <= cpu(uses["cpu"]) <= _cores(limits["max"]["cpu"])
        assert memory(limits["min"]["memory"]) <= memory(uses["memory"]) <= _bytes(limits["max"]["memory"])
    assert int(hard["pods"]) >= most_pods
    for side in ("requests", "limits"):
        assert _cores(hard[f"{side}.cpu"]) >= most_cores
        assert _bytes(hard[f"{side}.memory"]) >= most_memory


def _surge(deployment: dict[str, Any], replicas: int) -> int:
    """Kubernetes rounds a share of pods in excess up."""
    percent = int(deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"].removesuffix("%"))
    return -(-replicas * percent // 100)


def _cores(text: str) -> Decimal:
    return Decimal(text.removesuffix("m")) / (1000 if text.endswith("m") else 1)


def _bytes(text: str) -> int:
    number = text.rstrip("KMGTi")
    return int(number) << 10 * ("KMGT".index(text[-2]) + 1 if text.endswith("i") else 0)
