"""From CloudFormation's spelling of a property to the API's, led by the API's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


class UnknownMemberError(ValueError):
    """A property has no counterpart in the API; the message names both."""


def to_request(value: Any, shape: Shape, path: str = "") -> Any:
    """`value` with the member names and scalar types that `shape` has.

    CloudFormation writes `DiscoveryUrl` and possibly "true" where the API has `discoveryUrl` and true, and a list of
    Key/Value pairs where the API has a map of tags. Raises UnknownMemberError for a member the API does not have.
    """
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return value if shape.is_document_type else _structure(value, shape, path)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, MapShape):
        if isinstance(value, list):
            return {str(tag["Key"]): str(tag["Value"]) for tag in value}
        return {key: to_request(item, shape.value, f"{path}.{key}") for key, item in value.items()}
    return _scalar(value, shape)


def _structure(value: Mapping[str, Any], shape: StructureShape, path: str) -> dict[str, Any]:
    members = {name.lower(): name for name in shape.members}
    result = {}
    for name, item in value.items():
        below = f"{path}.{name}" if path else name
        member = members.get(name.lower())
        if member is None:
            raise UnknownMemberError(f"{below} has no counterpart in the API's {shape.name}")
        result[member] = to_request(item, shape.members[member], below)
    return result


def _scalar(value: Any, shape: Shape) -> Any:
    match shape.type_name:
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "integer" | "long":
            return int(value)
        case "double" | "float":
            return float(value)
        case "string":
            return str(value).lower() if isinstance(value, bool) else str(value)
        case _:
            return value


def to_attributes(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An API's answer as Fn::GetAtt gives it: upper-case member names, nested members joined by dots."""
    attributes: dict[str, Any] = {}
    for name, value in answer.items():
        key = name[:1].upper() + name[1:]
        if isinstance(value, Mapping):
            attributes |= {f"{key}.{inner}": item for inner, item in to_attributes(value).items()}
        elif isinstance(value, list):
            attributes[key] = value
        else:
            attributes[key] = str(value)
    return attributes
