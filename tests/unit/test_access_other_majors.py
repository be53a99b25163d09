"""A rule by hand that forbids a tool in one major does not leave it open in another that is served."""

from pathlib import Path

import pytest

from tests.unit.versions_support import Checkout

PLACE = "config/policies/rules.cedar: line 1: "


def rule(scope: str, *, effect: str = "forbid", condition: str = "") -> str:
    """A rule whose head names actions."""
    return f'{effect} (principal, action {scope}, resource == AgentCore::Gateway::"gateway"){condition};'


def uid(name: str) -> str:
    return f'AgentCore::Action::"{name}"'


V1, V2 = uid("orders-v1___get_order"), uid("orders-v2___get_order")
OPEN = "forbids a tool in one major, and another that is served has it too: name {} as well"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (rule(f"== {V1}"), "orders-v2___get_order"),
        (rule(f"== {V2}"), "orders-v1___get_order"),
        (rule(f"in [{V1}, {uid('orders-v1___list_orders')}]"), "orders-v2___get_order"),
        (rule(f"in {uid('orders-v2')}"), "orders-v1___get_order"),
        (rule(f"== {V1}", condition=f" unless {{ action == {V2} }}"), "orders-v2___get_order"),
        (f"forbid (principal, action, resource) when {{ action == {V1} }};", "orders-v2___get_order"),
    ],
)
def test_the_tool_in_the_other_major_has_to_be_named(checkout: Checkout, text: str, missing: str) -> None:
    checkout.write("config/policies/rules.cedar", text)
    assert checkout.mistakes() == [PLACE + OPEN.format(missing)]


@pytest.mark.parametrize(
    "text",
    [
        rule(f"in [{V1}, {V2}]"),
        rule(f"in [{V1}, {uid('orders-v2')}]"),
        rule(f"in [{uid('orders-v1')}, {uid('orders-v2')}]"),
        rule(f"== {uid('orders-v1___list_orders')}"),  # which the other major has not
        rule(f"== {V1}", effect="permit"),
        f'forbid (principal, action, resource == AgentCore::Gateway::"gateway") unless {{ action == {V1} }};',
    ],
)
def test_nothing_is_missing(checkout: Checkout, text: str) -> None:
    checkout.write("config/policies/rules.cedar", text)
    assert checkout.mistakes() == []
