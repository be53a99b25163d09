"""The page of what a deployed environment gives to people and programs outside it, from the templates themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.generator.markdown import code, page, table

Template = dict[str, Any]

UNITS = ("network", "identity", "data", "tools", "gateway")
FOUND_BY_NAME = {"AWS::SSM::Parameter": "parameter in Parameter Store", "AWS::SecretsManager::Secret": "secret"}
"""Types whose names clients know; everything else is found by an output."""


def outputs_page(assembly: Path, *, environment: str) -> str:
    """Outputs, parameters and secrets.

    Args:
        assembly: what a synthesis of `environment` wrote.
        environment: the environment whose name the page replaces by `<environment>`.
    """
    templates = {
        unit: json.loads((assembly / f"foundation-{environment}-{unit}.template.json").read_text(encoding="utf-8"))
        for unit in UNITS
    }

    def anywhere(text: str) -> str:
        return code(text.replace(f"foundation/{environment}/", "foundation/<environment>/"))

    return page(
        "Stacks and what they put out",
        "Outputs without a description are how one stack reads another's values; nothing else may rely on them.",
        table(
            ("stack", "output", "meaning"),
            (
                (code(f"foundation-<environment>-{unit}"), code(name), output["Description"])
                for unit, template in templates.items()
                for name, output in template.get("Outputs", {}).items()
                if "Description" in output
            ),
        ),
        "Clients find the following by name:",
        table(
            ("name", "what", "meaning"),
            (
                (anywhere(properties["Name"]), what, properties["Description"])
                for template in templates.values()
                for what, properties in _named(template)
            ),
        ),
        "A secret's value is JSON with `client_id`, `client_secret`, `token_endpoint` and `scopes` (a list). Before "
        "its first rotation, moments after it is created, it has no `client_secret` yet.",
    )


def _named(template: Template) -> Iterator[tuple[str, Template]]:
    for resource in template["Resources"].values():
        if resource["Type"] in FOUND_BY_NAME:
            yield FOUND_BY_NAME[resource["Type"]], resource["Properties"]
