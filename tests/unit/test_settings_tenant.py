"""What `config/tenants/<tenant>.yaml` refuses, and in which words."""

from pathlib import Path

import pytest

from stacks.settings import load_settings
from tests.unit.settings_support import SLUG, TENANT, Change, Config, at


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


TENANT_MISTAKES = [
    (
        at("agents.Finance_Agent", {"type": "assistant", "scopes": ["aws-operations/read"]}),
        f"agents.Finance_Agent: 'Finance_Agent' is refused: write {SLUG}",
    ),
    (at("organization", "x" * 33), f"organization: '{'x' * 33}' has 33 characters: use 32 at most"),
    (at("tenant", "acme"), "tenant: 'acme' is not the file's name: call the file acme.yaml"),
    (at("environments", ["dve"]), "environments: 'dve' does not exist: use dev"),
    (at("agents", {}), "agents: has 0 entries: write 1 or more"),
    (
        at("agents.finance-agent.scopes", ["aws-operations/delete"]),
        "agents.finance-agent.scopes.0: 'aws-operations/delete' is refused: write a tool server's name with /read or "
        "/write, like aws-operations/read",
    ),
    (
        at("agents.finance-agent.scopes", ["aws-operations/read"] * 51),
        "agents.finance-agent.scopes: has 51 entries: write 50 at most",
    ),
    (
        at("agents.finance-agent.scopes", ["databases/read"]),
        "agents.finance-agent.scopes: 'databases/read' belongs to no tool server: use aws-operations/read, "
        "aws-operations/write, or add databases to tool_servers",
    ),
    (
        at("agents.finance-agent.scope", []),
        "agents.finance-agent.scope: is an unknown key: did you mean scopes? known here are type, version, groups, "
        "scopes, suspended, client_id, limits, principals, conversation, workload",
    ),
    (
        at("agents.finance-agent.principals", {"test": ["arn:aws:iam::123456789012:role/finance"]}),
        "agents.finance-agent.principals: 'test' is no environment: use dev",
    ),
    (
        at("agents.finance-agent.principals", {"dev": ["arn:aws:iam::123456789012:user/finance"]}),
        "agents.finance-agent.principals.dev.0: 'arn:aws:iam::123456789012:user/finance' is refused: write the ARN of "
        "an IAM role, like arn:aws:iam::123456789012:role/finance-agent",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), TENANT_MISTAKES, ids=[key.split(":")[0] for _, key in TENANT_MISTAKES])
def test_mistake_in_a_tenant(config: Config, change: Change, sentence: str) -> None:
    change(config.tenant)
    mistakes = [mistake for mistake in config.mistakes() if "no tenant is in" not in mistake]
    assert mistakes == [f"config/tenants/acme-corp.yaml: {sentence}"]


def test_tenant_of_other_environments_is_left_out(config: Config) -> None:
    config.write("prod.yaml", config.environment)
    config.write("tenants/globex.yaml", TENANT | {"tenant": "globex", "environments": ["prod"]})
    assert config.mistakes() == []
    assert [tenant.tenant for tenant in load_settings("dev", root=config.root).tenants] == ["acme-corp"]


def test_environment_without_a_tenant(config: Config) -> None:
    config.write("prod.yaml", config.environment)
    config.tenant["environments"] = ["prod"]
    assert config.mistakes() == ["config/tenants: no tenant is in dev: add config/tenants/<tenant>.yaml with an agent"]


def test_more_agents_than_fit_into_a_stack(config: Config) -> None:
    config.tenant["agents"] = {f"agent-{n}": TENANT["agents"]["finance-agent"] for n in range(71)}
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: agents: 71 are more than the 70 that fit into the tenant's stack: make a "
        "second tenant of some"
    ]


def test_roles_from_outside_may_read_an_agents_secret(config: Config) -> None:
    arn = "arn:aws:iam::123456789012:role/finance"
    config.tenant["agents"]["finance-agent"]["principals"] = {"dev": [arn]}
    assert config.mistakes() == []
    [tenant] = load_settings("dev", root=config.root).tenants
    assert tenant.agents["finance-agent"].principals == {"dev": (arn,)}
