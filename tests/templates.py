"""The synthesized templates as plain data, with the questions that tests ask of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.assemblies import ENVIRONMENTS, assembly

Json = dict[str, Any]

PLATFORM = ("network", "audit", "identity", "data", "tools", "gateway")
"""The deploy units that every environment has."""

CLUSTER = ("cluster",)
"""The deploy unit that only environments with a cluster have."""

WITH_CLUSTER = ("gamma", "prod")
"""The environments with a cluster."""

TENANTS = ("acme-corp", "globex")
"""The tenants of `config/tenants`, which are in every environment."""


def units(environment: str) -> tuple[str, ...]:
    """The deploy units of an environment; a stack is called `foundation-<environment>-<unit>`."""
    own = (f"{unit}-{tenant}" for unit in ("tenant", "agent-service") for tenant in TENANTS)
    cluster = (*CLUSTER, *(f"workloads-{tenant}" for tenant in TENANTS)) if environment in WITH_CLUSTER else ()
    return (*PLATFORM, *own, *cluster)


@dataclass(frozen=True)
class Template:
    """One stack's template.

    Attributes:
        name: the stack's name.
        body: the template.
    """

    name: str
    body: Json

    @property
    def resources(self) -> dict[str, Json]:
        """Resources by logical id."""
        resources: dict[str, Json] = self.body["Resources"]
        return resources

    def of_type(self, kind: str) -> dict[str, Json]:
        """Resources of the type `kind` by logical id."""
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, kind: str) -> list[Json]:
        """The properties of every resource of the type `kind`."""
        return [resource.get("Properties", {}) for resource in self.of_type(kind).values()]

    def only(self, kind: str) -> Json:
        """The properties of the one resource of the type `kind`; fails when there are more or fewer."""
        [properties] = self.properties(kind)
        return properties

    def id_of(self, kind: str) -> str:
        """The logical id of the one resource of the type `kind`."""
        [logical_id] = self.of_type(kind)
        return logical_id


@cache
def template(environment: str, unit: str) -> Template:
    """The template of a deploy unit as the real app wrote it."""
    name = f"foundation-{environment}-{unit}"
    return Template(name, json.loads((assembly(environment) / f"{name}.template.json").read_text(encoding="utf-8")))


def all_templates() -> Iterator[Template]:
    """The templates of all units of all environments."""
    return (template(environment, unit) for environment in ENVIRONMENTS for unit in units(environment))


def elsewhere(environment: str, reference: Json) -> Json:
    """What a reference to another stack's output stands for there; anything else as it is."""
    if "Fn::GetStackOutput" not in reference:
        return reference
    output = reference["Fn::GetStackOutput"]
    unit = output["StackName"].removeprefix(f"foundation-{environment}-")
    value: Json = template(environment, unit).body["Outputs"][output["OutputName"]]["Value"]
    return value


def policies(of: Template) -> Iterator[tuple[str, Json]]:
    """Every policy document in a template, with where it stands: `<logical id>.<property>`."""
    for logical_id, resource in of.resources.items():
        yield from _documents(resource.get("Properties", {}), logical_id)


def _documents(node: Any, place: str) -> Iterator[tuple[str, Json]]:
    if isinstance(node, Mapping):
        if "Statement" in node:
            yield place, dict(node)
        for key, value in node.items():
            yield from _documents(value, f"{place}.{key}")
    elif isinstance(node, list):
        for item in node:
            yield from _documents(item, place)


def many(value: Any) -> list[Any]:
    """`value` as the list that CloudFormation and IAM let one write as a single entry."""
    return value if isinstance(value, list) else [value]


def written(node: Any) -> str:
    """`node` as text, Fn::Join and Fn::Sub put together, other intrinsics as `<Name>` or `<Name.Attribute>`."""
    if isinstance(node, str):
        return node
    [(function, argument)] = node.items()
    if function == "Fn::Join":
        return str(argument[0]).join(written(part) for part in argument[1])
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    if function == "Fn::GetStackOutput":
        return f"<{argument['StackName']}.{argument['OutputName']}>"
    if function == "Ref":
        return f"<{argument}>"
    raise ValueError(f"tests/templates.py cannot write {function} as text")


def strings(node: Any) -> Iterator[str]:
    """Every text in `node`: keys and values."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield key
            yield from strings(value)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
