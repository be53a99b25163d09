"""What a resource type gives to the stack engine, and how it is registered there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from local.emulator.patching import replace
from local.emulator.schemas import ResourceSchemas

Properties = Mapping[str, Any]

_on_worker_thread: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A created resource: `id` is what Ref answers, `attributes` what Fn::GetAtt answers."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in which stack a resource is declared."""

    stack: str
    logical_id: str

    def physical_name(self, *, longest: int = 64) -> str:
        """A name as CloudFormation makes one for a resource without: stack, logical id, a stable suffix."""
        return str(provisioners._physical_name(self.stack, self.logical_id, max_len=longest))


class ResourceType(ABC):
    """One CloudFormation resource type. Every method may block: it runs on a thread of its own.

    An exception fails the resource with its text as the reason and the stack rolls back.
    """

    type: str

    @abstractmethod
    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the resource."""

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the resource in place; properties whose change replaces it never get here."""
        raise NotImplementedError(f"{self.type} {resource_id} cannot be updated in place: {sorted(new)}")

    @abstractmethod
    def delete(self, resource_id: str, properties: Properties) -> None:
        """Remove the resource; one that is already gone is no error."""


def register(resource_type: ResourceType, schemas: ResourceSchemas, *, replacing: tuple[str, ...] = ()) -> None:
    """Make the stack engine use `resource_type` for its type.

    `replacing` adds properties whose change replaces the resource to those that the schema calls create-only.
    Raises LookupError when the schemas do not know the type.
    """
    name = resource_type.type
    schema = schemas.get(name)
    if schema is None:
        raise LookupError(f"the CloudFormation schemas have no type {name}")

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, Any]]:
        return _answer(resource_type.create(properties, Place(stack=stack, logical_id=logical_id)))

    def update(
        resource_id: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> tuple[str, dict[str, Any]]:
        return _answer(resource_type.update(resource_id, old, new, Place(stack=stack, logical_id=logical_id)))

    provisioners._RESOURCE_HANDLERS[name] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": resource_type.delete,
    }
    provisioners._REPLACING_PROPERTIES[name] = schema.create_only + replacing
    run_on_worker_thread(name)


def run_on_worker_thread(kind: str) -> None:
    """Let the handler of a type block: it may call the emulator."""
    _on_worker_thread.add(kind)


def let_handlers_block() -> None:
    """Have the engine run the registered types on threads of their own."""
    original = stacks._runs_on_worker_thread

    def runs_on_worker_thread(resource_type: str) -> bool:
        return resource_type in _on_worker_thread or bool(original(resource_type))

    replace(original, runs_on_worker_thread)


def _answer(resource: Resource) -> tuple[str, dict[str, Any]]:
    return resource.id, dict(resource.attributes)
