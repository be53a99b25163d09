"""Resource types that only wrap an API: declared in a few lines, the rest follows from the API's model."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.casing import to_attributes, to_request
from local.emulator.resources.deletion import unless_gone

Answer = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ApiResource(ResourceType):
    """A type whose create, read, update and delete are one API operation each.

    `identifier` names the attributes that identify the resource, in the order in which Ref joins them with "|";
    `renamed` maps members of the API to CloudFormation's names where they are more than a matter of case. `inside`
    is the member of the read answer that holds the resource, when it has a wrapper. `reshape` turns properties into
    what the request is made of, where that is more than spelling. `drop_on_update` are properties that the update
    operation does not take.
    """

    type: str
    service: str
    create_operation: str
    read_operation: str
    delete_operation: str
    identifier: tuple[str, ...]
    update_operation: str | None = None
    inside: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    reshape: Callable[[Properties], Properties] = dict
    drop_on_update: tuple[str, ...] = ()
    default_name: str | None = None

    def create(self, properties: Properties, place: Place) -> Resource:
        """Call the create operation, then read the resource for its attributes."""
        if self.default_name and self.default_name not in properties:
            properties = {**properties, self.default_name: place.physical_name()}
        answer = self._call(self.create_operation, self.reshape(properties))
        known = {**properties, **self._attributes(self._unwrap(answer))}
        return self._read({name: known[name] for name in self.identifier})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Call the update operation with the new properties and the identifier."""
        if self.update_operation is None:
            return super().update(resource_id, old, new, place)
        kept = {name: value for name, value in self.reshape(new).items() if name not in self.drop_on_update}
        identity = self._identity(resource_id)
        self._call(self.update_operation, {**kept, **identity})
        return self._read(identity)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Call the delete operation."""
        with unless_gone():
            self._call(self.delete_operation, self._identity(resource_id))

    def _read(self, identity: Mapping[str, str]) -> Resource:
        answer = self._call(self.read_operation, identity)
        attributes = {**self._attributes(self._unwrap(answer)), **identity}
        return Resource(id="|".join(identity.values()), attributes=attributes)

    def _identity(self, resource_id: str) -> dict[str, str]:
        return dict(zip(self.identifier, resource_id.split("|"), strict=True))

    def _call(self, operation: str, properties: Properties) -> Answer:
        api = client(self.service)
        shape = api.meta.service_model.operation_model(operation).input_shape
        original = {ours: theirs for theirs, ours in self.renamed.items()}
        members = {name.lower() for name in shape.members}
        spelled = {
            original[name] if name in original and original[name].lower() in members else name: value
            for name, value in properties.items()
        }
        answer: Answer = getattr(api, xform_name(operation))(**to_request(spelled, shape))
        return answer

    def _unwrap(self, answer: Answer) -> Answer:
        inner = answer[self.inside] if self.inside and self.inside in answer else answer
        return {name: value for name, value in inner.items() if name != "ResponseMetadata"}

    def _attributes(self, answer: Answer) -> dict[str, Any]:
        attributes = to_attributes(answer)
        for theirs, ours in self.renamed.items():
            spelled = theirs[:1].upper() + theirs[1:]
            if spelled in attributes:
                attributes[ours] = attributes.pop(spelled)
        return attributes
