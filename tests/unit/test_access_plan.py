"""What the access plan holds beside Cedar: directory, catalogue, limits; and targets that tell their tools late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import AccessPlan, ToolGrant, load_settings
from stacks.settings.access.grants import resolve
from stacks.settings.access.offer import Offer, OfferedTarget, OfferedTool
from stacks.settings.groups import GroupSettings
from tests.unit.settings_support import Config

DESK = {
    "kind": "mcp",
    "description": "Service desk",
    "url": "https://mcp.example.com/mcp",
    "credential": {"kind": "none"},
    "classification": "confidential",
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def planned(config: Config) -> AccessPlan:
    assert config.mistakes() == []
    return load_settings("dev", root=config.root).access


def grant(config: Config, *tools: Any) -> None:
    config.tenant["groups"]["analysts"]["tools"] = list(tools)


def test_directory_has_exactly_what_tokens_are_made_from(config: Config) -> None:
    config.tenant["agents"]["finance-agent"]["version"] = "2.1"
    assert planned(config).directory == {
        "acme-corp/finance-agent": {
            "tenant_id": "acme-corp",
            "organization_id": "org-finance",
            "agent_id": "acme-corp/finance-agent",
            "agent_type": "assistant",
            "agent_version": "2.1",
            "groups": ["acme-corp/analysts"],
            "permissions": ["aws-operations-v1/get_time"],
            "environment": "dev",
            "suspended": False,
        }
    }


@pytest.mark.parametrize("of_tenant", [True, False])
def test_whoever_is_suspended_is_so_in_the_directory(config: Config, of_tenant: bool) -> None:
    (config.tenant if of_tenant else config.tenant["agents"]["finance-agent"])["suspended"] = True
    assert planned(config).directory["acme-corp/finance-agent"]["suspended"] is True


def test_catalogue_has_every_known_tool_and_every_target(config: Config) -> None:
    config.environment["targets"] = {"desk": DESK}
    catalogue = planned(config).catalogue
    assert catalogue["targets"] == {
        "aws-operations-v1": {"classification": "internal"},
        "desk": {"classification": "confidential"},
    }
    assert catalogue["tools"]["aws-operations-v1___hello_world"] == {"classification": "public", "sensitive": []}
    assert len(catalogue["tools"]) == 8


def test_rate_limits_have_a_default_and_what_differs(config: Config) -> None:
    config.environment["limits"] = {
        "tenant_requests_per_minute": 10,
        "tools": {"aws-operations/get_time": 1, "aws-operations/*": 2},
    }
    config.tenant["limits"] = {"requests_per_minute": 20}
    config.tenant["agents"]["finance-agent"]["limits"] = {"requests_per_minute": 5}
    tenants, agents, tools = planned(config).rate_limits
    assert (tenants.dimension, tenants.entries) == ("$.context.jwt.tenant_id", {"*": 10, "acme-corp": 20})
    assert (agents.dimension, agents.entries) == (
        "$.context.jwt.agent_id",
        {"*": 300, "acme-corp/finance-agent": 5},
    )
    assert tools.dimension == "toolName"
    assert tools.entries["*"] == 3000
    assert tools.entries["aws-operations-v1___get_time"] == 1
    assert tools.entries["aws-operations-v1___hello_world"] == 2
    assert len(tools.entries) == 9


def test_limit_of_all_tools_of_a_target_that_tells_them_late(config: Config) -> None:
    config.environment["targets"] = {"desk": DESK}
    config.environment["limits"] = {"tools": {"desk/*": 5}}
    assert config.mistakes() == [
        "config/dev.yaml: limits.tools.desk/*: desk tells its tools only when it is asked: name the tools"
    ]
    config.environment["limits"] = {"tools": {"desk/open_ticket": 5}}
    config.write("dev.yaml", config.environment)
    assert planned(config).rate_limits[2].entries == {"*": 3000, "desk___open_ticket": 5}


def test_target_that_tells_its_tools_late_is_granted_as_a_whole(config: Config) -> None:
    config.environment["targets"] = {"desk": DESK}
    grant(config, "desk/*")
    access = planned(config)
    assert access.permissions["acme-corp/finance-agent"] == ("desk/*",)
    assert 'action in AgentCore::Action::"desk"' in access.tenant_policies["acme-corp"][0].statement


def test_its_tools_are_granted_by_names_that_nobody_checks(config: Config) -> None:
    config.environment["targets"] = {"desk": DESK}
    grant(config, "desk/open_ticket")
    config.write(
        "policies/rules.cedar",
        'forbid (principal, action == AgentCore::Action::"desk___close_ticket", '
        'resource == AgentCore::Gateway::"gateway") when { context.input.number == 1 };',
    )
    assert planned(config).permissions["acme-corp/finance-agent"] == ("desk/open_ticket",)


def test_tools_of_a_document_are_checked(config: Config) -> None:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/orders": {"get": {"operationId": "list_orders", "responses": {"200": {"description": "x"}}}}},
    }
    config.write("orders.json", json.dumps(document))
    target = {"kind": "openapi", "description": "x", "document": "config/orders.json", "credential": {"kind": "none"}}
    config.environment["targets"] = {"orders": target}
    grant(config, "orders/list_order")
    assert config.mistakes() == [
        "config/tenants/acme-corp.yaml: groups.analysts.tools.0: 'orders/list_order' is no tool of orders: did you "
        "mean list_orders? use one of list_orders, *"
    ]


def offered(name: str, **tools: tuple[str, ...]) -> OfferedTarget:
    return OfferedTarget(
        name=name, server="orders", tools={tool: OfferedTool(name=tool, operations=ops) for tool, ops in tools.items()}
    )


MAJORS = Offer(
    {
        "orders-v2": offered("orders-v2", find=("list", "count"), put=()),
        "orders-v1": offered("orders-v1", find=("list",)),
    }
)


@pytest.mark.parametrize(
    ("tool", "targets", "tools"),
    [
        (ToolGrant(tool="orders/*"), {"orders-v1", "orders-v2"}, {}),
        (ToolGrant(tool="orders/find"), set(), {"orders-v1___find": None, "orders-v2___find": None}),
        (ToolGrant(tool="orders/put"), set(), {"orders-v2___put": None}),
        (
            ToolGrant(tool="orders/find", operations=("list",)),
            set(),
            {"orders-v1___find": {"list"}, "orders-v2___find": {"list"}},
        ),
        (ToolGrant(tool="orders/find", operations=("count",)), set(), {"orders-v2___find": {"count"}}),
    ],
)
def test_a_server_stands_for_every_major_that_has_the_tool(
    tool: ToolGrant, targets: set[str], tools: dict[str, set[str] | None]
) -> None:
    granted, mistakes = resolve(GroupSettings(tools=(tool,)), MAJORS, elsewhere=(), place="x")
    assert mistakes == []
    assert (granted.targets, granted.tools) == (targets, tools)


def test_of_a_tool_granted_twice_the_wider_grant_counts() -> None:
    both = GroupSettings(tools=(ToolGrant(tool="orders/find", operations=("list",)), ToolGrant(tool="orders/find")))
    granted, _ = resolve(both, MAJORS, elsewhere=(), place="x")
    assert granted.tools == {"orders-v1___find": None, "orders-v2___find": None}
