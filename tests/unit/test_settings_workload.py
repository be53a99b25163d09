"""What the settings refuse of an agent that runs in the cluster, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.settings import WorkloadSettings, load_settings
from stacks.settings.cluster import NEEDED_ENDPOINTS
from stacks.settings.workload import full_image
from tests.unit.settings_support import Change, Config, at, both, without

PLACE = "agents.finance-agent.workload"
IMAGE = "reference-agent:1.0.0"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """An environment with a cluster and a model, and a tenant whose agent runs there."""
    made = Config(tmp_path)
    network = {"availability_zones": 3, "nat_gateways": 1, "interface_endpoints": [*NEEDED_ENDPOINTS]}
    at("network", network)(made.environment)
    at("models", {"default": {"model": "anthropic.claude-sonnet-4-6", "inference_profile": "us"}})(made.environment)
    at("cluster", {"registry": REGISTRY, "admins": ["admin"], "readers": ["reader"]})(made.environment)
    at(PLACE, {"image": IMAGE})(made.tenant)
    return made


def workload(key: str, value: Any) -> Change:
    """A change of the agent's workload."""
    return at(f"{PLACE}.{key}", value)


MISTAKES = [
    (
        workload("image", "reference-agent"),
        f"{PLACE}.image: 'reference-agent' says no version, which means latest: add a tag, like :1.0.0, or a digest",
    ),
    (
        workload("image", "ghcr.io/team/agent:latest"),
        f"{PLACE}.image: 'ghcr.io/team/agent:latest' is another image tomorrow: write a version instead of latest, "
        "like :1.0.0",
    ),
    (
        workload("replicas", {"min": 3, "max": 2}),
        f"{PLACE}.replicas.max: 2 is less than min, 3: raise max or lower min",
    ),
    (workload("replicas", {"min": 0}), f"{PLACE}.replicas.min: 0 is too small: use 1 or more"),
    (
        workload("cpu", "lots"),
        f"{PLACE}.cpu: 'lots' is no amount of CPU: write thousandths of a core, like 250m, or cores, like 1.5",
    ),
    (workload("cpu", "64"), f"{PLACE}.cpu: '64' is no size of a pod: write 10m to 16"),
    (
        workload("memory", "512m"),
        f"{PLACE}.memory: '512m' is no amount of memory: write a whole number with its unit, like 512Mi or 2Gi",
    ),
    (workload("memory", "1Ti"), f"{PLACE}.memory: '1Ti' is no size of a pod: write 16Mi to 64Gi"),
    (
        workload("model", "defualt"),
        f"{PLACE}.model: 'defualt' is no model: did you mean default? use one of default, or add it to models of "
        "config/dev.yaml",
    ),
    (
        workload("nodes", "compute"),
        f"{PLACE}.nodes: is an unknown key: did you mean model? known here are image, replicas, cpu, memory, model",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES, ids=[sentence.split(":")[0] for _, sentence in MISTAKES])
def test_mistake_in_a_workload(config: Config, change: Change, sentence: str) -> None:
    change(config.tenant)
    assert config.mistakes() == [f"config/tenants/acme-corp.yaml: {sentence}"]


def test_another_identity_provider_has_no_secret_for_the_pods(config: Config) -> None:
    provider = {
        "kind": "oidc",
        "discovery_url": "https://example.okta.com/.well-known/openid-configuration",
        "allowed_audience": ["https://gateway.example.com"],
    }
    at("identity.provider", provider)(config.environment)
    external = both(at("agents.finance-agent.client_id", "0oa1b2c3"), without("agents.finance-agent.scopes"))
    external(config.tenant)
    assert (
        f"config/tenants/acme-corp.yaml: {PLACE}: needs a secret that the kit keeps, and config/dev.yaml has "
        "identity.provider of the kind oidc: use the kit's own pool there, or remove it"
    ) in config.mistakes()


def test_without_a_cluster_nothing_comes_of_a_workload(config: Config) -> None:
    without("cluster")(config.environment)
    without("models")(config.environment)
    assert config.mistakes() == []
    [tenant] = load_settings("dev", root=config.root).tenants
    assert tenant.workloads == {"finance-agent": WorkloadSettings(image=IMAGE)}


def test_a_tenants_part_of_the_cluster_is_a_stack_that_the_account_has_room_for(config: Config) -> None:
    at("quotas.stacks", 11)(config.environment)
    assert [mistake.split(": raise it")[0] for mistake in config.mistakes()] == [
        "config/dev.yaml: quotas.stacks: stacks of tenants and platform in dev are 12, and account and region take 11"
    ]
    without("cluster")(config.environment)
    config.write("dev.yaml", config.environment)
    assert config.mistakes() == []


def test_an_account_that_is_left_out_is_no_mistake_and_is_said(config: Config) -> None:
    """Without it, network policies cannot name the one token endpoint."""

    def said() -> list[str]:
        assert config.mistakes() == []
        notices = load_settings("dev", root=config.root).notices
        return [notice for notice in notices if notice.startswith("config/dev.yaml: account: is left out")]

    assert len(said()) == 1
    config.write("dev.yaml", {**config.environment, "account": "123456789012"})
    assert said() == []


@pytest.mark.parametrize(
    ("image", "full"),
    [
        (IMAGE, f"{REGISTRY}/{IMAGE}"),
        ("team/agent:1", f"{REGISTRY}/team/agent:1"),
        ("ghcr.io/team/agent:1", "ghcr.io/team/agent:1"),
        ("localhost/agent:1", "localhost/agent:1"),
        ("registry:5000/agent:1", "registry:5000/agent:1"),
    ],
)
def test_an_image_is_in_the_environments_registry_unless_it_names_one(image: str, full: str) -> None:
    assert full_image(image, registry=REGISTRY) == full
