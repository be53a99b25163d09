"""`make publish` and `make new-major`, tried on a checkout."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from stacks.settings.versions.__main__ import main
from stacks.settings.versions.cutting import cut_major
from stacks.settings.versions.publishing import RefusalError, publish
from stacks.settings.versions.relocation import renamed
from tests.assemblies import ROOT
from tests.unit.versions_support import MAJORS, TODAY, Checkout, import_anew


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path, monkeypatch)
    import_anew(made.root / "lambda", monkeypatch)
    return made


def refused(checkout: Checkout) -> str:
    before = files(checkout.root)
    with pytest.raises(RefusalError) as caught:
        publish([], root=checkout.root)
    assert files(checkout.root) == before, "nothing is written"
    return str(caught.value)


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_publishing_writes_every_served_major_once(checkout: Checkout) -> None:
    published = [checkout.versions / "2.0.0.json", checkout.versions / "1.0.0.json"]
    texts = [file.read_text() for file in published]
    for file in published:
        file.unlink()
    assert publish([], root=checkout.root) == published
    assert [file.read_text() for file in published] == texts
    assert publish([], root=checkout.root) == []


def test_addition_needs_a_minor_version(checkout: Checkout) -> None:
    checkout.add_tool()
    assert refused(checkout) == (
        "lambda/orders: orders 2.0.0 differs from the published 2.0.0 (tool count_orders was added): that is a minor "
        "change: set version 2.1.0 and run make publish again, or undo it; versions/orders/2.0.0.json stays as it is"
    )


def test_addition_under_a_patch_version(checkout: Checkout) -> None:
    checkout.add_tool()
    checkout.change("orders/server.py", "2.0.0", "2.0.1")
    assert "that is a minor change: set version 2.1.0" in refused(checkout)


def test_addition_under_its_minor_version(checkout: Checkout) -> None:
    checkout.add_tool()
    checkout.change("orders/server.py", "2.0.0", "2.1.0")
    assert publish(["orders"], root=checkout.root) == [checkout.versions / "2.1.0.json"]


def test_other_words_need_a_patch_version(checkout: Checkout) -> None:
    checkout.change("orders/tools.py", "Tell how far an order is.", "Tell the state of an order.")
    assert "that is a patch change: set version 2.0.1" in refused(checkout)


def test_new_code_without_a_change_for_callers(checkout: Checkout) -> None:
    checkout.change("orders/server.py", "2.0.0", "2.0.1")
    assert publish([], root=checkout.root) == [checkout.versions / "2.0.1.json"]


def test_one_refusal_holds_back_all(checkout: Checkout) -> None:
    checkout.add_tool()
    (checkout.versions / "1.0.0.json").unlink()
    assert "count_orders" in refused(checkout)


def test_breaking_change_is_not_published(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.change("orders/tools.py", "def get_order", "def read_order")
    assert main(["--root", str(checkout.root), "publish"]) == 1
    assert "(tool get_order was removed): bump orders from 2.0.0 to 3.0.0" in capsys.readouterr().err


def test_server_that_is_none(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(checkout.root), "publish", "order"]) == 1
    assert capsys.readouterr().err == "there is no tool server 'order' in config/: use one of orders\n"
    assert main(["--root", str(checkout.root), "new-major", "", "--ends", ""]) == 1
    assert capsys.readouterr().err == "SERVER= is missing: use one of orders\n"


def test_new_major_beside_the_present_one(checkout: Checkout) -> None:
    cut = cut_major("orders", ends="2027-09-30", root=checkout.root, today=TODAY)
    assert (cut.package, cut.version) == ("orders_v2", "3.0.0")
    settings = checkout.settings()
    assert [(major.target, major.package, major.ends) for major in settings.served_majors["orders"]] == [
        ("orders-v3", "orders", None),
        ("orders-v2", "orders_v2", date(2027, 9, 30)),
        ("orders-v1", "orders_v1", date(2027, 6, 30)),
    ]
    successors = {major.deprecation.successor for major in settings.served_majors["orders"] if major.deprecation}
    assert successors == {"orders-v3"}
    checkout.change("orders/tools.py", "def get_order", "def read_order")
    assert checkout.mistakes() == [], "the new major is free to change"


def test_new_major_of_a_package_inside_another(tmp_path: Path) -> None:
    """As its author does it: by the command, in a copy of this project, and then a breaking change."""
    for folder in ("config", "lambda", "stacks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    versions(tmp_path, "publish", "aws-operations")
    output = versions(tmp_path, "new-major", "aws-operations", "--ends", "2099-12-31")
    assert output.splitlines() == [
        "lambda/aws_operations_v1/general serves the previous major until 2099-12-31.",
        "lambda/aws_operations/general/server.py declares 2.0.0: change its tools, then run make publish.",
    ]
    copied = tmp_path / "lambda" / "aws_operations_v1"
    assert sorted(path.name for path in copied.iterdir() if path.is_dir()) == ["general"], "no other server comes along"
    assert all(b"from aws_operations." not in file.read_bytes() for file in copied.rglob("*.py"))
    basics = tmp_path / "lambda" / "aws_operations" / "general" / "basics.py"
    basics.write_text(basics.read_text().replace("def hello_world", "def hello"))
    assert versions(tmp_path, "publish", "aws-operations") == "Wrote versions/aws-operations/2.0.0.json.\n"
    tools = json.loads((tmp_path / "versions" / "aws-operations" / "2.0.0.json").read_text())["tools"]
    assert {"hello", "get_time"} <= set(tools)
    assert "hello_world" not in tools


def versions(root: Path, *arguments: str) -> str:
    """What the command prints in the project `root`."""
    path = os.pathsep.join(str(folder) for folder in (root, root / "lambda"))
    command = [sys.executable, "-m", "stacks.settings.versions", *arguments]
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ("next year", "ENDS='next year' is no day: write it like 2027-05-19"),
        ("", "ENDS= is missing, the last day of the present major: write it like 2027-05-19"),
        (
            "2026-12-31",
            "ENDS=2026-12-31 is 41 days from now, and callers have 90 at least: use 2027-02-18 or later",
        ),
    ],
)
def test_end_that_is_none_or_too_early(checkout: Checkout, ends: str, sentence: str) -> None:
    assert not_cut(checkout, ends=ends) == sentence


def test_new_major_of_code_that_is_not_published(checkout: Checkout) -> None:
    checkout.add_tool()
    assert not_cut(checkout) == (
        "lambda/orders: orders 2.0.0 is not published as it is: run make publish SERVER=orders first, so that its "
        "callers keep what they know"
    )


def test_new_major_that_has_begun(checkout: Checkout) -> None:
    cut_major("orders", ends="2027-09-30", root=checkout.root, today=TODAY)
    import_anew(checkout.root / "lambda", checkout.monkeypatch)
    assert not_cut(checkout) == (
        "lambda/orders: orders 3.0.0 is a new major already, of which nothing is published: change its code, and run "
        "make publish SERVER=orders when callers may rely on it"
    )


def test_new_major_while_two_previous_ones_are_served(checkout: Checkout) -> None:
    ended = {"deprecated": date(2026, 1, 1), "ends": date(2026, 6, 30)}
    checkout.promise({1: MAJORS, 0: ended})
    cut_major("orders", ends="2027-09-30", root=checkout.root, today=TODAY)
    import_anew(checkout.root / "lambda", checkout.monkeypatch)
    publish([], root=checkout.root)
    assert not_cut(checkout) == (
        "orders serves majors 2, 1 beside 3, and 2 can be: wait until 1 has ended on 2027-06-30, and remove it then"
    )


def test_new_major_over_another_folder(checkout: Checkout) -> None:
    (checkout.root / "lambda" / "orders_v2").mkdir()
    assert not_cut(checkout) == "lambda/orders_v2 is there already: remove it, if it is left from another try"


def test_version_that_is_computed(checkout: Checkout) -> None:
    checkout.change("orders/server.py", 'version="2.0.0"', 'version=".".join("200")')
    assert not_cut(checkout) == (
        "lambda/orders: no module says ToolServer('orders', version=...): write the version there as a text, so that "
        "it can be changed"
    )


def not_cut(checkout: Checkout, *, ends: str = "2027-09-30") -> str:
    before = files(checkout.root)
    with pytest.raises(RefusalError) as caught:
        cut_major("orders", ends=ends, root=checkout.root, today=TODAY)
    assert files(checkout.root) == before, "nothing is written"
    return str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from orders.server import server", "from orders_v1.server import server"),
        ("from orders import (\n    server,\n)", "from orders_v1 import (\n    server,\n)"),
        ("from \\\n    orders import server", "from \\\n    orders_v1 import server"),
        ("import os, orders.rows as rows", "import os, orders_v1.rows as rows"),
        ("import orders.rows\norders.rows.tell()", "import orders_v1.rows\norders_v1.rows.tell()"),
        ("é = 1; import orders", "é = 1; import orders_v1"),
        ('server.discover("orders")', 'server.discover("orders_v1")'),
        ('import_module("orders.rows")', 'import_module("orders_v1.rows")'),
        ("from . import orders", "from . import orders"),
        ("from orders_api import orders", "from orders_api import orders"),
        ('server = ToolServer("orders", version="1.0.0")', 'server = ToolServer("orders", version="1.0.0")'),
        ('orders = {"orders.rows": 1}  # orders', 'orders = {"orders.rows": 1}  # orders'),
    ],
)
def test_mentions_of_a_package(before: str, after: str) -> None:
    assert renamed(before.encode(), before="orders", after="orders_v1").decode() == after
