"""What the settings refuse of groups, agents, limits and quotas, and in which words."""

import json
from pathlib import Path
from typing import Any

import pytest

from foundation.directory_entry import LARGEST_PARAMETER, entry_text
from stacks.settings import AgentSettings, TenantSettings
from stacks.settings.access.directory import size_mistake
from stacks.settings.access.members import Member
from tests.unit.settings_support import TENANT, Change, Config, at, both, without

HELLO = {"tools": ["aws-operations/hello_world"]}
GENERAL = (
    "cloudformation_read_operations, ec2_read_operations, ecs_read_operations, eks_read_operations, get_time, "
    "hello_world, lambda_read_operations, s3_read_operations, *"
)
S3 = {"tool": "aws-operations/s3_read_operations"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def tools(*grants: object) -> Change:
    """The tenant's group grants these."""
    return at("groups.analysts.tools", list(grants))


TENANT_MISTAKES: list[tuple[Change, str]] = [
    (
        both(without("agents.finance-agent.groups"), without("groups")),
        "agents.finance-agent.groups: is missing, so that the agent may call nothing: add one of operators",
    ),
    (
        at("agents.finance-agent.groups", ["analysts", "operator"]),
        "agents.finance-agent.groups: 'operator' does not exist: did you mean operators? use one of analysts, "
        "operators, or add it to config/tenants/acme-corp.yaml",
    ),
    (
        at("agents.finance-agent.groups", ["analysts", "analysts"]),
        "agents.finance-agent.groups: lists analysts twice: name each group once",
    ),
    (at("groups.idle", HELLO), "groups.idle: no agent is in it: add it to an agent's groups, or remove it"),
    (
        both(at("groups.operators", HELLO), at("agents.finance-agent.groups", ["analysts", "operators"])),
        "groups.operators: is the name of a platform group in config/policies/groups.yaml: rename it",
    ),
    (at("groups.analysts.tools", []), "groups.analysts.tools: has 0 entries: write 1 or more"),
    (
        tools("get_time"),
        "groups.analysts.tools.0.tool: 'get_time' is refused: write a tool server or target, a slash and one of its "
        "tools or *, like aws-operations/get_time",
    ),
    (
        tools("aws-operation/get_time"),
        "groups.analysts.tools.0: 'aws-operation/get_time' names no tool server and no target: did you mean "
        "aws-operations? use one of aws-operations",
    ),
    (
        tools("aws-operations/*", "aws-operations/get_tim"),
        f"groups.analysts.tools.1: 'aws-operations/get_tim' is no tool of aws-operations: did you mean get_time? use "
        f"one of {GENERAL}",
    ),
    (
        tools({**S3, "operations": ["list_bucket"]}),
        "groups.analysts.tools.0: 'list_bucket' is no operation of aws-operations/s3_read_operations: did you mean "
        "list_buckets? use one of get_bucket_settings, list_buckets, list_objects",
    ),
    (
        tools({**S3, "operations": ["list_buckets", "list_buckets"]}),
        "groups.analysts.tools.0.operations: lists list_buckets twice: name each operation once",
    ),
    (
        tools({"tool": "aws-operations/*", "operations": ["list_buckets"]}),
        "groups.analysts.tools.0: 'aws-operations/*' has operations, which are those of one tool: name the tool, or "
        "remove them",
    ),
    (
        tools({"tool": "aws-operations/get_time", "operations": ["now"]}),
        "groups.analysts.tools.0: 'aws-operations/get_time' has no operations that the kit knows: remove them, or "
        "narrow it by a Cedar file in config/policies",
    ),
    (
        tools({**S3, "operation": ["list_buckets"]}),
        "groups.analysts.tools.0.operation: is an unknown key: did you mean operations? known here are tool, "
        "operations",
    ),
    (
        at("agents.finance-agent.client_id", "0oa1"),
        "agents.finance-agent.client_id: '0oa1' is set, while the kit's own user pool makes the client: remove it",
    ),
    (
        without("agents.finance-agent.scopes"),
        "agents.finance-agent.scopes: is missing, and the kit's own user pool gives a client only these: add "
        "<server>/read or <server>/write of the tool servers that its groups let it call",
    ),
    (
        at("agents.finance-agent.version", "one"),
        "agents.finance-agent.version: 'one' is refused: write a version in quotes, like \"1.0\"",
    ),
    (
        at("limits", {"requests_per_minute": 0}),
        "limits.requests_per_minute: 0 is too small: use 1 or more",
    ),
    (at("budget_usd", 0), "budget_usd: 0 is too small: use 1 or more"),
    (at("suspended", "yes"), "suspended: 'yes' stands here: write true or false"),
]


@pytest.mark.parametrize(
    ("change", "sentence"), TENANT_MISTAKES, ids=[said.split(":")[0] for _, said in TENANT_MISTAKES]
)
def test_mistake_in_a_tenants_access(config: Config, change: Change, sentence: str) -> None:
    config.write("policies/groups.yaml", {"groups": {"operators": HELLO}})
    config.write("tenants/globex.yaml", _member_of("operators"))
    change(config.tenant)
    mistakes = [mistake for mistake in config.mistakes() if "no tenant is in" not in mistake]
    assert mistakes == [f"config/tenants/acme-corp.yaml: {sentence}"]


def _member_of(group: str) -> dict[str, Any]:
    agent = {"type": "a", "groups": [group], "scopes": ["aws-operations/read"]}
    return {"tenant": "globex", "organization": "org", "agents": {"helper": agent}}


def test_scopes_that_leave_out_a_server_of_the_groups(config: Config) -> None:
    config.environment["tool_servers"]["aws-data"] = {
        "package": "aws_operations.data",
        "in_vpc": False,
        "reserved_concurrency": 5,
    }
    tools("aws-data/*")(config.tenant)
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: agents.finance-agent.scopes: cover no aws-data, which its groups let it call: "
        "add aws-data/read, or take the groups away"
    ]


def test_platform_group_that_nobody_is_in(config: Config) -> None:
    config.write("policies/groups.yaml", {"groups": {"operators": HELLO}})
    assert config.mistakes() == [
        "config/policies/groups.yaml: groups.operators: no agent is in it: add it to an agent's groups, or remove it"
    ]


def test_platform_group_of_another_environments_tenants_is_no_mistake(config: Config) -> None:
    config.write("policies/groups.yaml", {"groups": {"operators": HELLO}})
    config.write("prod.yaml", config.environment)
    config.write("tenants/globex.yaml", _member_of("operators") | {"environments": ["prod"]})
    assert config.mistakes() == []


def test_platform_group_with_a_tool_that_does_not_exist(config: Config) -> None:
    config.write("policies/groups.yaml", {"groups": {"operators": {"tools": ["aws-operations/reboot"]}}})
    config.write("tenants/globex.yaml", _member_of("operators"))
    assert config.mistakes() == [
        "config/policies/groups.yaml: groups.operators.tools.0: 'aws-operations/reboot' is no tool of aws-operations: "
        f"use one of {GENERAL}"
    ]


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("policies/group.yaml", {}, "is not read: groups are in groups.yaml, and rules by hand in .cedar files"),
        ("policies/groups.yml", {}, "is not read: call it groups.yaml"),
        (
            "policies/groups.yaml",
            {"group": {}},
            "group: is an unknown key: did you mean groups? known here are groups",
        ),
    ],
)
def test_file_of_policies_that_would_not_count(config: Config, file: str, content: Any, sentence: str) -> None:
    config.write(file, content)
    assert config.mistakes() == [f"config/{file}: {sentence}"]


def test_server_of_another_environment_is_left_out(config: Config) -> None:
    server = {"package": "aws_operations.data", "in_vpc": False, "reserved_concurrency": 5}
    config.write("prod.yaml", config.environment | {"tool_servers": {"aws-data": server}})
    tools("aws-operations/get_time", "aws-data/*")(config.tenant)
    assert config.mistakes() == []


ENVIRONMENT_MISTAKES: list[tuple[Change, str]] = [
    (
        both(at("development", False), at("access", {"mode": "log-only"})),
        "access: mode log-only lets every call through: use enforce, or set development to true",
    ),
    (at("access", {"mode": "off"}), "access.mode: 'off' is not known: use one of enforce, log-only"),
    (
        at("limits", {"tools": {"aws-data/*": 5}}),
        "limits.tools.aws-data/*: names no tool server and no target: use one of aws-operations",
    ),
    (
        at("limits", {"tools": {"aws-operations/get_tim": 5}}),
        "limits.tools.aws-operations/get_tim: is no tool of aws-operations: did you mean get_time? use one of "
        f"{GENERAL}",
    ),
    (at("limits", {"body_bytes": 7_000_000}), "limits.body_bytes: 7000000 is too large: use 6000000 or less"),
    (at("limits", {"depth": 1}), "limits.depth: 1 is too small: use 4 or more"),
    (
        at("audit", {"retention_days": 30}),
        "audit.cold_after_days: 90 is not before retention_days, 30: use fewer days, or null for never",
    ),
    (
        at("classification", {"redact": {"secret": []}}),
        "classification.redact.secret: is an unknown key: known here are public, internal, confidential, restricted",
    ),
    (
        at("classification", {"redact": {"public": ["secret"]}}),
        "classification.redact.public.0: 'secret' is not known: did you mean secrets? use one of secrets, personal",
    ),
    (
        at("waf", {"requests_per_5_minutes_per_ip": 5}),
        "waf.requests_per_5_minutes_per_ip: 5 is too small: use 10 or more",
    ),
    (
        at("waf", {"counted_rules": ["SizeRestriction_BODY"]}),
        "waf.counted_rules: AWS's groups have no rule 'SizeRestriction_BODY': did you mean SizeRestrictions_BODY? "
        "take one of constructs/foundation/waf_rules.py",
    ),
    # AWS raises these for nobody: a larger number would only move the refusal into the deployment.
    (
        at("quotas", {"policies_per_engine": 1001}),
        "quotas.policies_per_engine: 1001 is too large: use 1000 or less",
    ),
    (
        at("quotas", {"policy_bytes_per_gateway": 200_001}),
        "quotas.policy_bytes_per_gateway: 200001 is too large: use 200000 or less",
    ),
    (
        at("quotas", {"rate_limit_entries": 1001}),
        "quotas.rate_limit_entries: 1001 is too large: use 1000 or less",
    ),
    (
        at("identity", {"provider": {"kind": "okta"}}),
        "identity.provider.kind: 'okta' is not known: use one of cognito, oidc",
    ),
    (
        at("identity", {"provider": {"kind": "oidc", "discovery_url": "https://idp.example.com"}}),
        "identity.provider.discovery_url: 'https://idp.example.com' is refused: write an https address that ends in "
        "/.well-known/openid-configuration",
    ),
]


@pytest.mark.parametrize(
    ("change", "sentence"), ENVIRONMENT_MISTAKES, ids=[said.split(":")[0] for _, said in ENVIRONMENT_MISTAKES]
)
def test_mistake_in_an_environments_governance(config: Config, change: Change, sentence: str) -> None:
    change(config.environment)
    assert config.mistakes() == [f"config/dev.yaml: {sentence}"]


OIDC = {
    "kind": "oidc",
    "discovery_url": "https://idp.example.com/.well-known/openid-configuration",
    "allowed_audience": ["gateway"],
}


def test_external_provider_needs_each_agents_client(config: Config) -> None:
    config.environment["identity"] = {"provider": OIDC}
    del config.tenant["agents"]["finance-agent"]["scopes"]
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: agents.finance-agent.client_id: is missing, while identity.provider is of the "
        "kind oidc: add the agent's client there"
    ]


def test_two_agents_with_one_client_of_an_external_provider(config: Config) -> None:
    config.environment["identity"] = {"provider": OIDC}
    del config.tenant["agents"]["finance-agent"]["scopes"]
    config.tenant["agents"]["finance-agent"]["client_id"] = "0oa1"
    config.tenant["agents"]["other-agent"] = dict(config.tenant["agents"]["finance-agent"])
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: agents.other-agent.client_id: '0oa1' is the client of acme-corp/finance-agent "
        "as well: give each agent its own"
    ]


def test_scopes_are_not_the_settings_to_give_with_an_external_provider(config: Config) -> None:
    config.environment["identity"] = {"provider": OIDC}
    config.tenant["agents"]["finance-agent"]["client_id"] = "0oa1"
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: agents.finance-agent.scopes: are set, while identity.provider is of the kind "
        "oidc and gives its clients their scopes: remove them"
    ]


@pytest.mark.parametrize("key", ["access_token_minutes", "secret_rotation_days"])
def test_what_an_external_provider_decides_on_is_not_set_here(config: Config, key: str) -> None:
    config.environment["identity"] = {"provider": OIDC, key: 20}
    assert config.mistakes() == [
        f"config/dev.yaml: identity.{key}: 20 is set, while provider is of the kind oidc and decides on its tokens and "
        "secrets: set it there, and remove it here"
    ]


ELSEWHERE = [
    (
        {"allowed_clients": ["0oa1"], "claims": {"client_id": "cid"}},
        "client_id is 'cid', and AgentCore looks for allowed_clients in client_id alone: have the provider write that "
        "claim too, which Okta does with the value app.clientId, and leave client_id out here; or use "
        "allowed_audience or scopes instead of allowed_clients",
    ),
    (
        {"scopes": ["tools"], "claims": {"scope": "permissions"}},
        "scope is 'permissions', and AgentCore looks for scopes in scope and scp alone: have the provider write one of "
        "these; or use allowed_audience or allowed_clients instead of scopes",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), ELSEWHERE, ids=["clients", "scopes"])
def test_what_the_gateway_would_look_for_in_vain(config: Config, changes: dict[str, Any], sentence: str) -> None:
    config.environment["identity"] = {"provider": OIDC | changes}
    assert config.mistakes() == [f"config/dev.yaml: identity.provider.claims: {sentence}"]


def test_external_provider_that_would_accept_every_token(config: Config) -> None:
    config.environment["identity"] = {"provider": {key: OIDC[key] for key in ("kind", "discovery_url")}}
    assert config.mistakes() == [
        "config/dev.yaml: identity.provider: accepts every token of the provider: add allowed_audience, "
        "allowed_clients or scopes, which say which are meant for this gateway"
    ]


def test_claim_that_a_rate_limit_could_not_count_by(config: Config) -> None:
    config.environment["identity"] = {"provider": OIDC | {"claims": {"tenant_id": "https://example.com/tenant"}}}
    assert config.mistakes() == [
        "config/dev.yaml: identity.provider.claims.tenant_id: 'https://example.com/tenant' is refused: write a claim's "
        "name: letters, digits, _, - and dots, a letter first, 63 at most"
    ]


QUOTAS = [
    ("clients_per_pool", "app clients of agents in dev are 2, and a user pool takes 1: raise it"),
    ("secrets", "secrets of agents in dev are 2, and account and region take 1: raise it"),
    ("policies_per_engine", "Cedar policies in dev are 2, and a policy engine takes 1: AWS does not raise it"),
    ("kms_keys", "keys of tenants and platform in dev are 14, and account and region take 1: raise it"),
    ("stacks", "stacks of tenants and platform in dev are 12, and account and region take 1: raise it"),
    (
        "parameters",
        "parameters of agents, suspensions and platform in dev are 22, and account and region take 1: raise",
    ),
    ("budgets", "budgets of tenants in dev are 2, and an account takes 1: raise it"),
    (
        "rate_limit_entries",
        "entries of the rate limit tenant-requests in dev are 3, and a rate limit takes 1: AWS does",
    ),
]


@pytest.mark.parametrize(("quota", "sentence"), QUOTAS, ids=[quota for quota, _ in QUOTAS])
def test_quota_that_the_tenants_pass(config: Config, quota: str, sentence: str) -> None:
    config.environment["quotas"] = {quota: 1}
    config.tenant |= {"budget_usd": 5, "limits": {"requests_per_minute": 5}}
    second = dict(config.tenant) | {"tenant": "globex"}
    config.write("tenants/globex.yaml", second)
    (mistake, *_) = config.mistakes()
    assert mistake.startswith(f"config/dev.yaml: quotas.{quota}: {sentence}")


def test_policies_too_large_for_one_gateway(config: Config) -> None:
    config.environment["quotas"] = {"policy_bytes_per_gateway": 100}
    (mistake,) = config.mistakes()
    assert mistake.startswith("config/dev.yaml: quotas.policy_bytes_per_gateway: bytes of Cedar policies in dev are 3")
    assert mistake.endswith("instead of groups of their tenant")


def test_agent_whose_claims_do_not_fit_into_the_directory(config: Config) -> None:
    names = [f"a-tool-with-quite-a-long-name-{number}" for number in range(100)]
    schema = {"type": "object", "properties": {}}
    listed = [{"name": name, "description": "x", "inputSchema": schema} for name in [*names, "another"]]
    config.write("tools.json", json.dumps(listed))
    config.environment["targets"] = {
        "elsewhere": {
            "kind": "lambda",
            "description": "x",
            "function": "arn:aws:lambda:us-east-1:123456789012:function:x",
            "tools": "config/tools.json",
        }
    }
    tools(*(f"elsewhere/{name}" for name in names))(config.tenant)
    (mistake,) = config.mistakes()
    assert mistake.startswith(
        "config/tenants/acme-corp.yaml: agents.finance-agent.groups: give the agent so many tools that its entry in "
        "the directory has "
    )
    assert mistake.endswith("a parameter takes 4096: grant whole servers with <server>/*, or fewer tools")


def test_agent_in_so_many_groups_that_a_call_cannot_carry_them(config: Config) -> None:
    names = [f"a-group-with-quite-a-long-name{number}" for number in range(10, 60)]
    config.tenant["groups"] = {name: {"tools": ["aws-operations/get_time"]} for name in names}
    config.tenant["agents"]["finance-agent"]["groups"] = names
    (mistake,) = config.mistakes()
    assert mistake.startswith("config/tenants/acme-corp.yaml: agents.finance-agent.groups: tell targets ")
    assert mistake.endswith("a call's headers have room for 1800: put it into fewer groups")


def test_the_directory_has_room_for_an_entry_as_it_is_written_there_without_blanks() -> None:
    member = Member(TenantSettings.model_validate(TENANT), "finance-agent", AgentSettings(type="assistant"))
    content = {"permissions": ["x" * 9] * 335}
    assert len(entry_text(content)) <= LARGEST_PARAMETER < len(json.dumps(content))
    assert size_mistake(member, content) is None
    assert size_mistake(member, {"permissions": ["x" * 9] * 345}) is not None


def test_every_tenant_is_checked_also_where_it_is_not_present(config: Config) -> None:
    config.write("prod.yaml", config.environment)
    absent = {"tenant": "globex", "environments": ["prod"], "agents": {"a": TENANT["agents"]["finance-agent"]}}
    config.write("tenants/globex.yaml", absent | {"organization": "org"})
    assert config.mistakes() == [
        "config/tenants/globex.yaml: agents.a.groups: 'analysts' does not exist: use a group of its tenant, or add it "
        "to config/tenants/globex.yaml"
    ]
