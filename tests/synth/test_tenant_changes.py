"""What one tenant's file says changes that tenant's stack, and nothing that belongs to another (R19)."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.synth.apps import Change, change, copy_of_the_settings, templates
from tests.templates import Json

LIMIT = "AWS::BedrockAgentCore::GatewayRateLimit"
OWN = "foundation-dev-tenant-globex"


def settings(folder: Path) -> Path:
    """Settings in which every platform group has an agent of acme-corp, and globex has the environment's limits.

    So globex can do without any group, and come and go without an entry in the gateway's rate limits.
    """
    root = copy_of_the_settings(folder)
    groups = sorted(yaml.safe_load((root / "config" / "policies" / "groups.yaml").read_text())["groups"])
    change(root, "acme-corp", lambda tenant: tenant["agents"]["finance-agent"].update(groups=groups))
    change(root, "globex", without_limits)
    return root


def without_limits(tenant: dict[str, Any]) -> None:
    for limited in (tenant, *tenant["agents"].values()):
        limited.pop("limits", None)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    folder = tmp_path_factory.mktemp("unchanged")
    return templates(settings(folder / "root"), folder / "out")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return settings(tmp_path / "root")


def differing(one: dict[str, Json], other: dict[str, Json]) -> set[str]:
    """The stacks that are not the same in both, those that only one has included."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


@pytest.fixture(scope="module")
def with_a_workload(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Json]]:
    """Settings in which globex alone has a workload, and what gamma, which has a cluster, is with them."""
    folder = tmp_path_factory.mktemp("workload")
    root = settings(folder / "root")
    change(root, "acme-corp", lambda tenant: tenant["agents"]["reporting-agent"].pop("workload"))
    return root, templates(root, folder / "out", "gamma")


WithAWorkload = tuple[Path, dict[str, Json]]


def in_gamma(*units: str) -> set[str]:
    """The names of stacks of gamma."""
    return {f"foundation-gamma-{unit}" for unit in units}


def test_a_tenant_comes_and_goes_with_its_stacks_alone(with_a_workload: WithAWorkload, tmp_path: Path) -> None:
    """Its part of the cluster among them: namespace, policies, quota and roles."""
    root, without = with_a_workload
    new = yaml.safe_load((root / "config" / "tenants" / "globex.yaml").read_text()) | {"tenant": "initech"}
    more = copy_of_the_settings(tmp_path / "root", of=root)
    (more / "config" / "tenants" / "initech.yaml").write_text(yaml.safe_dump(new))
    there = templates(more, tmp_path / "out", "gamma")
    assert differing(without, there) == in_gamma("tenant-initech", "agent-service-initech", "workloads-initech")
    made = there["foundation-gamma-workloads-initech"]["Resources"].values()
    kinds = [json.loads(one["Properties"]["Manifest"])[0]["kind"] for one in made if "Manifest" in one["Properties"]]
    assert {"Namespace", "NetworkPolicy", "ResourceQuota", "ServiceAccount"} <= set(kinds)
    assert "AWS::IAM::Role" in [one["Type"] for one in made]


def test_the_first_workload_of_any_tenant_changes_that_tenants_stacks_alone(
    with_a_workload: WithAWorkload, tmp_path: Path
) -> None:
    """What the cluster tells other stacks is there before anyone reads it."""
    root, first = with_a_workload
    fewer = copy_of_the_settings(tmp_path / "root", of=root)
    change(fewer, "globex", lambda tenant: tenant["agents"]["delivery-agent"].pop("workload"))
    none = templates(fewer, tmp_path / "none", "gamma")
    assert [name for name in none if "-workloads-" in name] == []
    assert differing(none, first) == in_gamma("tenant-globex", "workloads-globex")


def suspend(tenant: dict[str, Any]) -> None:
    tenant["suspended"] = True


def suspend_an_agent(tenant: dict[str, Any]) -> None:
    tenant["agents"]["support-agent"]["suspended"] = True


def another_agent(tenant: dict[str, Any]) -> None:
    tenant["agents"]["second-agent"] = {"type": "helper", "groups": ["on-call"], "scopes": ["aws-monitoring/read"]}


def one_agent_less(tenant: dict[str, Any]) -> None:
    del tenant["agents"]["delivery-agent"]


def another_tool(tenant: dict[str, Any]) -> None:
    tenant["groups"]["on-call"]["tools"].append("aws-operations/s3_read_operations")


def no_groups_of_its_own(tenant: dict[str, Any]) -> None:
    del tenant["groups"]
    tenant["agents"]["support-agent"]["groups"] = ["service-desk"]


def another_budget(tenant: dict[str, Any]) -> None:
    tenant["budget_usd"] = 5000


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Change], dict[str, Json]]:
    """Gives the templates after a change of globex."""

    @cache
    def after(what: Change) -> dict[str, Json]:
        folder = tmp_path_factory.mktemp("changed")
        root = settings(folder / "root")
        change(root, "globex", what)
        return templates(root, folder / "out")

    return after


Changed = Callable[[Change], dict[str, Json]]


@pytest.mark.parametrize(
    "what",
    [suspend, suspend_an_agent, another_agent, one_agent_less, another_tool, no_groups_of_its_own, another_budget],
)
def test_what_a_tenant_changes_is_in_its_stack(unchanged: dict[str, Json], changed: Changed, what: Change) -> None:
    assert differing(unchanged, changed(what)) == {OWN}


def test_the_first_policies_of_any_tenant_change_no_other_stack(root: Path, tmp_path: Path) -> None:
    """The gateway's outputs are the same whether or not a tenant's policies name it."""
    file = root / "config" / "tenants" / "globex.yaml"
    with_groups = file.read_text(encoding="utf-8")
    change(root, "globex", no_groups_of_its_own)
    change(root, "acme-corp", lambda tenant: tenant.pop("groups"))
    change(root, "acme-corp", lambda tenant: tenant["agents"].pop("reporting-agent"))
    none = templates(root, tmp_path / "none")
    types = {r["Type"] for name, stack in none.items() if "-tenant-" in name for r in stack["Resources"].values()}
    assert "AWS::BedrockAgentCore::Policy" not in types
    file.write_text(with_groups, encoding="utf-8")
    assert differing(none, templates(root, tmp_path / "some")) == {OWN}


def test_a_limit_changes_the_entries_of_its_tenant_alone(
    unchanged: dict[str, Json], root: Path, tmp_path: Path
) -> None:
    def limited(tenant: dict[str, Any]) -> None:
        tenant["limits"] = {"requests_per_minute": 7}
        tenant["agents"]["support-agent"]["limits"] = {"requests_per_minute": 3}

    change(root, "globex", limited)
    now = templates(root, tmp_path / "out")
    gateway = "foundation-dev-gateway"
    assert differing(unchanged, now) == {gateway}
    before, after = (each[gateway]["Resources"] for each in (unchanged, now))
    changed = {logical_id for logical_id in before | after if before.get(logical_id) != after.get(logical_id)}
    assert {after[logical_id]["Type"] for logical_id in changed} == {LIMIT}
    new = [
        entry["Dimensions"]
        for logical_id in sorted(changed)
        for entry in after[logical_id]["Properties"]["Entries"]
        if entry not in before[logical_id]["Properties"]["Entries"]
    ]
    assert sorted(value for dimensions in new for value in dimensions.values()) == ["globex", "globex/support-agent"]


@pytest.mark.parametrize(("what", "subjects"), [(suspend, {"globex"}), (suspend_an_agent, {"globex/support-agent"})])
def test_who_is_suspended_is_said_twice(changed: Changed, what: Change, subjects: set[str]) -> None:
    """The directory refuses new tokens, and the parameter the tokens that are out."""
    parameters = [
        resource["Properties"]
        for resource in changed(what)[OWN]["Resources"].values()
        if resource["Type"] == "AWS::SSM::Parameter"
    ]
    said = {each["Name"]: yaml.safe_load(each["Value"]) for each in parameters if isinstance(each["Name"], str)}
    assert said == {
        f"/foundation/dev/suspended/by-setting/{subject}": {
            "subject": subject,
            "reason": "suspended by its settings",
            "by": "settings",
            "at": None,
        }
        for subject in subjects
    }
    entries = [yaml.safe_load(each["Value"]) for each in parameters if not isinstance(each["Name"], str)]
    suspended = {entry["agent_id"] for entry in entries if entry["suspended"]}
    assert suspended == ({entry["agent_id"] for entry in entries} if what is suspend else subjects)
