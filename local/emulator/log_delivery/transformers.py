"""Log transformers: what a subscription that asks for it gets of an event.

docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation.html. Of the processors, parseJSON of
the message and deleteKeys are known here; others are refused by name.
"""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch_logs

from local.emulator.resources.base import Place, Properties, Resource, ResourceType

_transformers: dict[str, Sequence[Mapping[str, Any]]] = {}


class Transformer(ResourceType):
    """AWS::Logs::Transformer, one a log group."""

    type = "AWS::Logs::Transformer"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Attach the transformer. Raises LookupError without the log group, ValueError for a processor unknown here."""
        group = str(properties["LogGroupIdentifier"])
        if group not in cloudwatch_logs._log_groups:
            raise LookupError(f"The specified log group does not exist: {group}")
        if group in _transformers:
            raise ValueError(f"The log group {group} has a transformer already")
        return self._attach(group, properties)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the processors."""
        return self._attach(resource_id, new)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Take the transformer away."""
        _transformers.pop(resource_id, None)

    def _attach(self, group: str, properties: Properties) -> Resource:
        processors = properties["TransformerConfig"]
        if next(iter(processors[0])) != "ParseJSON":
            raise ValueError("The first processor of a transformer must be a parser; the local run has ParseJSON")
        if processors[0]["ParseJSON"]:
            raise ValueError("The local run parses the message as a whole, and into no other place")
        for processor in processors[1:]:
            if list(processor) != ["DeleteKeys"]:
                raise ValueError(f"The local run has no log processor {', '.join(processor)} here, only DeleteKeys")
        _transformers[group] = processors
        return Resource(id=group)


def transformed(group: str, message: str) -> str:
    """The message as the log group's transformer leaves it; as it is without one, and when it is no JSON object."""
    processors = _transformers.get(group)
    if processors is None:
        return message
    try:
        document = json.loads(message)
    except ValueError:
        return message
    if not isinstance(document, dict):
        return message
    for processor in processors[1:]:
        _delete_keys(document, processor["DeleteKeys"])
    return json.dumps(document)


def _delete_keys(document: dict[str, Any], settings: Mapping[str, Any]) -> None:
    for path in settings["WithKeys"]:
        *above, last = path.split(".")
        place: Any = document
        for name in above:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(last, None)
