"""Which majors of a tool server are served, and what synthesis says of code that breaks what was published."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.unit.versions_support import MAJORS, TODAY, Checkout
from toolkit.deprecation import ENDS, SUCCESSOR

LABEL = "versions/orders/majors.yaml"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_current_major_and_the_previous_side_by_side(checkout: Checkout) -> None:
    settings = checkout.settings()
    current, previous = settings.served_majors["orders"]
    assert [current.target, previous.target] == ["orders-v2", "orders-v1"]
    assert [current.alias, previous.alias] == ["v2", "v1"]
    assert [current.package, previous.package] == ["orders", "orders_v1"]
    assert [current.ends, previous.ends] == [None, date(2027, 6, 30)]
    assert current.settings == previous.settings == settings.environment.tool_servers["orders"]
    assert current.spec is settings.tool_specs["orders"]
    assert settings.notices == ()


def test_deprecated_major_says_so_in_descriptions_schemas_and_variables(checkout: Checkout) -> None:
    current, previous = checkout.settings().served_majors["orders"]
    assert current.variables == {}
    assert previous.variables == {ENDS: "2027-06-30", SUCCESSOR: "orders-v2"}
    assert [tool.description for tool in previous.spec.tools] == [
        "Deprecated: ends 2027-06-30; use orders-v2. Tell how far an order is.",
        "Deprecated: ends 2027-06-30; use orders-v2. List all orders; gone in the next major.",
    ]
    get_order, list_orders = previous.spec.tools
    assert get_order.output_schema is not None
    assert list(get_order.output_schema["properties"]) == ["order", "state", "deprecation"]
    assert get_order.output_schema["required"] == ["order", "state"]
    assert list_orders.output_schema is None
    assert "Deprecated" not in current.spec.tools[0].description


def test_breaking_change_is_refused_with_every_difference_and_the_bump(checkout: Checkout) -> None:
    checkout.change("orders/tools.py", "    number: int\n    state", "    state")
    checkout.change("orders/tools.py", "        number: The order's number.\n        state", "        state")
    checkout.change("orders/tools.py", "get_order(number: int)", "get_order(number: str)")
    checkout.change("orders/tools.py", '{"number": 1}', '{"number": "1"}')
    assert checkout.mistakes() == [
        "lambda/orders: orders breaks callers of the published 2.0.0 (get_order: parameter number takes string and "
        "took integer; get_order: answer field number was removed): bump orders from 2.0.0 to 3.0.0 (run make "
        "new-major SERVER=orders ENDS=<last day of the present major> on the code as it was, then change it), "
        "or undo it"
    ]


def test_higher_minor_is_no_excuse(checkout: Checkout) -> None:
    checkout.change("orders/server.py", "2.0.0", "2.1.0")
    checkout.change("orders/tools.py", "get_order(number: int)", "get_order(number: str)")
    checkout.change("orders/tools.py", '{"number": 1}', '{"number": "1"}')
    [mistake] = checkout.mistakes()
    assert "bump orders from 2.0.0 to 3.0.0" in mistake


def test_breaking_change_of_a_major_that_ends(checkout: Checkout) -> None:
    checkout.change("orders_v1/tools.py", "def list_orders", "def all_orders")
    assert checkout.mistakes() == [
        "lambda/orders_v1: orders breaks callers of the published 1.0.0 (tool list_orders was removed): undo it, "
        "since its major stays as it is until it ends on 2027-06-30"
    ]


def test_added_tool_can_wait_for_its_version(checkout: Checkout) -> None:
    checkout.add_tool()
    assert checkout.settings().notices == (
        "lambda/orders: orders differs from the published 2.0.0 (tool count_orders was added): set version 2.1.0 and "
        "run make publish SERVER=orders",
    )


def test_new_version_without_a_change_is_to_be_published(checkout: Checkout) -> None:
    checkout.change("orders/server.py", "2.0.0", "2.0.1")
    assert checkout.settings().notices == (
        "lambda/orders: orders 2.0.1 is not published: run make publish SERVER=orders",
    )


def test_server_that_was_never_published(checkout: Checkout) -> None:
    for file in checkout.versions.iterdir():
        file.unlink()
    settings = checkout.settings()
    assert [major.target for major in settings.served_majors["orders"]] == ["orders-v2"]
    assert settings.notices == (
        "lambda/orders: orders 2.0.0 is not published, so that nothing keeps it from breaking its callers: run make "
        "publish SERVER=orders",
    )


def test_version_that_goes_back(checkout: Checkout) -> None:
    published = json.loads((checkout.versions / "2.0.0.json").read_text())
    checkout.write("versions/orders/2.0.1.json", json.dumps({**published, "version": "2.0.1"}))
    assert checkout.mistakes() == [
        "lambda/orders: orders 2.0.0 is older than the published 2.0.1: set version 2.0.1 or later"
    ]


def test_major_that_goes_back(checkout: Checkout) -> None:
    published = json.loads((checkout.versions / "2.0.0.json").read_text())
    checkout.write("versions/orders/3.0.0.json", json.dumps({**published, "version": "3.0.0"}))
    assert checkout.mistakes() == [
        "lambda/orders: orders 2.0.0 is older than the published major 3: set version 3.0.0 or later, or restore the "
        "code"
    ]


def test_previous_major_dropped_from_the_promises(checkout: Checkout) -> None:
    checkout.promise({})
    assert checkout.mistakes() == [
        f"{LABEL}: previous.1: is missing, while major 1 is published and the current version is 2.0.0: restore the "
        "code of 1 and run make new-major before the change"
    ]


def test_previous_major_dropped_before_its_end(checkout: Checkout) -> None:
    checkout.promise({1: {"deprecated": TODAY, "ends": date(2027, 6, 30)}})
    sentence = (
        f"{LABEL}: previous.1.package: is missing, and major 1 was promised until 2027-06-30: name the package that "
        "holds it until then"
    )
    assert checkout.mistakes() == [sentence]
    assert checkout.mistakes(today=date(2027, 6, 30)) == [sentence], "the end is the last day"
    settings = checkout.settings(today=date(2027, 7, 1))
    assert [major.target for major in settings.served_majors["orders"]] == ["orders-v2"]


def test_code_of_a_previous_major_deleted_before_its_end(checkout: Checkout) -> None:
    (checkout.root / "lambda" / "orders_v1" / "handler.py").unlink()
    assert checkout.mistakes() == [
        f"{LABEL}: previous.1.package: 'orders_v1' has no handler: create lambda/orders_v1/handler.py or name an "
        "existing package; major 1 was promised until 2027-06-30"
    ]


def test_major_that_has_ended_is_served_until_someone_removes_it(checkout: Checkout) -> None:
    settings = checkout.settings(today=date(2027, 7, 1))
    assert [major.target for major in settings.served_majors["orders"]] == ["orders-v2", "orders-v1"]
    assert settings.notices == (
        f"{LABEL}: previous.1.package: 'orders_v1' is still served, and major 1 ended on 2027-06-30: remove the key "
        "and lambda/orders_v1",
    )


def test_previous_package_with_another_major(checkout: Checkout) -> None:
    checkout.promise({1: {**MAJORS, "package": "orders"}})
    assert checkout.mistakes() == [
        f"{LABEL}: previous.1.package: 'orders' holds orders 2.0.0: name the package that holds major 1 of orders"
    ]


def test_promise_for_the_current_major(checkout: Checkout) -> None:
    checkout.change("orders/server.py", "2.0.0", "1.9.0")
    (checkout.versions / "2.0.0.json").unlink()
    assert (
        f"{LABEL}: previous.1: is not older than the current version 1.9.0: set version 2.0.0 in lambda/orders, or "
        "remove 1 here"
    ) in checkout.mistakes()


def test_more_previous_majors_than_can_be_served(checkout: Checkout) -> None:
    checkout.change("orders/server.py", "2.0.0", "4.0.0")
    for major in (2, 3):
        folder = f"orders_v{major}"
        for name in ("__init__", "server", "tools", "handler"):
            text = (checkout.root / "lambda" / "orders_v1" / f"{name}.py").read_text()
            text = text.replace("orders_v1", folder).replace("1.0.0", f"{major}.0.0")
            checkout.write(f"lambda/{folder}/{name}.py", text)
    (checkout.versions / "2.0.0.json").unlink()
    checkout.promise({major: {**MAJORS, "package": f"orders_v{major}"} for major in (1, 2, 3)})
    assert checkout.mistakes() == [
        f"{LABEL}: previous: 3, 2, 1 are served beside 4, and 2 can be: keep the current version below 4.0.0 until 1 "
        "has ended on 2027-06-30"
    ]


def test_server_that_no_environment_has_any_more(checkout: Checkout) -> None:
    shutil.copytree(checkout.versions, checkout.versions.with_name("invoices"))
    assert checkout.mistakes() == [
        "versions/invoices: is published, and no environment has the tool server: put it back under tool_servers in "
        "config/, or remove the folder when nobody calls it any more"
    ]
    checkout.write("config/prod.yaml", "tool_servers: {invoices: {package: invoices}}")
    assert checkout.mistakes() == [], "another environment has it"
    checkout.write("config/prod.yaml", "tool_servers: [")
    assert checkout.mistakes() == [], "another environment may have it"


def test_field_that_the_kit_needs_for_itself(checkout: Checkout) -> None:
    checkout.change("orders/tools.py", "    number: int\n    state", "    number: int\n    deprecation: str\n    state")
    assert checkout.mistakes() == [
        "lambda/orders: get_order answers a field called deprecation, which the kit adds when a major ends: rename it"
    ]


@pytest.mark.parametrize(
    ("previous", "sentence"),
    [
        (
            {1: {**MAJORS, "ends": date(2027, 2, 17)}},
            "previous.1.ends: 2027-02-17 is 89 days after 2026-11-20, when the major was deprecated, and callers have "
            "90 days at least: use 2027-02-18 or later",
        ),
        (
            {1: {**MAJORS, "ends": date(2026, 11, 1)}},
            "previous.1.ends: 2026-11-01 is before 2026-11-20, when the major was deprecated, and callers have 90 days "
            "at least: use 2027-02-18 or later",
        ),
        (
            {1: {**MAJORS, "ends": "soon"}},
            "previous.1.ends: 'soon' stands here: write a day without quotes, like 2027-06-30",
        ),
        ({1: {"deprecated": TODAY, "package": "orders_v1"}}, "previous.1.ends: is missing: add it"),
        ({"v1": MAJORS}, "previous.v1: 'v1' stands here: write a whole number"),
        ({-1: MAJORS}, "previous.-1: -1 is too small: use 0 or more"),
        (
            {1: {**MAJORS, "package": "orders-v1"}},
            "previous.1.package: 'orders-v1' is refused: write a Python package in lambda/, like "
            "aws_operations.general: lower-case letters, digits, _ and dots",
        ),
        (
            {1: {**MAJORS, "end": TODAY}},
            "previous.1.end: is an unknown key: did you mean ends? known here are deprecated, ends, package",
        ),
    ],
)
def test_promise_that_is_none(checkout: Checkout, previous: dict[int, dict[str, object]], sentence: str) -> None:
    checkout.promise(previous)
    assert checkout.mistakes() == [f"{LABEL}: {sentence}"]


def test_shortest_notice_that_is_taken(checkout: Checkout) -> None:
    checkout.promise({1: {**MAJORS, "ends": date(2027, 2, 18)}})
    assert checkout.mistakes() == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is no published version (JSONDecodeError("),
        ("[]", "is no published version (TypeError("),
        ('{"tools": {}}', "is no published version (KeyError('server'))"),
        ('{"server": "orders", "version": "1.0.0", "tools": {}}', "holds orders 1.0.0"),
    ],
)
def test_published_version_that_was_damaged(checkout: Checkout, text: str, what: str) -> None:
    checkout.write("versions/orders/2.0.0.json", text)
    [mistake] = checkout.mistakes()
    assert mistake.startswith(f"versions/orders/2.0.0.json: {what}")
    assert mistake.endswith(": restore it from version control")
