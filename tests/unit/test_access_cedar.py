"""What the settings refuse of Cedar by hand, with the place, and what becomes of it."""

from pathlib import Path

import pytest

from stacks.settings import Settings, load_settings
from tests.unit.settings_support import Config

S3 = 'AgentCore::Action::"aws-operations-v1___s3_read_operations"'
GATEWAY = 'AgentCore::Gateway::"gateway"'
TOOLS = (
    "cloudformation_read_operations, ec2_read_operations, ecs_read_operations, eks_read_operations, get_time, "
    "hello_world, lambda_read_operations, s3_read_operations"
)
CLAIMS = "agent_id, agent_type, agent_version, environment, groups, organization_id, scope, tenant_id"
QUOTED = 'write "*\\"<group>\\"*", quotes included'


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def forbid(condition: str, *, action: str = S3) -> str:
    """A rule on one tool of the gateway."""
    return f"forbid (principal, action == {action}, resource == {GATEWAY})\nwhen {{ {condition} }};"


def member(pattern: str) -> str:
    """A condition on the caller's groups."""
    return f'principal.hasTag("groups") && principal.getTag("groups") like "{pattern}"'


UNKNOWN = "and no claim of that name has a value that is known before a call:"
BY_SUB = 'names a caller by its sub, which only a deployment knows: use principal.getTag("agent_id")'
ELSEWHERE = 'AgentCore::Gateway::"arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/x"'
OPERATIONS = "use one of get_bucket_settings, list_buckets, list_objects"

MISTAKES = [
    (
        forbid("true", action='AgentCore::Action::"aws-operations-v1___get_tim"'),
        f"'aws-operations-v1___get_tim' is no tool of aws-operations-v1: did you mean get_time? use one of {TOOLS}",
    ),
    (
        forbid("true", action='AgentCore::Action::"aws-operations___get_time"'),
        "'aws-operations___get_time' is of no target of the gateway: did you mean aws-operations-v1? use one of "
        "aws-operations-v1",
    ),
    (
        forbid("true", action='AgentCore::Action::"aws-operations-v1___*"'),
        "'aws-operations-v1___*' is no tool, since Cedar knows no wildcards: write action in "
        'AgentCore::Action::"aws-operations-v1"',
    ),
    (
        forbid(member(r"*\"analysts\"*")),
        "'analysts' is no group: did you mean acme-corp/analysts? use one of acme-corp/analysts",
    ),
    (
        forbid(member(r"*\"acme/*\"*")),
        "'acme' is no tenant with groups of its own: did you mean acme-corp? use one of acme-corp",
    ),
    (
        forbid(member("*analysts*")),
        f"looks for '*analysts*' among the groups, where part of another group's name could do: {QUOTED}",
    ),
    (
        forbid('principal.hasTag("groups") && principal.getTag("groups") == "acme-corp/analysts"'),
        'compares the tag \'groups\', which holds a list as JSON: use like with "*\\"<group>\\"*", quotes included',
    ),
    (
        forbid('principal.hasTag("role") && principal.getTag("role") == "admin"'),
        f"reads the tag 'role', {UNKNOWN} use one of {CLAIMS}",
    ),
    (
        forbid('principal.hasTag("group")'),
        f"reads the tag 'group', {UNKNOWN} did you mean groups? use one of {CLAIMS}",
    ),
    (forbid('principal.hasTag("permissions")'), f"reads the tag 'permissions', {UNKNOWN} use one of {CLAIMS}"),
    (
        forbid("principal.hasTag(context.input.operation)"),
        "reads a tag whose name is not written out: write it in quotes",
    ),
    (
        forbid('context.input.operation == "list_bucket"'),
        f"'list_bucket' is an operation of none of its tools: did you mean list_buckets? {OPERATIONS}",
    ),
    (
        forbid('["list_buckets", "scan"].contains(context.input.operation)'),
        f"'scan' is an operation of none of its tools: {OPERATIONS}",
    ),
    (
        forbid('context.input.bukket == "x"'),
        f"attribute `input.bukket` in context for {S3} not found: correct it there",
    ),
    (
        forbid("principal.name == 1"),
        "attribute `name` on entity type `AgentCore::OAuthUser` not found: correct it there",
    ),
    (forbid('principal.id == "1a2b"'), BY_SUB),
    (f'forbid (principal == AgentCore::OAuthUser::"1a2b", action == {S3}, resource == {GATEWAY});', BY_SUB),
    (
        f"forbid (principal == ?principal, action == {S3}, resource == {GATEWAY});",
        "is a template, which AgentCore does not take: write the caller out",
    ),
    (
        f"forbid (principal, action == {S3}, resource);",
        f"names actions without a gateway: write resource == {GATEWAY}",
    ),
    (
        f"forbid (principal, action, resource == {ELSEWHERE});",
        f"names {ELSEWHERE}: write {GATEWAY}, which stands for the environment's gateway",
    ),
    (
        f"permit (principal, action, resource == {GATEWAY});",
        "permits everything to everybody: add a condition, or name the actions",
    ),
    ("forbid (principal, action, resource when", "is no Cedar (unexpected token `when`): correct it there"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[str(said)[:45] for _, said in MISTAKES])
def test_mistake_in_cedar(config: Config, text: str, sentence: str) -> None:
    config.write("policies/rules.cedar", f"// A rule.\n\n{text}\n")
    assert config.mistakes() == [f"config/policies/rules.cedar: line 3: {sentence}"]


def test_argument_that_a_call_may_leave_out_is_asked_for_first(config: Config) -> None:
    config.write("policies/rules.cedar", forbid("context.input.page_size == 1"))
    (mistake,) = config.mistakes()
    assert "unable to guarantee safety of access to optional attribute `input.page_size`" in mistake


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (
            "policies/Bad_Name.cedar",
            "'Bad_Name' cannot be part of a policy's name: rename the file, with lower-case letters, digits and single "
            "hyphens, a letter first, like acme-corp, 32 at most",
        ),
        ("policies/dve/rules.cedar", None),
    ],
)
def test_file_that_cannot_be_used(config: Config, file: str, sentence: str | None) -> None:
    config.write(file, forbid("true"))
    expected = f"config/{file}: {sentence}"
    if sentence is None:
        expected = "config/policies/dve: is not read: name the folder after an environment, one of dev"
    assert config.mistakes() == [expected]


def test_two_files_of_one_name(config: Config) -> None:
    config.write("policies/rules.cedar", forbid("true"))
    config.write("policies/dev/rules.cedar", forbid("true"))
    assert config.mistakes() == [
        "config/policies/dev/rules.cedar: has the name of config/policies/rules.cedar, and policies go by it: rename "
        "one of the two"
    ]


def test_statement_too_long_for_a_policy(config: Config) -> None:
    names = ", ".join(f'"{"x" * 100}"' for _ in range(100))
    config.write(
        "policies/rules.cedar", forbid(f"context.input has bucket && [{names}].contains(context.input.bucket)")
    )
    (mistake,) = config.mistakes()
    assert mistake.startswith("config/policies/rules.cedar: line 1: has 10")
    assert mistake.endswith("characters and a policy takes 9870 beside the ARN: split it")


def loaded(config: Config) -> Settings:
    assert config.mistakes() == []
    return load_settings("dev", root=config.root)


def test_statements_become_policies_of_their_own(config: Config) -> None:
    first = forbid('context.input has bucket && context.input.bucket == "a;b // c"')
    second = forbid("true")
    comments = "// About the file; not about a rule.\n\n// No semicolons; none.\n// Really.\n"
    config.write("policies/rules.cedar", f"{comments}{first}\n{second}\n")
    policies = [policy for policy in loaded(config).access.platform_policies if policy.name.startswith("cedar_")]
    assert [(policy.name, policy.statement, policy.description) for policy in policies] == [
        ("cedar_rules_1", first, "No semicolons; none. Really."),
        ("cedar_rules_2", second, "config/policies/rules.cedar, statement 2"),
    ]


def test_files_of_one_environment_are_for_that_one(config: Config) -> None:
    config.write("prod.yaml", config.environment)
    config.write("policies/prod/rules.cedar", forbid("true"))
    assert loaded(config).access.platform_policies == ()
    assert len(load_settings("prod", root=config.root).access.platform_policies) == 1


def permissions(config: Config) -> tuple[str, ...]:
    return loaded(config).access.permissions["acme-corp/finance-agent"]


def test_forbidden_tools_are_no_permission(config: Config) -> None:
    config.tenant["groups"]["analysts"]["tools"] = ["aws-operations/*"]
    assert permissions(config) == ("aws-operations-v1/*",)
    config.write("policies/rules.cedar", forbid(member(r"*\"acme-corp/*\"*")))
    assert permissions(config) == tuple(
        f"aws-operations-v1/{tool}" for tool in TOOLS.split(", ") if tool != "s3_read_operations"
    )


def test_what_depends_on_arguments_stays_a_permission(config: Config) -> None:
    config.tenant["groups"]["analysts"]["tools"] = ["aws-operations/s3_read_operations"]
    config.write("policies/rules.cedar", forbid('context.input.operation == "list_objects"'))
    assert permissions(config) == ("aws-operations-v1/s3_read_operations",)


def test_permits_by_hand_are_permissions(config: Config) -> None:
    config.write(
        "policies/rules.cedar",
        f'permit (principal, action in AgentCore::Action::"aws-operations-v1", resource == {GATEWAY})\n'
        'when { principal.hasTag("tenant_id") && principal.getTag("tenant_id") == "acme-corp" };',
    )
    assert permissions(config) == ("aws-operations-v1/*",)


def test_agents_with_equal_groups_may_differ_by_what_cedar_reads(config: Config) -> None:
    agents = config.tenant["agents"]
    agents["other-agent"] = dict(agents["finance-agent"])
    config.tenant["groups"]["analysts"]["tools"] = ["aws-operations/get_time", "aws-operations/s3_read_operations"]
    config.write(
        "policies/rules.cedar",
        forbid('principal.hasTag("agent_id") && principal.getTag("agent_id") == "acme-corp/other-agent"'),
    )
    access = loaded(config).access
    assert access.permissions["acme-corp/other-agent"] == ("aws-operations-v1/get_time",)
    assert len(access.permissions["acme-corp/finance-agent"]) == 2


def test_claims_of_another_provider_are_read_by_their_names_there(config: Config) -> None:
    config.environment["identity"] = {
        "provider": {
            "kind": "oidc",
            "discovery_url": "https://idp.example.com/.well-known/openid-configuration",
            "allowed_audience": ["gateway"],
            "claims": {"groups": "roles", "tenant_id": "org.tenant"},
        }
    }
    del config.tenant["agents"]["finance-agent"]["scopes"]
    config.tenant["agents"]["finance-agent"]["client_id"] = "0oa1"
    access = loaded(config).access
    (policy,) = access.tenant_policies["acme-corp"]
    assert 'principal.getTag("roles") like "*\\"acme-corp/analysts\\"*"' in policy.statement
    assert access.rate_limits[0].dimension == "$.context.jwt.org.tenant"
    assert access.permissions["acme-corp/finance-agent"] == ("aws-operations-v1/get_time",)
