"""The manifests that prod and gamma really have: valid, taken by kubectl, and closed where they have to be."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from foundation.kubernetes import tenant_manifests, weaknesses
from foundation.kubernetes.workload import AGENT_NODES, AGENT_TAINT, PRIORITY_CLASS
from stacks.settings import load_settings
from stacks.settings.agreement import cluster_notices
from stacks.workloads_stack import network_access
from tests.assemblies import assembly
from tests.kubernetes.kubectl import DRY_RUN, Kubectl, kubectl_with_api
from tests.kubernetes.network_policy import Network, Peer, Port, agent_pod
from tests.kubernetes.plans import NETWORK, of_kind, only, tenant_plan
from tests.kubernetes.schemas import validate
from tests.templates import TENANTS, WITH_CLUSTER, Json, template

KUBECTL = "Custom::AWSCDK-EKS-KubernetesResource"


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    with kubectl_with_api(tmp_path_factory.mktemp("kubectl")) as found:
        yield found


def folder(environment: str) -> Path:
    """Where the environment's manifests are."""
    return assembly(environment) / "manifests"


def manifests(environment: str, tenant: str) -> list[Json]:
    """A tenant's objects as the files have them."""
    files = sorted((folder(environment) / tenant).iterdir())
    return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]


def cluster_objects(environment: str) -> list[Json]:
    """What the cluster's stack applies itself, with a word in the place of what only a deployment knows."""
    found = []
    for properties in template(environment, "cluster").properties(KUBECTL):
        text = properties["Manifest"]
        if not isinstance(text, str):
            text = "".join(part if isinstance(part, str) else "known-later" for part in text["Fn::Join"][1])
        found += json.loads(text)
    return found


@pytest.mark.parametrize("environment", WITH_CLUSTER)
@pytest.mark.parametrize("tenant", TENANTS)
def test_objects_are_valid_and_hardened(environment: str, tenant: str) -> None:
    objects = manifests(environment, tenant)
    for one in objects:
        validate(one)
    assert weaknesses(objects) == []


@pytest.mark.parametrize("environment", WITH_CLUSTER)
def test_kubectl_takes_all_of_them(kubectl: Kubectl, environment: str) -> None:
    run = kubectl.run(*DRY_RUN, "--kustomize", str(folder(environment)))
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.split()) == sum(len(manifests(environment, tenant)) for tenant in TENANTS)


def test_environment_without_a_cluster_has_none() -> None:
    assert not folder("dev").exists()


@pytest.mark.parametrize("environment", WITH_CLUSTER)
def test_objects_of_the_cluster_are_valid(environment: str) -> None:
    objects = cluster_objects(environment)
    for one in objects:
        validate(one)
    assert {"NodeClass", "NodePool", "PriorityClass"} <= {one["kind"] for one in objects}


@pytest.mark.parametrize("environment", WITH_CLUSTER)
def test_pods_ask_for_the_nodes_and_the_priority_that_the_cluster_has(environment: str) -> None:
    objects = cluster_objects(environment)
    nodes = only(objects, "NodePool")["spec"]["template"]
    [taint] = nodes["spec"]["taints"]
    assert only(objects, "PriorityClass")["metadata"]["name"] == PRIORITY_CLASS
    assert nodes["metadata"]["labels"].items() <= AGENT_NODES.items()
    assert taint.items() <= AGENT_TAINT.items()
    assert only(objects, "NodeClass")["spec"]["networkPolicy"] == "DefaultDeny"


ACCOUNT = "123456789012"
STRANGER = "stranger.auth.us-east-1.amazoncognito.com"
HTTPS, AGENT, DNS = Port(443), Port(8080), Port(53, "UDP")
AWS = "us-east-1.amazonaws.com"


@pytest.mark.parametrize("environment", WITH_CLUSTER)
@pytest.mark.parametrize("tenant", TENANTS)
def test_agent_reaches_what_it_needs_and_nothing_else(environment: str, tenant: str) -> None:
    """The most telling lines of tests/kubernetes/test_network_pairs.py, with the addresses of the environment."""
    ours = manifests(environment, tenant)
    everybody = [one for name in TENANTS for one in manifests(environment, name)]
    network = Network.of(everybody, gateway={"name": "gateway"}, kube_system={})
    [agent] = [agent_pod(one, "10.0.64.9", node="node-a") for one in of_kind(ours, "Deployment")]
    [other] = [
        agent_pod(one, "10.0.65.9", node="node-b")
        for one in of_kind(everybody, "Deployment")
        if one["metadata"]["namespace"] != agent.namespace
    ]
    endpoint = endpoint_address(environment)
    lines = {
        "gateway": network.allows(agent, Peer(endpoint, host=f"g-1.gateway.bedrock-agentcore.{AWS}"), HTTPS),
        "secrets": network.allows(agent, Peer(endpoint, host=f"secretsmanager.{AWS}"), HTTPS),
        "endpoints": network.allows(agent, Peer(endpoint), HTTPS),
        "token": network.allows(agent, Peer("203.0.113.9", host=token_host(environment)), HTTPS),
        "a stranger's token endpoint": network.allows(agent, Peer("203.0.113.9", host=STRANGER), HTTPS),
        "dns": network.allows(agent, Peer("172.20.0.10"), DNS),
        "from gateway": network.allows(Peer("10.0.66.1", "gateway"), agent, AGENT),
        "other tenant": network.allows(agent, other, AGENT),
        "from other tenant": network.allows(other, agent, AGENT),
        "internet": network.allows(agent, Peer("203.0.113.9", host="example.com"), HTTPS),
        "internet by address": network.allows(agent, Peer("203.0.113.9"), HTTPS),
        "metadata": network.allows(agent, Peer("169.254.169.254"), Port(80)),
        "Kubernetes API": network.allows(agent, Peer("172.20.0.1"), HTTPS),
        "from gateway, another port": network.allows(Peer("10.0.66.1", "gateway"), agent, Port(9090)),
        "from kube-system": network.allows(Peer("10.0.66.2", "kube-system"), agent, AGENT),
    }
    reached = {line for line, allowed in lines.items() if allowed}
    beyond = set() if load_settings(environment).environment.account else {"a stranger's token endpoint"}
    assert reached == {"gateway", "secrets", "endpoints", "token", "dns", "from gateway"} | beyond


@pytest.mark.parametrize("environment", WITH_CLUSTER)
@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_no_stranger_gets_tokens_asked_of_agents_once_the_account_is_written(
    environment: str, account: str | None
) -> None:
    """Without it the rule is for the region's Cognito domain, where anybody may have a pool, and a notice says so."""
    loaded = load_settings(environment)
    settings = replace(loaded, environment=loaded.environment.model_copy(update={"account": account}))
    assert settings.environment.cluster is not None
    access = network_access(settings, settings.environment.cluster, endpoint_cidrs=NETWORK.endpoint_cidrs)
    network = Network.of(tenant_manifests(tenant_plan(network=access)), gateway={"name": "gateway"}, kube_system={})
    [deployment] = of_kind(tenant_manifests(tenant_plan(network=access)), "Deployment")
    agent = agent_pod(deployment, "10.0.64.9", node="node-a")
    reached = [
        host
        for host in (token_host(environment), STRANGER)
        if network.allows(agent, Peer("203.0.113.9", host=host), HTTPS)
    ]
    notices = cluster_notices(environment, settings.environment)
    if account:
        assert reached == [token_host(environment)]
        assert notices == []
    else:
        assert reached == [token_host(environment), STRANGER]
        [notice] = notices
        assert notice.startswith(f"config/{environment}.yaml: account: is left out")


def test_nothing_is_noted_where_there_is_no_cluster() -> None:
    assert cluster_notices("dev", load_settings("dev").environment) == []


def token_host(environment: str) -> str:
    """The environment's own token endpoint, were it in `ACCOUNT`."""
    return f"foundation-{environment}-{ACCOUNT}.auth.us-east-1.amazoncognito.com"


def endpoint_address(environment: str) -> str:
    """An address in a subnet that holds interface endpoints, by what the network's template says of it."""
    network = template(environment, "network")
    [subnet, *_] = {
        reference["Ref"]
        for endpoint in network.properties("AWS::EC2::VPCEndpoint")
        if endpoint["VpcEndpointType"] == "Interface"
        for reference in endpoint["SubnetIds"]
    }
    cidr: str = network.resources[subnet]["Properties"]["CidrBlock"]
    return str(IPv4Network(cidr)[20])
