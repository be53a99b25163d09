"""What cannot be a tool is refused where it is declared, in a sentence that names it."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from toolkit import DeclarationError, ToolServer


def server_with(function: Callable[..., Any], *actions: str) -> ToolServer:
    server = ToolServer("test-server", version="1.2.3")
    server.tool(actions=actions, self_check={"value": "a"})(function)
    return server


def fine(value: str) -> dict[str, Any]:
    """Text.

    Args:
        value: A value.
    """
    return {}


def no_hint(value) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    """Text.

    Args:
        value: A value.
    """
    return {}


def no_description(value: str) -> dict[str, Any]:
    """Text."""
    return {}


def wrong_description(value: str) -> dict[str, Any]:
    """Text.

    Args:
        value: A value.
        other: No parameter.
    """
    return {}


def no_docstring(value: str) -> dict[str, Any]:
    return {}


async def awaited(value: str) -> dict[str, Any]:
    """Text.

    Args:
        value: A value.
    """
    return {}


def no_answer(value: str):  # type: ignore[no-untyped-def]
    """Text.

    Args:
        value: A value.
    """


def text_answer(value: str) -> str:
    """Text.

    Args:
        value: A value.
    """
    return value


def variadic(*values: str) -> dict[str, Any]:
    """Text.

    Args:
        values: Values.
    """
    return {}


def taking(hint: Any) -> Callable[..., Any]:
    """A tool with one parameter of a type."""

    def odd(value: Any) -> dict[str, Any]:
        """Text.

        Args:
            value: A value.
        """
        return {}

    odd.__annotations__["value"] = hint
    return odd


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_hint, "tool no_hint, parameter value: it has no type hint"),
        (no_description, "tool no_description, parameter value: its description is missing"),
        (wrong_description, "tool wrong_description: Args: describes other, which it does not take"),
        (no_docstring, "tool no_docstring: it has no docstring"),
        (awaited, "tool awaited: Lambda calls it without an event loop; write def instead of async def"),
        (no_answer, "tool no_answer: it has no return type"),
        (text_answer, "tool text_answer: it answers <class 'str'>; use dict or a TypedDict"),
        (variadic, "tool variadic, parameter values: it cannot be passed by name"),
        (taking(bytes), "tool odd, parameter value: the type bytes is not supported; use one of str, int"),
        (taking(str | int), "the type str | int is not supported"),
        (taking(set[str]), r"the type set\[str\] is not supported"),
        (taking(dict[int, str]), r"the type dict\[int, str\] is not supported"),
        (taking(list), "the type list is not supported"),
        (taking(Literal["a", 1]), "mixes types"),
        (taking(Literal[True]), "mixes types"),
        (taking(list[bytes]), "the type bytes is not supported"),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_refused_at_its_declaration(
    function: Callable[..., Any], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        server_with(function)


def test_a_name_that_a_gateway_does_not_take_is_refused() -> None:
    def fine(value: str) -> dict[str, Any]:
        """Text.

        Args:
            value: A value.
        """
        return {}

    fine.__name__ = "größe"
    with pytest.raises(DeclarationError, match="tool 'größe': a tool name has letters"):
        server_with(fine)


@pytest.mark.parametrize(
    "action", ["s3:*", "s3:Get*", "*", "ListBuckets", "s3:ListBucket on", "s3:ListBucket on a b", "s3:List Bucket"]
)
def test_an_action_that_is_not_exact_is_refused(action: str) -> None:
    with pytest.raises(DeclarationError, match="is not of the form 'service:Action'"):
        server_with(fine, action)


def test_two_tools_of_one_name_are_refused() -> None:
    server = server_with(fine)
    with pytest.raises(DeclarationError, match=r"tool fine: .* both have one; rename one of them"):
        server.tool(actions=[], self_check={"value": "a"})(fine)


@pytest.mark.parametrize("name", ["", "under_score", "-a", "a-", "a--b", "x" * 101])
def test_a_server_name_that_a_target_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match="a name has letters, digits and single hyphens"):
        ToolServer(name, version="1.0.0")


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0"])
def test_a_version_that_is_not_semantic_is_refused(version: str) -> None:
    with pytest.raises(DeclarationError, match=r"is not of the form 1\.2\.3"):
        ToolServer("server", version=version)


def test_a_tool_with_arguments_needs_a_self_check() -> None:
    with pytest.raises(DeclarationError, match=r"tool fine: self_check is \{\}, which it does not take"):
        ToolServer("test-server", version="1.2.3").tool(actions=[])(fine)


def test_actions_are_a_list() -> None:
    with pytest.raises(DeclarationError, match=r"tool fine: actions is the text 'sqs:ListQueues'; write a list"):
        ToolServer("test-server", version="1.2.3").tool(actions="sqs:ListQueues")(fine)


def test_an_empty_default_is_not_worth_a_word() -> None:
    def search(prefix: str = "", limit: int = 5) -> dict[str, Any]:
        """Text.

        Args:
            prefix: What names begin with.
            limit: How many.
        """
        return {}

    server = ToolServer("test-server", version="1.2.3")
    server.tool(actions=[])(search)
    [tool] = server.describe().tools
    described = {name: schema["description"] for name, schema in tool.input_schema["properties"].items()}
    assert described == {"prefix": "What names begin with.", "limit": "How many. Default: 5."}
