"""What changed for callers between two versions of a tool server, place by place.

A caller's arguments must go on being taken: what a parameter takes may grow and not shrink. A caller goes on reading
answers: what a field may hold may shrink and not grow, and members that the caller does not know are no harm. Allowed
values of an answer may grow too, since AgentCore's schema cannot tell callers of them in the first place.

Whether an object has known members, values of one type, or anything, is its form. A change of form breaks callers,
unless a parameter takes any object afterwards or a field could hold any object before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stacks.settings.versions.changes import Change, Kind
from stacks.settings.versions.published import Published, PublishedTool
from toolkit.contract import Contract

Schema = Mapping[str, Any]


def changes(before: Published, after: Published) -> tuple[Change, ...]:
    """Every change from one version of a server to another, the breaking ones first."""
    found: list[Change] = []
    for name in sorted({*before.tools, *after.tools}):
        if name not in after.tools:
            found.append(Change(Kind.TOOL_REMOVED, f"tool {name}"))
        elif name not in before.tools:
            found.append(Change(Kind.TOOL_ADDED, f"tool {name}"))
        else:
            found += _of_tool(name, before.tools[name], after.tools[name])
    return tuple(sorted(found, key=lambda change: -change.kind.bump))


def _of_tool(name: str, before: PublishedTool, after: PublishedTool) -> list[Change]:
    """The changes of one tool; other words count only when nothing else changed."""
    old, new = before.contract, after.contract
    found = [*_arguments(name, old.arguments, new.arguments), *_operations(name, old, new), *_answer(name, old, new)]
    if not found and before != after:
        found.append(Change(Kind.REWORDED, f"tool {name}"))
    return found


def _operations(tool: str, before: Contract, after: Contract) -> Iterator[Change]:
    """Changes of what single operations take; those of the tool as a whole are told with its arguments."""
    gone = set(before.arguments["properties"]) - set(after.arguments["properties"])
    for name in before.operations.keys() & after.operations.keys():
        place = f"{tool}: operation {name}"
        old, new = before.operations[name], after.operations[name]
        known, now = {*old.needs, *old.takes}, {*new.needs, *new.takes}
        for argument in sorted(known - now - gone):
            yield Change(Kind.OPERATION_TAKES_LESS, place, before=argument)
        for argument in sorted({*new.needs} - {*old.needs}):
            yield Change(Kind.OPERATION_NEEDS_MORE, place, after=argument)
        for argument in sorted({*new.takes} - known):
            yield Change(Kind.OPERATION_TAKES_MORE, place, after=argument)
        for argument in sorted({*old.needs} & {*new.takes}):
            yield Change(Kind.OPERATION_NEEDS_LESS, place, before=argument)


def _arguments(place: str, before: Schema, after: Schema, *, prefix: str = "") -> Iterator[Change]:
    """Changes of an object of arguments, at the top or, named by `prefix`, inside a parameter."""
    old, new = before["properties"], after["properties"]
    needed, needs = set(before.get("required", ())), set(after.get("required", ()))
    for name in dict.fromkeys([*old, *new]):
        where = f"{place}: parameter {prefix}{name}"
        if name not in new:
            yield Change(Kind.PARAMETER_REMOVED, where)
        elif name not in old:
            yield Change(Kind.REQUIRED_PARAMETER_ADDED if name in needs else Kind.PARAMETER_ADDED, where)
        else:
            if (name in needed) != (name in needs):
                yield Change(Kind.PARAMETER_BECAME_REQUIRED if name in needs else Kind.PARAMETER_BECAME_OPTIONAL, where)
            yield from _parameter(place, f"{prefix}{name}", old[name], new[name])


def _parameter(place: str, name: str, before: Schema, after: Schema) -> Iterator[Change]:
    """Changes of what one parameter takes."""
    where = f"{place}: parameter {name}"
    texts = {"before": _in_words(before), "after": _in_words(after)}
    if not _covers(after, before):
        yield Change(Kind.PARAMETER_NARROWED, where, **texts)
        return
    if not _covers(before, after):
        yield Change(Kind.PARAMETER_WIDENED, where, **texts)
    yield from _values(where, before, after)
    if "items" in before and "items" in after:
        yield from _parameter(place, f"{name}[]", before["items"], after["items"])
    elif "object" in _types(before):
        old, new = _form(before), _form(after)
        if old == new == "properties":
            yield from _arguments(place, before, after, prefix=f"{name}.")
        elif old == new == "additionalProperties":
            yield from _parameter(place, f"{name}.*", before[old], after[new])
        elif old != new:
            kind = Kind.PARAMETER_WIDENED if new == "anything" else Kind.PARAMETER_NARROWED
            yield Change(kind, where, **texts)


def _values(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    """Changes of the values that a parameter allows; without a list it allows all of its type."""
    old, new = before.get("enum"), after.get("enum")
    if old is None and new is None:
        return
    if old is None or new is None:
        kind = Kind.PARAMETER_NARROWED if old is None else Kind.PARAMETER_WIDENED
        yield Change(kind, where, before=_in_words(before), after=_in_words(after))
        return
    # That null comes or goes is a change of type.
    removed = [value for value in old if value not in new and value is not None]
    added = [value for value in new if value not in old and value is not None]
    yield from (Change(Kind.VALUE_REMOVED, where, before=repr(value)) for value in removed)
    yield from (Change(Kind.VALUE_ADDED, where, after=repr(value)) for value in added)


def _answer(tool: str, before: Contract, after: Contract) -> Iterator[Change]:
    """Changes of what a tool says that it answers."""
    if before.answer is None and after.answer is None:
        return
    if before.answer is None or after.answer is None:
        yield Change(Kind.ANSWER_DECLARED if before.answer is None else Kind.ANSWER_UNDECLARED, f"{tool}: the answer")
        return
    yield from _fields(tool, before.answer, after.answer, prefix="")


def _fields(tool: str, before: Schema, after: Schema, *, prefix: str) -> Iterator[Change]:
    """Changes of an answer's members, at the top or, named by `prefix`, inside a member."""
    old, new = before["properties"], after["properties"]
    sure, still_sure = set(before.get("required", ())), set(after.get("required", ()))
    for name in dict.fromkeys([*old, *new]):
        where = f"{tool}: answer field {prefix}{name}"
        if name not in new:
            yield Change(Kind.FIELD_REMOVED, where)
        elif name not in old:
            yield Change(Kind.FIELD_ADDED, where)
        else:
            if (name in sure) != (name in still_sure):
                yield Change(Kind.FIELD_BECAME_OPTIONAL if name in sure else Kind.FIELD_BECAME_SURE, where)
            yield from _field(tool, f"{prefix}{name}", old[name], new[name])


def _field(tool: str, name: str, before: Schema, after: Schema) -> Iterator[Change]:
    """Changes of what one member of an answer may hold."""
    where = f"{tool}: answer field {name}"
    texts = {"before": _in_words(before), "after": _in_words(after)}
    if not _covers(before, after):
        yield Change(Kind.FIELD_WIDENED, where, **texts)
        return
    if not _covers(after, before):
        yield Change(Kind.FIELD_NARROWED, where, **texts)
    if "items" in before and "items" in after:
        yield from _field(tool, f"{name}[]", before["items"], after["items"])
    elif "object" in _types(after):
        old, new = _form(before), _form(after)
        if old == new == "properties":
            yield from _fields(tool, before, after, prefix=f"{name}.")
        elif old == new == "additionalProperties":
            yield from _field(tool, f"{name}.*", before[old], after[new])
        elif old != new:
            yield Change(Kind.FIELD_NARROWED if old == "anything" else Kind.FIELD_WIDENED, where, **texts)


def _types(schema: Schema) -> Sequence[str]:
    kinds = schema["type"]
    return kinds if isinstance(kinds, list) else [kinds]


def _covers(wide: Schema, narrow: Schema) -> bool:
    """Whether each JSON type of `narrow` is one of `wide`; an integer is a number."""
    kinds = {*_types(wide), *(["integer"] if "number" in _types(wide) else [])}
    return kinds.issuperset(_types(narrow))


def _form(schema: Schema) -> str:
    """How much an object schema says of its members."""
    return next((key for key in ("properties", "additionalProperties") if key in schema), "anything")


def _in_words(schema: Schema) -> str:
    """A schema's type for a sentence, such as `string or null`, `array of integer`, `one of 'a', 'b'`."""
    if "enum" in schema:
        listed = [repr(value) for value in schema["enum"] if value is not None]
        words = f"one of {', '.join(listed)}"
    elif "items" in schema:
        words = f"array of {_in_words(schema['items'])}"
    elif "properties" in schema:
        words = f"object of {', '.join(schema['properties'])}"
    elif "additionalProperties" in schema:
        words = f"object with values of {_in_words(schema['additionalProperties'])}"
    else:
        words = next(kind for kind in _types(schema) if kind != "null")
    return f"{words} or null" if "null" in _types(schema) else words
