"""A checkout with settings to spoil, for the tests of what the settings refuse."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from stacks.settings import SettingsError, load_settings
from tests.assemblies import ROOT

Document = dict[str, Any]
Change = Callable[[Document], None]

SLUG = "lower-case letters, digits and single hyphens, a letter first, like acme-corp"
"""What messages say of a name."""

ENVIRONMENT: Document = {
    "development": True,
    "network": {"availability_zones": 2, "nat_gateways": 0},
    "tool_servers": {
        "aws-operations": {"package": "aws_operations.general", "in_vpc": False, "reserved_concurrency": 5}
    },
    "log_retention_days": 30,
    "protection": {"terminate": False, "retain_data": False},
    "checks": {"packs": ["AwsSolutions"]},
}
TENANT: Document = {
    "tenant": "acme-corp",
    "organization": "org-finance",
    "agents": {"finance-agent": {"type": "assistant", "groups": ["analysts"], "scopes": ["aws-operations/read"]}},
    "groups": {"analysts": {"tools": ["aws-operations/get_time"]}},
}


class Config:
    """A `config/` folder of a checkout, with the environment `dev` and the tenant `acme-corp`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = copy.deepcopy(ENVIRONMENT)
        self.tenant = copy.deepcopy(TENANT)
        (root / "config" / "tenants").mkdir(parents=True)
        # The repository's own packages by links, since most tests read few of them and none changes one.
        (root / "lambda").mkdir()
        for package in (ROOT / "lambda").iterdir():
            (root / "lambda" / package.name).symlink_to(package)

    def write(self, path: str, content: Document | str) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        file = self.root / "config" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def mistakes(self, name: str | None = "dev") -> list[str]:
        """What loading it reports; the two files are written unless a test did so."""
        for path, content in (("dev.yaml", self.environment), ("tenants/acme-corp.yaml", self.tenant)):
            if not (self.root / "config" / path).exists():
                self.write(path, content)
        try:
            load_settings(name, root=self.root)
        except SettingsError as error:
            return error.mistakes
        return []


def at(path: str, value: object) -> Change:
    """A change of a document: `value` at the dotted `path`."""

    def change(document: Document) -> None:
        *sections, last = path.split(".")
        for section in sections:
            document = document.setdefault(section, {})
        document[last] = value

    return change


def both(first: Change, second: Change) -> Change:
    """One change after the other."""

    def change(document: Document) -> None:
        first(document)
        second(document)

    return change


def without(path: str) -> Change:
    """A change of a document: nothing at the dotted `path`."""

    def change(document: Document) -> None:
        *sections, last = path.split(".")
        for section in sections:
            document = document[section]
        del document[last]

    return change
