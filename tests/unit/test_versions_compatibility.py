"""What counts as a change between two versions of a tool server, the bump that it needs, and its words."""

from collections.abc import Callable
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from jsonschema import Draft202012Validator

from stacks.settings.versions.bumps import Bump, parse
from stacks.settings.versions.changes import Change, Kind, needed_bump
from stacks.settings.versions.compatibility import changes
from stacks.settings.versions.published import Published
from toolkit import ToolServer
from toolkit.family import Family


class Point(TypedDict):
    """A point."""

    x: int
    y: NotRequired[int]


class FarPoint(TypedDict):
    """A point with a place."""

    x: int
    y: int
    z: NotRequired[int]


class PlacedPoint(TypedDict):
    """A point that must say more."""

    x: int
    y: NotRequired[int]
    z: int


class Named(TypedDict):
    """A point under a name."""

    name: str


def published(*tools: Callable[..., Any], version: str = "1.0.0") -> Published:
    server = ToolServer("orders", version=version)
    for tool in tools:
        server.tool(actions=[], self_check=getattr(tool, "self_check", None))(tool)
    return Published.of(server.describe())


def taking(hint: Any, *, required: bool = False, description: str = "What.") -> Published:
    """A server whose tool `tell` takes a `what` of the type."""

    def tell(what: Any = None) -> dict[str, Any]:
        return {}

    def tell_required(what: Any) -> dict[str, Any]:
        return {}

    function = tell_required if required else tell
    function.__name__ = "tell"
    function.__doc__ = f"Tell.\n\n    Args:\n        what: {description}\n    "
    function.__annotations__ = {"what": hint, "return": dict[str, Any]}
    if required:
        samples = {str: "a", int: 1}
        function.self_check = {"what": samples[hint]}  # type: ignore[attr-defined]
    return published(function)


def answering(hint: Any) -> Published:
    """A server whose tool `tell` answers the type."""

    def tell() -> Any:
        """Tell."""

    tell.__annotations__ = {"return": hint}
    return published(tell)


def nothing() -> dict[str, Any]:
    """Take nothing."""
    return {}


def tell_without() -> dict[str, Any]:
    """Tell."""
    return {}


tell_without.__name__ = "tell"


def family(build: Callable[[Family], None]) -> Published:
    server = ToolServer("orders", version="1.0.0")
    build(server.family("read", "Read.", self_check="list_all"))
    return Published.of(server.describe())


def one_operation(read: Family) -> None:
    @read.operation(actions=[])
    def list_all(prefix: str | None = None) -> dict[str, Any]:
        """List.

        Args:
            prefix: How names begin.
        """
        return {}


def two_operations(read: Family) -> None:
    one_operation(read)

    @read.operation(actions=[])
    def get_one(name: str, prefix: str | None = None) -> dict[str, Any]:
        """Get.

        Args:
            name: Its name.
        """
        return {}


def laxer_operations(read: Family) -> None:
    one_operation(read)

    @read.operation(actions=[])
    def get_one(name: str | None = None) -> dict[str, Any]:
        """Get.

        Args:
            name: Its name.
        """
        return {}


class Several(TypedDict):
    what: list[int]


class Nullable(TypedDict):
    what: int | None


class Whole(TypedDict):
    what: int


class Broken(TypedDict):
    what: float


class Sometimes(TypedDict):
    what: NotRequired[int]


class Text(TypedDict):
    what: str


class Texts(TypedDict):
    what: list[str]


class Anything(TypedDict):
    what: dict[str, Any]


class Counts(TypedDict):
    what: dict[str, int]


class Labels(TypedDict):
    what: dict[str, str]


class Points(TypedDict):
    what: list[Point]


class FarPoints(TypedDict):
    what: list[FarPoint]


class NamedPoints(TypedDict):
    what: list[Named]


class Two(TypedDict):
    what: int
    more: str


WHAT = "tell: parameter what"
FIELD = "tell: answer field what"

BREAKING = [
    (published(tell_without, nothing), published(nothing), [(Kind.TOOL_REMOVED, "tool tell was removed")]),
    (taking(str), published(tell_without), [(Kind.PARAMETER_REMOVED, f"{WHAT} was removed")]),
    (
        published(tell_without),
        taking(str, required=True),
        [(Kind.REQUIRED_PARAMETER_ADDED, f"{WHAT} was added and is required")],
    ),
    (taking(str), taking(str, required=True), [(Kind.PARAMETER_BECAME_REQUIRED, f"{WHAT} became required")]),
    (taking(str), taking(int), [(Kind.PARAMETER_NARROWED, f"{WHAT} takes integer and took string")]),
    (taking(float), taking(int), [(Kind.PARAMETER_NARROWED, f"{WHAT} takes integer and took number")]),
    (taking(str | None), taking(str), [(Kind.PARAMETER_NARROWED, f"{WHAT} takes string and took string or null")]),
    (taking(list[str]), taking(str), [(Kind.PARAMETER_NARROWED, f"{WHAT} takes string and took array of string")]),
    (taking(list[str]), taking(list[int]), [(Kind.PARAMETER_NARROWED, f"{WHAT}[] takes integer and took string")]),
    (
        taking(dict[str, list[str]]),
        taking(dict[str, list[int]]),
        [(Kind.PARAMETER_NARROWED, f"{WHAT}.*[] takes integer and took string")],
    ),
    (
        taking(dict[str, Any]),
        taking(dict[str, str]),
        [(Kind.PARAMETER_NARROWED, f"{WHAT} takes object with values of string and took object")],
    ),
    (
        taking(dict[str, int]),
        taking(Point),
        [(Kind.PARAMETER_NARROWED, f"{WHAT} takes object of x, y and took object with values of integer")],
    ),
    (taking(str), taking(Literal["a"]), [(Kind.PARAMETER_NARROWED, f"{WHAT} takes one of 'a' and took string")]),
    (
        taking(Literal["a", "b"]),
        taking(Literal["b", "c"]),
        [(Kind.VALUE_REMOVED, f"{WHAT} no longer takes 'a'"), (Kind.VALUE_ADDED, f"{WHAT} takes 'c' as well")],
    ),
    (
        taking(list[FarPoint]),
        taking(list[Point]),
        [
            (Kind.PARAMETER_REMOVED, "tell: parameter what[].z was removed"),
            (Kind.PARAMETER_BECAME_OPTIONAL, "tell: parameter what[].y may be left out"),
        ],
    ),
    (
        taking(Point),
        taking(PlacedPoint),
        [(Kind.REQUIRED_PARAMETER_ADDED, "tell: parameter what.z was added and is required")],
    ),
    (answering(Two), answering(Whole), [(Kind.FIELD_REMOVED, "tell: answer field more was removed")]),
    (answering(Whole), answering(Text), [(Kind.FIELD_WIDENED, f"{FIELD} may be string and was integer")]),
    (answering(Whole), answering(Broken), [(Kind.FIELD_WIDENED, f"{FIELD} may be number and was integer")]),
    (answering(Whole), answering(Nullable), [(Kind.FIELD_WIDENED, f"{FIELD} may be integer or null and was integer")]),
    (
        answering(Whole),
        answering(Sometimes),
        [(Kind.FIELD_BECAME_OPTIONAL, f"{FIELD} may be missing, and was always there")],
    ),
    (answering(Several), answering(Texts), [(Kind.FIELD_WIDENED, f"{FIELD}[] may be string and was integer")]),
    (answering(Counts), answering(Labels), [(Kind.FIELD_WIDENED, f"{FIELD}.* may be string and was integer")]),
    (
        answering(Counts),
        answering(Anything),
        [(Kind.FIELD_WIDENED, f"{FIELD} may be object and was object with values of integer")],
    ),
    (
        answering(Points),
        answering(NamedPoints),
        [
            (Kind.FIELD_REMOVED, f"{FIELD}[].x was removed"),
            (Kind.FIELD_REMOVED, f"{FIELD}[].y was removed"),
            (Kind.FIELD_ADDED, f"{FIELD}[].name was added"),
        ],
    ),
    (
        answering(Whole),
        answering(dict[str, Any]),
        [(Kind.ANSWER_UNDECLARED, "tell: the answer is no longer declared")],
    ),
    (
        family(two_operations),
        family(laxer_operations),
        [
            (Kind.OPERATION_TAKES_LESS, "read: operation get_one no longer takes prefix"),
            (Kind.OPERATION_NEEDS_LESS, "read: operation get_one no longer needs name"),
        ],
    ),
    (
        family(laxer_operations),
        family(two_operations),
        [
            (Kind.OPERATION_NEEDS_MORE, "read: operation get_one needs name now"),
            (Kind.OPERATION_TAKES_MORE, "read: operation get_one takes prefix as well"),
        ],
    ),
    (
        family(two_operations),
        family(one_operation),
        [
            (Kind.VALUE_REMOVED, "read: parameter operation no longer takes 'get_one'"),
            (Kind.PARAMETER_REMOVED, "read: parameter name was removed"),
        ],
    ),
]
COMPATIBLE = [
    (published(nothing), published(tell_without, nothing), [(Kind.TOOL_ADDED, "tool tell was added")]),
    (published(tell_without), taking(str), [(Kind.PARAMETER_ADDED, f"{WHAT} was added")]),
    (taking(str, required=True), taking(str), [(Kind.PARAMETER_BECAME_OPTIONAL, f"{WHAT} may be left out")]),
    (taking(int), taking(float), [(Kind.PARAMETER_WIDENED, f"{WHAT} takes number and took integer")]),
    (taking(str), taking(str | None), [(Kind.PARAMETER_WIDENED, f"{WHAT} takes string or null and took string")]),
    (taking(Literal["a"]), taking(str), [(Kind.PARAMETER_WIDENED, f"{WHAT} takes string and took one of 'a'")]),
    (
        taking(Point),
        taking(dict[str, Any]),
        [(Kind.PARAMETER_WIDENED, f"{WHAT} takes object and took object of x, y")],
    ),
    (taking(Literal["a"]), taking(Literal["a", "b"]), [(Kind.VALUE_ADDED, f"{WHAT} takes 'b' as well")]),
    (answering(Whole), answering(Two), [(Kind.FIELD_ADDED, "tell: answer field more was added")]),
    (answering(Broken), answering(Whole), [(Kind.FIELD_NARROWED, f"{FIELD} is integer and could be number")]),
    (
        answering(Sometimes),
        answering(Whole),
        [(Kind.FIELD_BECAME_SURE, f"{FIELD} is always there, and could be missing")],
    ),
    (
        answering(Anything),
        answering(Counts),
        [(Kind.FIELD_NARROWED, f"{FIELD} is object with values of integer and could be object")],
    ),
    (
        answering(Points),
        answering(FarPoints),
        [
            (Kind.FIELD_BECAME_SURE, f"{FIELD}[].y is always there, and could be missing"),
            (Kind.FIELD_ADDED, f"{FIELD}[].z was added"),
        ],
    ),
    (answering(dict[str, Any]), answering(Whole), [(Kind.ANSWER_DECLARED, "tell: the answer is declared")]),
    (
        family(one_operation),
        family(two_operations),
        [
            (Kind.VALUE_ADDED, "read: parameter operation takes 'get_one' as well"),
            (Kind.PARAMETER_ADDED, "read: parameter name was added"),
        ],
    ),
]


def names(value: object) -> str:
    return ", ".join(kind.name for kind, _ in value) if isinstance(value, list) else ""


def told(found: tuple[Change, ...]) -> list[tuple[Kind, str]]:
    return [(change.kind, str(change)) for change in found]


@pytest.mark.parametrize(("before", "after", "expected"), BREAKING, ids=names)
def test_change_that_breaks_callers(before: Published, after: Published, expected: list[tuple[Kind, str]]) -> None:
    found = changes(before, after)
    assert told(found) == expected
    assert needed_bump(found) is Bump.MAJOR


@pytest.mark.parametrize(("before", "after", "expected"), COMPATIBLE, ids=names)
def test_change_that_callers_do_not_notice(
    before: Published, after: Published, expected: list[tuple[Kind, str]]
) -> None:
    found = changes(before, after)
    assert told(found) == expected
    assert needed_bump(found) is Bump.MINOR


def test_other_words_are_a_patch() -> None:
    found = changes(taking(str), taking(str, description="Which one."))
    assert told(found) == [(Kind.REWORDED, "tool tell is described in other words")]
    assert needed_bump(found) is Bump.PATCH


def test_nothing_changed() -> None:
    assert changes(family(two_operations), family(two_operations)) == ()
    assert needed_bump(()) is None


def test_every_kind_of_change_is_shown_here() -> None:
    shown = {kind for _, _, expected in [*BREAKING, *COMPATIBLE] for kind, _ in expected}
    assert {*shown, Kind.REWORDED} == set(Kind)


def test_what_is_published_is_json_schema() -> None:
    for server in (family(two_operations), taking(Literal["a", "b"] | None), answering(FarPoints)):
        for tool in server.tools.values():
            Draft202012Validator.check_schema(tool.contract.arguments)
            Draft202012Validator.check_schema(tool.contract.answer or {})


def test_allowed_values_have_a_member_of_their_own() -> None:
    what = taking(Literal["a", "b"] | None).tools["tell"].contract.arguments["properties"]["what"]
    assert what["enum"] == ["a", "b", None]
    assert what["type"] == ["string", "null"]


@pytest.mark.parametrize(("bump", "version"), [(Bump.MAJOR, "2.0.0"), (Bump.MINOR, "1.3.0"), (Bump.PATCH, "1.2.4")])
def test_the_version_after_a_bump(bump: Bump, version: str) -> None:
    assert bump.after("1.2.3") == version


def test_versions_sort_by_number() -> None:
    assert sorted(["1.10.0", "1.9.0", "1.9.10"], key=parse) == ["1.9.0", "1.9.10", "1.10.0"]


@pytest.mark.parametrize("version", ["1.2", "1.2.x", "01.2.3", "1.2.3-beta", "1.2.3.4"])
def test_text_that_is_no_version(version: str) -> None:
    with pytest.raises(ValueError, match=r"is no version of the form 1\.2\.3"):
        parse(version)
