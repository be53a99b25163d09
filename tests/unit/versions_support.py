"""A checkout with the tool server `orders`, whose code and versions a test changes."""

import importlib
import shutil
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from stacks.settings import Settings, SettingsError, load_settings
from tests.assemblies import ROOT

TODAY = date(2026, 11, 20)
FIXTURES = ROOT / "tests" / "fixtures"
ENVIRONMENT = {
    "development": True,
    "network": {"availability_zones": 2, "nat_gateways": 0},
    "tool_servers": {"orders": {"package": "orders", "in_vpc": False, "reserved_concurrency": 5}},
    "log_retention_days": 30,
    "protection": {"terminate": False, "retain_data": False},
    "checks": {"packs": ["AwsSolutions"]},
}
TENANT = {
    "tenant": "acme-corp",
    "organization": "org-finance",
    "agents": {"buyer": {"type": "assistant", "groups": ["buyers"], "scopes": ["orders/read"]}},
    "groups": {"buyers": {"tools": ["orders/*"]}},
}
MAJORS = {"deprecated": TODAY, "ends": date(2027, 6, 30), "package": "orders_v1"}
TOOL = '''

@server.tool(actions=[])
def count_orders() -> dict[str, int]:
    """Count the orders."""
    return {}
'''


class Checkout:
    """A project with `orders` 2.0.0 and its previous major, both published, the latter until 2027-06-30."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.monkeypatch = monkeypatch
        shutil.copytree(FIXTURES / "lambda", root / "lambda", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(FIXTURES / "versions", root / "versions")
        (root / "config" / "tenants").mkdir(parents=True)
        self.write("config/dev.yaml", yaml.safe_dump(ENVIRONMENT))
        self.write("config/tenants/acme-corp.yaml", yaml.safe_dump(TENANT))
        self.promise({1: MAJORS})

    @property
    def versions(self) -> Path:
        return self.root / "versions" / "orders"

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def promise(self, previous: Mapping[int, Mapping[str, object]]) -> None:
        self.write("versions/orders/majors.yaml", yaml.safe_dump({"previous": dict(previous)}))

    def change(self, path: str, before: str, after: str) -> None:
        """Replace what stands once in a file below `lambda/`."""
        file = self.root / "lambda" / path
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {path}"
        file.write_text(text.replace(before, after), encoding="utf-8")

    def add_tool(self) -> None:
        """Add the tool `count_orders` to the current major."""
        with (self.root / "lambda" / "orders" / "tools.py").open("a") as file:
            file.write(TOOL)

    def settings(self, *, today: date = TODAY) -> Settings:
        """What loading it gives, from its own code."""
        import_anew(self.root / "lambda", self.monkeypatch)
        return load_settings("dev", root=self.root, today=today)

    def mistakes(self, *, today: date = TODAY) -> list[str]:
        try:
            self.settings(today=today)
        except SettingsError as error:
            return error.mistakes
        return []


def import_anew(source_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next import of a checkout's packages read its files, whatever was imported under their names."""
    names = {folder.name for folder in source_root.iterdir()}
    for module in [name for name in sys.modules if name.partition(".")[0] in names]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.syspath_prepend(source_root)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two changes within a second look the same to a .pyc
    importlib.invalidate_caches()
