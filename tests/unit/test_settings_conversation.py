"""What the settings refuse of models, of the service of agents, and of who talks to them, and in which words."""

from pathlib import Path

import pytest

from stacks.settings import load_settings
from tests.unit.settings_support import Change, Config, at, both, without

TENANT_FILE = "config/tenants/acme-corp.yaml"
AGENT = "agents.finance-agent.conversation"
CALLER = "role/<name> or user/<name>, without a path, like role/finance-team"
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:adapter:3"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings in which people talk to the one agent."""
    made = Config(tmp_path)
    made.environment["models"] = {"default": {"model": "anthropic.claude-sonnet-4-6", "inference_profile": "us"}}
    made.environment["agent_service"] = {"in_vpc": False, "reserved_concurrency": 5}
    made.tenant["agents"]["finance-agent"]["conversation"] = {"callers": ["role/finance-team", "user/jane"]}
    return made


def test_the_settings_of_these_tests_are_right(config: Config) -> None:
    assert config.mistakes() == []
    [tenant] = load_settings("dev", root=config.root).tenants
    conversation = tenant.agents["finance-agent"].conversation
    assert conversation is not None
    assert (conversation.callers, conversation.model) == (("role/finance-team", "user/jane"), "default")


ENVIRONMENT_MISTAKES = [
    (
        at("models.default.model", "us.anthropic.claude-sonnet-4-6"),
        "models.default.model: 'us.anthropic.claude-sonnet-4-6' is an inference profile's id: write "
        "anthropic.claude-sonnet-4-6, and inference_profile: us beside it",
    ),
    (
        at("models.default.model", "Claude"),
        "models.default.model: 'Claude' is refused: write the id of a Bedrock foundation model, like "
        "anthropic.claude-sonnet-4-6",
    ),
    (
        at("models.default.inference_profile", "eu"),
        "models.default.inference_profile: 'eu' cannot be called in us-east-1: use a profile of that region, or region "
        "one of eu-central-1, eu-north-1, eu-south-1, eu-south-2, eu-west-1, eu-west-3",
    ),
    (
        at("models.default.inference_profile", "usa"),
        "models.default.inference_profile: 'usa' is not known: did you mean us? use one of us, eu, apac, jp, au, "
        "global",
    ),
    (
        at("models.default.guardrail", {"id": "gr1", "version": "one"}),
        "models.default.guardrail.version: 'one' is refused: write a guardrail's version in quotes, like \"1\"",
    ),
    (
        at("agent_service.in_vpc", True),
        "agent_service.in_vpc: true leaves agents no way to the token endpoint, which PrivateLink does not serve, "
        "while network.nat_gateways is 0: set that to 1 or more, or in_vpc to false",
    ),
    (at("agent_service.timeout_seconds", 30), "agent_service.timeout_seconds: 30 is too small: use 60 or more"),
    (
        at("agent_service.cors_origins", ["*"]),
        "agent_service.cors_origins: lets every web page call with its visitor's credentials by '*': name the origins",
    ),
    (
        at("agent_service.cors_origins", ["http://chat.example.com"]),
        "agent_service.cors_origins.0: 'http://chat.example.com' is refused: write the origin of a web page, like "
        "https://chat.example.com",
    ),
    (
        at("agent_service.adapter_layer", LAYER),
        f"agent_service.adapter_layer: '{LAYER}' is not in us-east-1: name a version of the layer there, where the "
        "functions are",
    ),
    (
        without("agent_service"),
        "agent_service: is missing, and acme-corp/finance-agent has conversations: add it",
    ),
]


@pytest.mark.parametrize(
    ("change", "sentence"), ENVIRONMENT_MISTAKES, ids=[sentence[:60] for _, sentence in ENVIRONMENT_MISTAKES]
)
def test_mistake_in_an_environment(config: Config, change: Change, sentence: str) -> None:
    change(config.environment)
    assert [m for m in config.mistakes() if "is no model" not in m] == [f"config/dev.yaml: {sentence}"]


TENANT_MISTAKES = [
    (at(f"{AGENT}.callers", []), f"{AGENT}.callers: has 0 entries: write 1 or more"),
    (
        at(f"{AGENT}.callers", ["arn:aws:iam::123456789012:role/finance-team"]),
        f"{AGENT}.callers.0: 'arn:aws:iam::123456789012:role/finance-team' is refused: write {CALLER}",
    ),
    (
        at(f"{AGENT}.callers", ["role/people/finance-team"]),
        f"{AGENT}.callers.0: 'role/people/finance-team' is refused: write {CALLER}",
    ),
    (
        at(f"{AGENT}.callers", ["role/finance-team"] * 2),
        f"{AGENT}.callers: lists role/finance-team twice: name each caller once",
    ),
    (
        at(f"{AGENT}.model", "defualt"),
        f"{AGENT}.model: 'defualt' is no model: did you mean default? use one of default, or add it to models of "
        "config/dev.yaml",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), TENANT_MISTAKES, ids=[s[:70] for _, s in TENANT_MISTAKES])
def test_mistake_in_a_conversation(config: Config, change: Change, sentence: str) -> None:
    change(config.tenant)
    mistakes = [mistake for mistake in config.mistakes() if "no tenant is in" not in mistake]
    assert mistakes == [f"{TENANT_FILE}: {sentence}"]


def test_an_environment_without_models_says_where_to_add_one(config: Config) -> None:
    without("models")(config.environment)
    assert config.mistakes() == [
        f"{TENANT_FILE}: {AGENT}.model: 'default' is no model: add it to models of config/dev.yaml"
    ]


def test_in_a_vpc_with_a_way_out_the_service_is_in_order(config: Config) -> None:
    both(at("agent_service.in_vpc", True), at("network.nat_gateways", 1))(config.environment)
    assert config.mistakes() == []


def test_a_tenant_that_is_elsewhere_asks_for_nothing_here(config: Config) -> None:
    config.write("gamma.yaml", {**config.environment, "agent_service": None, "models": {}})
    config.write("tenants/globex.yaml", {**config.tenant, "tenant": "globex", "environments": ["dev"]})
    config.tenant["environments"] = ["dev", "gamma"]
    del config.tenant["agents"]["finance-agent"]["conversation"]
    assert config.mistakes("gamma") == []
