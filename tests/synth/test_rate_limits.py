"""Rate limits of the gateway: by tenant, by agent, by tool, and one for everybody who has none of their own (R10)."""

from dataclasses import dataclass
from typing import Any

import pytest
from aws_cdk import App, Stack

from foundation.rate_limit_values import MOST_ENTRIES
from foundation.rate_limits import add_rate_limits
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import template

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
LIMIT = "AWS::BedrockAgentCore::GatewayRateLimit"


@in_every_environment
def test_limits_are_those_of_the_settings(environment: str) -> None:
    made = {}
    for limit in template(environment, "gateway").properties(LIMIT):
        [dimension] = limit["DimensionKeys"]
        made[limit["RateLimitId"], dimension] = {
            entry["Dimensions"][dimension]: entry["Requests"] for entry in limit["Entries"]
        }
    assert made == {
        (limit.name, limit.dimension): {
            value: [{"Period": "minute", "Rate": rate}] for value, rate in limit.entries.items()
        }
        for limit in load_settings(environment).access.rate_limits
    }
    assert {dimension for _, dimension in made} == {
        "$.context.jwt.tenant_id",
        "$.context.jwt.agent_id",
        "toolName",
    }


@in_every_environment
def test_everybody_else_is_limited_too(environment: str) -> None:
    for limit in template(environment, "gateway").properties(LIMIT):
        assert list(limit["Entries"][-1]["Dimensions"].values()) == ["*"]


@in_every_environment
def test_the_gateway_is_changed_by_one_of_them_at_a_time(environment: str) -> None:
    stack = template(environment, "gateway")
    limits = stack.of_type(LIMIT)
    earlier = [limits.keys() & set(limit["DependsOn"]) for limit in limits.values()]
    assert sorted(map(len, earlier)) == [0, 1, 1]
    assert len(set().union(*earlier)) == 2
    for limit in limits.values():
        assert {d for d in limit["DependsOn"] if stack.resources[d]["Type"].endswith("GatewayTarget")}


@dataclass
class Limit:
    entries: dict[str, int]
    name: str = "by-tool"
    dimension: str = "toolName"
    description: str = "A limit"


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ([Limit({"*": 1}), Limit({"*": 1})], "Two rate limits count by toolName; AgentCore takes one"),
        ([Limit({"a___b": 1})], "The rate limit by-tool says nothing of those without an entry: add '*'"),
        ([Limit({"*": -1})], "The rate limit by-tool gives \\* -1; take 0 to 10000000 a minute"),
        ([Limit({"*": 1} | {f"t{n}": 1 for n in range(MOST_ENTRIES)})], "has 1001 entries and AgentCore takes 1000"),
    ],
)
def test_what_agentcore_would_refuse_is_refused_here(limits: list[Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        add_rate_limits(Stack(App(), "Stack"), limits, gateway_id="gateway", after=[])
