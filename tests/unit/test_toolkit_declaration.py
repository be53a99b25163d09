"""A tool's schema comes from its hints and docstring, and what cannot be a tool is refused where it is declared."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import botocore.session
import pytest
from botocore.validate import ParamValidator

from toolkit import Permission, TenantContext, ToolServer
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


EVERYTHING: dict[str, Any] = {
    "text": "a",
    "count": 1,
    "ratio": 0.5,
    "flag": True,
    "names": [],
    "anything": {},
    "filters": {},
    "point": {"x": 1.0},
    "points": [],
}


def server_with(function: Callable[..., Any], *actions: str) -> ToolServer:
    server = ToolServer("test-server", version="1.2.3")
    server.tool(actions=actions, self_check=EVERYTHING)(function)
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


def test_a_tool_stays_a_plain_function() -> None:
    def double(value: int) -> dict[str, int]:
        """Double a number.

        Args:
            value: The number.
        """
        return {"value": value * 2}

    assert ToolServer("s", version="1.0.0").tool(actions=[], self_check={"value": 1})(double)(4) == {"value": 8}


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
        "import sys; from aws_operations.general.handler import server; server.describe(); "
        "print('boto3' in sys.modules or 'botocore.session' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LAMBDA)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
