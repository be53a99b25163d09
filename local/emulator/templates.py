"""Refuses what AWS would refuse of a template, by name and before anything is created.

ministack ignores properties that it does not know. Here every resource is checked against CloudFormation's own
schema twice: in the template, where the values of intrinsic functions are not known yet, and when the resource is
created or changed, where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services.cloudformation import engine, provisioners

from local.emulator.patching import replace
from local.emulator.schemas import ResourceSchemas

Template = Mapping[str, Any]


def install(schemas: ResourceSchemas) -> None:
    """Check templates and resources with `schemas` from now on."""
    _check_templates(schemas)
    _check_resources(schemas)


def _check_templates(schemas: ResourceSchemas) -> None:
    original = engine.validate_template_support

    def validate_template_support(template: Template, conditions: Mapping[str, bool], params: Any = None) -> None:
        problems = list(template_problems(template, conditions, schemas))
        if problems:
            raise ValueError("Template format error: " + "; ".join(problems))
        original(template, conditions, params)

    replace(original, validate_template_support)


def _check_resources(schemas: ResourceSchemas) -> None:
    provision, update = provisioners._provision_resource, provisioners._update_resource

    def provision_resource(kind: str, logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        _check(kind, properties, schemas)
        return provision(kind, logical_id, properties, stack)

    def update_resource(kind: str, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *rest: Any) -> Any:
        _check(kind, new, schemas)
        return update(kind, resource_id, old, new, *rest)

    replace(provision, provision_resource)
    replace(update, update_resource)


def template_problems(template: Template, conditions: Mapping[str, bool], schemas: ResourceSchemas) -> Iterable[str]:
    """One sentence per unknown type and per mistake in a resource that the conditions let exist."""
    for logical_id, resource in template.get("Resources", {}).items():
        if not conditions.get(resource.get("Condition"), True):
            continue
        kind, properties = resource.get("Type", ""), resource.get("Properties") or {}
        if kind.startswith("Custom::"):
            if "ServiceToken" not in properties:
                yield f"{logical_id} ({kind}): ServiceToken: is required"
            continue
        schema = schemas.get(kind)
        if schema is None:
            yield f"{logical_id}: AWS has no resource type {kind}"
        elif kind not in provisioners._RESOURCE_HANDLERS:
            yield f"{logical_id}: the local run has no resource type {kind}"
        else:
            yield from (f"{logical_id} ({kind}): {problem}" for problem in schema.problems(properties))


def _check(kind: str, properties: Mapping[str, Any], schemas: ResourceSchemas) -> None:
    schema = schemas.get(kind)
    problems = schema.problems(properties) if schema else []
    if problems:
        raise ValueError(f"Model validation failed ({'; '.join(problems)})")
