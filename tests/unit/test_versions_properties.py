"""Whatever two versions take and answer: where no breaking change is told, what worked before still works.

The judge of arguments is the toolkit, which reads them in a call; the judge of answers is JSON Schema.
"""

from typing import Any

from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator

from stacks.settings.versions.bumps import Bump
from stacks.settings.versions.changes import Change, Kind
from stacks.settings.versions.compatibility import changes
from stacks.settings.versions.published import Published, PublishedTool
from toolkit.contract import Contract, json_schema
from toolkit.parameters import Parameter, read_arguments
from toolkit.shapes import Array, Choice, Mapped, Nullable, Record, Scalar, Shape

# The same examples in every run: a build must not fail by chance. Raise the number to search further.
EVERY_RUN = settings(max_examples=300, deadline=None, derandomize=True, database=None)

TEXT, WHOLE, NUMBER, FLAG = (
    Scalar("string", str),
    Scalar("integer", int),
    Scalar("number", float),
    Scalar("boolean", bool),
)
SCALARS: dict[type, st.SearchStrategy[Any]] = {
    str: st.sampled_from(["", "a", "z"]),
    int: st.integers(0, 9),
    float: st.floats(0, 1),
    bool: st.booleans(),
}
NAMES = st.sampled_from(["a", "b", "c"])


def records(members: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    return st.dictionaries(NAMES, members, min_size=1).flatmap(
        lambda found: st.sets(st.sampled_from(sorted(found))).map(
            lambda required: Record(found, frozenset(required), {})
        )
    )


LEAVES: st.SearchStrategy[Shape] = st.one_of(
    st.sampled_from([TEXT, WHOLE, NUMBER, FLAG, Mapped()]),
    st.lists(NAMES, min_size=1, unique=True).map(lambda values: Choice(tuple(values))),
    st.lists(st.sampled_from([1, 2, 3]), min_size=1, unique=True).map(lambda values: Choice(tuple(values))),
)
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(inner.map(Array), inner.map(Mapped), inner.map(Nullable), records(inner)),
    max_leaves=4,
)
PARAMETERS = st.dictionaries(NAMES, st.builds(Parameter, SHAPES, st.just("What."), st.booleans()), max_size=3)


def values_of(shape: Shape) -> st.SearchStrategy[Any]:
    """JSON values that the shape takes."""
    match shape:
        case Scalar(python=python):
            return SCALARS[python]
        case Choice(values=values):
            return st.sampled_from(values)
        case Array(items=items):
            return st.lists(values_of(items), max_size=2)
        case Mapped(values=inner):
            return st.dictionaries(NAMES, values_of(inner) if inner else st.one_of(*SCALARS.values()), max_size=2)
        case Nullable(inner=inner):
            return st.none() | values_of(inner)
    assert isinstance(shape, Record)
    return st.fixed_dictionaries(
        {name: values_of(member) for name, member in shape.members.items() if name in shape.required},
        optional={name: values_of(member) for name, member in shape.members.items() if name not in shape.required},
    )


def arguments_of(parameters: dict[str, Parameter]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that a tool with these parameters takes."""
    required = {name: values_of(known.shape) for name, known in parameters.items() if known.required}
    optional = {name: values_of(known.shape) for name, known in parameters.items() if not known.required}
    return st.fixed_dictionaries(required, optional=optional)


def published(parameters: dict[str, Parameter], answer: Shape | None = None) -> Published:
    tool = PublishedTool("Tell.", Contract.of(parameters, answer=answer))
    return Published("orders", "1.0.0", {"tell": tool})


def breaking(before: Published, after: Published) -> list[Change]:
    return [change for change in changes(before, after) if change.kind.bump is Bump.MAJOR]


@given(PARAMETERS, PARAMETERS, st.data())
@EVERY_RUN
def test_arguments_that_were_taken_are_taken(
    before: dict[str, Parameter], after: dict[str, Parameter], data: st.DataObject
) -> None:
    given_arguments = data.draw(arguments_of(before))
    read_arguments(before, given_arguments, tool="tell")
    found = breaking(published(before), published(after))
    if not found:
        read_arguments(after, given_arguments, tool="tell")  # raises what is wrong with them


@given(records(SHAPES), records(SHAPES), st.data())
@EVERY_RUN
def test_answers_hold_what_they_held(before: Shape, after: Shape, data: st.DataObject) -> None:
    answer = data.draw(values_of(after))
    found = breaking(published({}, before), published({}, after))
    # That allowed values of an answer may grow is no breaking change.
    promised = Draft202012Validator(without_values(json_schema(before)))
    assert found or promised.is_valid(answer), f"{answer} was not promised, and no breaking change is told"


def without_values(schema: Any) -> Any:
    """A schema without its lists of allowed values."""
    if isinstance(schema, dict):
        return {key: without_values(value) for key, value in schema.items() if key != "enum"}
    return schema


@given(PARAMETERS, st.none() | records(SHAPES))
@EVERY_RUN
def test_the_same_twice_is_no_change(parameters: dict[str, Parameter], answer: Shape | None) -> None:
    assert changes(published(parameters, answer), published(parameters, answer)) == ()


@given(PARAMETERS, PARAMETERS, st.none() | records(SHAPES), st.none() | records(SHAPES))
@EVERY_RUN
def test_a_change_is_told_in_both_directions(
    before: dict[str, Parameter], after: dict[str, Parameter], old: Shape | None, new: Shape | None
) -> None:
    there = changes(published(before, old), published(after, new))
    back = changes(published(after, new), published(before, old))
    assert bool(there) == bool(back)


@given(PARAMETERS, st.none() | records(SHAPES))
@EVERY_RUN
def test_a_published_version_is_read_as_it_was_written(parameters: dict[str, Parameter], answer: Shape | None) -> None:
    tool = published(parameters, answer).tools["tell"]
    assert PublishedTool.from_json(tool.as_json()) == tool


def test_a_removed_parameter_is_seen_by_the_judge() -> None:
    """The judge of the properties above is no yes-man."""
    one = {"a": Parameter(TEXT, "What.", required=False)}
    assert [change.kind for change in breaking(published(one), published({}))] == [Kind.PARAMETER_REMOVED]
