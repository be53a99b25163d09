"""The page of what a deployed environment gives to people and programs outside it, from the templates themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.generator.markdown import code, page, table

Template = dict[str, Any]

UNITS = ("network", "audit", "identity", "data", "tools", "gateway", "cluster")
"""Units that an environment has once; the cluster only where the settings have one."""
TENANT = "tenant-<tenant>"
"""What stands for every tenant's stack; they put out the same."""
AGENT_SERVICE = "agent-service-<tenant>"
"""What stands for the stacks of agents that people talk to; the outputs of an agent begin with its name."""

FOUND_BY_NAME = {"AWS::SSM::Parameter": "parameter in Parameter Store", "AWS::SecretsManager::Secret": "secret"}
"""Types whose names clients know; everything else is found by an output."""


def outputs_page(assembly: Path, *, environment: str) -> str:
    """Outputs, parameters and secrets.

    Args:
        assembly: what a synthesis of `environment` wrote.
        environment: the environment whose name the page replaces by `<environment>`.
    """
    prefix = f"foundation-{environment}-"
    templates = {unit: _read(assembly / f"{prefix}{unit}.template.json") for unit in UNITS}
    tenants = [_read(file) for file in sorted(assembly.glob(f"{prefix}tenant-*.template.json"))]
    services = [_read(file) for file in sorted(assembly.glob(f"{prefix}agent-service-*.template.json"))]

    def anywhere(text: str) -> str:
        return code(text.replace(f"foundation/{environment}/", "foundation/<environment>/"))

    return page(
        "Stacks and what they put out",
        "Outputs without a description are how one stack reads another's values; nothing else may rely on them.",
        table(
            ("stack", "output", "meaning"),
            (
                (code(f"foundation-<environment>-{unit}"), code(name), output["Description"])
                for unit, template in {**templates, TENANT: tenants[0], AGENT_SERVICE: services[0]}.items()
                for name, output in template.get("Outputs", {}).items()
                if "Description" in output
            ),
        ),
        "Clients find the following by name:",
        table(
            ("name", "what", "meaning"),
            (
                (anywhere(properties["Name"]), what, properties["Description"])
                for template in (*templates.values(), *tenants, *services)
                for what, properties in _named(template)
            ),
        ),
        "A secret's value is JSON with `client_id`, `client_secret`, `token_endpoint` and `scopes` (a list). Before "
        "its first rotation, moments after it is created, it has no `client_secret` yet.",
    )


def _read(file: Path) -> Template:
    template: Template = json.loads(file.read_text(encoding="utf-8"))
    return template


def _named(template: Template) -> Iterator[tuple[str, Template]]:
    """What clients know by name; the directory's parameters are named by clients' ids and are for functions alone."""
    for resource in template["Resources"].values():
        if resource["Type"] in FOUND_BY_NAME and isinstance(resource["Properties"].get("Name"), str):
            yield FOUND_BY_NAME[resource["Type"]], resource["Properties"]
