"""Every acknowledgement of a policy finding is about a finding that some environment really has."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.assemblies import ENVIRONMENTS, assembly

METADATA_KEY = "aws:cdk:acknowledged-rules"
CDK_OWN = ("Annotation::", "CloudFormation-Validate::")
"""Acknowledgements that CDK's constructs make themselves begin with these."""

Acknowledgement = tuple[str, str]
"""Construct path and rule id, both with the environment's name left open."""


def given(folder: Path) -> Iterator[Acknowledgement]:
    """What the stacks of an assembly acknowledge."""
    for file in folder.glob("*.metadata.json"):
        for path, entries in json.loads(file.read_text()).items():
            for entry in entries:
                if entry["type"] == METADATA_KEY:
                    yield from (
                        (path.removeprefix("/"), rule) for rule in entry["data"] if not rule.startswith(CDK_OWN)
                    )


def needed(folder: Path) -> Iterator[Acknowledgement]:
    """The acknowledgements that took a finding out of the report."""
    for pack in json.loads((folder / "validation-report.json").read_text())["pluginReports"]:
        for finding in pack.get("suppressedViolations", ()):
            yield finding.get("acknowledgedAt", ""), finding["acknowledgedId"]


def anywhere(acknowledgement: Acknowledgement, environment: str) -> Acknowledgement:
    path, rule = (part.replace(f"foundation-{environment}", "foundation-*") for part in acknowledgement)
    return path, rule.replace(f"foundation/{environment}/", "foundation/*/")


def test_no_acknowledgement_is_stale() -> None:
    stale: set[Acknowledgement] = set()
    used: set[Acknowledgement] = set()
    for environment in ENVIRONMENTS:
        folder = assembly(environment)
        stale |= {anywhere(acknowledgement, environment) for acknowledgement in given(folder)}
        used |= {anywhere(acknowledgement, environment) for acknowledgement in needed(folder)}
    assert used, "no finding was acknowledged at all: this test no longer reads the report rightly"
    assert stale - used == set()
