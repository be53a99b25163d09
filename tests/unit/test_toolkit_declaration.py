"""A tool's schema comes from its hints and docstring, and what cannot be a tool is refused where it is declared."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import botocore.session
import pytest
from botocore.validate import ParamValidator

from toolkit import DeclarationError, Permission, TenantContext, ToolServer
from toolkit.docstrings import read

LAMBDA = Path(__file__).parents[2] / "lambda"


class Point(TypedDict):
    """A point.

    Attributes:
        x: How far right.
        labels: Its names.
    """

    x: float
    labels: NotRequired[list[str]]


def everything(  # noqa: PLR0917 - one of each supported type
    text: str,
    count: int,
    ratio: float,
    flag: bool,
    names: list[str],
    anything: dict[str, Any],
    filters: dict[str, list[str]],
    point: Point,
    points: list[Point],
    tenant: TenantContext,
    mode: Literal["fast", "slow"] = "fast",
    level: Literal[1, 2] = 1,
    note: str | None = None,
    size: int = 50,
) -> Point:
    """Do everything.

    A second paragraph
    on two lines.

    Args:
        text: A text
            on two lines.
        count: A count: of things.
        ratio: A ratio.
        flag: A flag.
        names: Some names.
        anything: Whatever.
        filters: Filters.
        point: A point.
        points: Points.
        mode (str): How.
        level: How much.
        note: A note.
        size: A size.

    Returns:
        text: not a parameter.
    """
    raise NotImplementedError


def server_with(function: Callable[..., Any], *actions: str) -> ToolServer:
    server = ToolServer("test-server", version="1.2.3")
    server.tool(actions=actions)(function)
    return server


def test_hints_and_docstring_become_the_schema() -> None:
    (tool,) = server_with(everything).describe().tools
    point = {
        "type": "object",
        "properties": {
            "x": {"type": "number", "description": "How far right."},
            "labels": {"type": "array", "items": {"type": "string"}, "description": "Its names."},
        },
        "required": ["x"],
    }
    assert tool.name == "everything"
    assert tool.description == "Do everything.\n\nA second paragraph on two lines."
    assert tool.output_schema == point
    assert tool.input_schema == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "A text on two lines."},
            "count": {"type": "integer", "description": "A count: of things."},
            "ratio": {"type": "number", "description": "A ratio."},
            "flag": {"type": "boolean", "description": "A flag."},
            "names": {"type": "array", "items": {"type": "string"}, "description": "Some names."},
            "anything": {"type": "object", "description": "Whatever."},
            "filters": {"type": "object", "description": "Filters. Each value is an array of strings."},
            "point": {**point, "description": "A point."},
            "points": {"type": "array", "items": point, "description": "Points."},
            "mode": {"type": "string", "description": "How. One of: fast, slow. Default: fast."},
            "level": {"type": "integer", "description": "How much. One of: 1, 2. Default: 1."},
            "note": {"type": "string", "description": "A note."},
            "size": {"type": "integer", "description": "A size. Default: 50."},
        },
        "required": ["text", "count", "ratio", "flag", "names", "anything", "filters", "point", "points"],
    }


def test_the_schema_fits_agentcores_own_model() -> None:
    (tool,) = server_with(everything).describe().tools
    model = botocore.session.get_session().get_service_model("bedrock-agentcore-control")
    definition = {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
    }
    report = ParamValidator().validate(definition, model.shape_for("ToolDefinition"))
    assert not report.has_errors(), report.generate_report()


def test_actions_are_described_once_each_and_sorted() -> None:
    server = server_with(everything, "s3:ListBucket on bucket", "ec2:DescribeVpcs", "ec2:DescribeVpcs")
    (tool,) = server.describe().tools
    assert tool.actions == (Permission("ec2:DescribeVpcs"), Permission("s3:ListBucket", "bucket"))
    assert server.describe().actions == tool.actions
    assert [str(action) for action in tool.actions] == ["ec2:DescribeVpcs", "s3:ListBucket on bucket"]


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
        server_with(everything, action)


def test_two_tools_of_one_name_are_refused() -> None:
    server = server_with(everything)
    with pytest.raises(DeclarationError, match="test-server: two tools are named everything"):
        server.tool(actions=[])(everything)


@pytest.mark.parametrize("name", ["", "under_score", "-a", "a-", "a--b", "x" * 101])
def test_a_server_name_that_a_target_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match="a name has letters, digits and single hyphens"):
        ToolServer(name, version="1.0.0")


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0"])
def test_a_version_that_is_not_semantic_is_refused(version: str) -> None:
    with pytest.raises(DeclarationError, match=r"is not of the form 1\.2\.3"):
        ToolServer("server", version=version)


def test_a_tool_stays_a_plain_function() -> None:
    def double(value: int) -> dict[str, int]:
        """Double a number.

        Args:
            value: The number.
        """
        return {"value": value * 2}

    assert ToolServer("s", version="1.0.0").tool(actions=[])(double)(4) == {"value": 8}


def test_a_docstring_keeps_colons_and_continuation_lines() -> None:
    def documented() -> None:
        """Summary.

        Args:
            first: One: with a colon,
                and (a) second line: here.

            second: Two.
        """

    assert read(documented).entries == {"first": "One: with a colon, and (a) second line: here.", "second": "Two."}


def test_adding_a_tool_is_adding_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "one_file_server"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "server.py").write_text(
        "from toolkit import ToolServer\nserver = ToolServer('one-file', version='1.0.0')\n"
    )
    (package / "greeting.py").write_text(
        "from one_file_server.server import server\n"
        "@server.tool(actions=[])\n"
        "def greet() -> dict:\n    'Greet.'\n    return {}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from one_file_server.server import server  # type: ignore[import-not-found]  # noqa: PLC0415

    server.discover("one_file_server")
    assert [tool.name for tool in server.describe().tools] == ["greet"]


def test_describing_needs_neither_boto3_nor_an_aws_environment() -> None:
    program = (
        "import sys; from aws_operations.handler import server; server.describe(); "
        "print('boto3' in sys.modules or 'botocore.session' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LAMBDA)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
