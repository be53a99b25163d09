"""Plans, quantities and images: what is right is understood, and what is wrong is told in one sentence."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from foundation.kubernetes import ImageError, NetworkAccess, PlanError, QuantityError, check_image
from foundation.kubernetes.quantities import cpu, cpu_text, memory, memory_text
from tests.kubernetes.plans import IMAGE, MODEL, NETWORK, tenant_plan, workload


@pytest.mark.parametrize(
    ("text", "cores"),
    [("250m", "0.25"), ("1000m", "1"), ("1", "1"), ("1.5", "1.5"), ("0.1", "0.1"), ("0.125", "0.125")],
)
def test_cpu(text: str, cores: str) -> None:
    assert cpu(text) == Decimal(cores)


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "0.0", "-1", "250 m", "250M", "1.2345", "0.5m", "1e3", "two", "1core", "\u0661"]
)
def test_cpu_that_is_none(text: str) -> None:
    with pytest.raises(QuantityError, match="is no amount of CPU"):
        cpu(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512Mi", 512 * 2**20), ("2Gi", 2**31), ("64Ki", 65536), ("1Ti", 2**40), ("500M", 500_000_000), ("1k", 1000)],
)
def test_memory(text: str, size: int) -> None:
    assert memory(text) == size


@pytest.mark.parametrize(
    "text", ["", "0Mi", "512", "512m", "512mi", "512MB", "512 Mi", "1.5Gi", "-1Gi", "1Pi", "a lot"]
)
def test_memory_that_is_none(text: str) -> None:
    """`512m` is what it looks like: Kubernetes takes it for half a byte."""
    with pytest.raises(QuantityError, match="is no amount of memory"):
        memory(text)


@pytest.mark.parametrize(("cores", "text"), [("0", "0"), ("0.25", "250m"), ("2", "2"), ("2.5", "2500m")])
def test_cpu_is_written_as_kubernetes_does(cores: str, text: str) -> None:
    assert cpu_text(Decimal(cores)) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0"), (2**30, "1Gi"), (3 * 2**29, "1536Mi"), (1024, "1Ki"), (1000, "1000")]
)
def test_memory_is_written_exactly(size: int, text: str) -> None:
    assert memory_text(size) == text


@pytest.mark.parametrize(
    "reference",
    [
        IMAGE,
        "public.ecr.aws/team/agent:2026-11-25",
        "registry.example.com:5000/a/b/c:v1.2.3-rc.1",
        f"registry.example.com/agent@sha256:{'0' * 64}",
        f"registry.example.com/agent:latest@sha256:{'0' * 64}",
        "localhost:5000/agent:1.0",
    ],
)
def test_image(reference: str) -> None:
    check_image(reference)


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("reference-agent:1.0.0", "is no image in a registry"),
        ("team/agent:1.0.0", "is no image in a registry"),
        ("https://registry.example.com/agent:1.0.0", "is no image in a registry"),
        ("registry.example.com/Agent:1.0.0", "is no image in a registry"),
        ("registry.example.com/agent:", "is no image in a registry"),
        ("registry.example.com/agent@sha256:abc", "is no image in a registry"),
        ("registry.example.com/agent", "says no version, which means latest"),
        ("registry.example.com/agent:latest", "is another image tomorrow: write a version instead of latest"),
        ("registry.example.com/agent:main", "is another image tomorrow: write a version instead of main"),
    ],
)
def test_image_that_is_not_precise(reference: str, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        check_image(reference)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"cpu": "250"}, None),
        ({"cpu": "a quarter"}, "cpu of reporting-agent: 'a quarter' is no amount of CPU: write thousandths"),
        ({"cpu": "9m"}, "cpu of reporting-agent: '9m' is too little to start with: write 10m or more"),
        ({"memory": "512m"}, "memory of reporting-agent: '512m' is no amount of memory"),
        ({"memory": "15Mi"}, "memory of reporting-agent: '15Mi' is too little to start with: write 16Mi or more"),
        ({"image": "agent:1"}, "image of reporting-agent: 'agent:1' is no image in a registry"),
        ({"min_replicas": 0}, "replicas of reporting-agent: 0 to 6 cannot be"),
        ({"min_replicas": 7}, "replicas of reporting-agent: 7 to 6 cannot be"),
        ({"max_replicas": 101}, "replicas of reporting-agent: 2 to 101 cannot be"),
        (
            {"model": replace(MODEL, guardrail_id="abc")},
            "guardrail of reporting-agent: name its id and its version, or neither",
        ),
        (
            {"model": replace(MODEL, guardrail_version="1")},
            "guardrail of reporting-agent: name its id and its version, or neither",
        ),
        ({"agent": "Finance_Agent"}, "agent 'Finance_Agent' cannot be a name in Kubernetes"),
        ({"agent": "a" * 60}, "cannot be a name in Kubernetes"),
    ],
)
def test_workload(changes: dict[str, Any], says: str | None) -> None:
    if says is None:
        workload(**changes)
        return
    with pytest.raises(PlanError, match=says) as refused:
        workload(**changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"region": "us"}, "'us' is no AWS region"),
        ({"token_host": "https://a.example.com/oauth2/token"}, "is no host name: leave https:// and paths out"),
        ({"token_host": "localhost"}, "is no host name"),
        ({"endpoint_cidrs": ()}, "there are no addresses of interface endpoints"),
        ({"endpoint_cidrs": ("10.0.0.0/8",)}, "10.0.0.0/8 is wider than the subnets of interface endpoints"),
        ({"endpoint_cidrs": ("10.0.1.5/24",)}, "'10.0.1.5/24' is no range of IPv4 addresses"),
        ({"service_cidr": "fd00::/108"}, "'fd00::/108' is no range of IPv4 addresses"),
        ({"service_cidr": "${Token[TOKEN.12]}"}, "is no range of IPv4 addresses"),
    ],
)
def test_network_access(changes: dict[str, Any], says: str) -> None:
    usual = {
        "region": "us-east-1",
        "endpoint_cidrs": ("10.0.192.0/24",),
        "service_cidr": "172.20.0.0/16",
        "token_host": "a.example.com",
    }
    with pytest.raises(PlanError, match=says.replace("$", r"\$").replace("[", r"\[")):
        NetworkAccess(**(usual | changes))


@pytest.mark.parametrize(
    ("service_cidr", "address"), [("172.20.0.0/16", "172.20.0.10"), ("10.100.0.0/24", "10.100.0.10")]
)
def test_dns_address(service_cidr: str, address: str) -> None:
    access = NetworkAccess(
        region="us-east-1", endpoint_cidrs=NETWORK.endpoint_cidrs, service_cidr=service_cidr, token_host="a.example.com"
    )
    assert access.dns_address == address


def test_tenant() -> None:
    with pytest.raises(PlanError, match="tenant 'Acme' cannot be a name in Kubernetes"):
        tenant_plan("Acme")
    with pytest.raises(PlanError, match=r"'v1\.36' is no version of Kubernetes: write one like 1\.36"):
        tenant_plan("acme-corp", kubernetes_version="v1.36")
    with pytest.raises(PlanError, match="acme-corp has finance-agent twice: plan each agent once"):
        tenant_plan("acme-corp", "finance-agent", "finance-agent")
