"""A major that ends says so in its answers and counts its calls; the current one does neither."""

import json
from typing import Any, TypedDict

import pytest
from jsonschema import Draft202012Validator

from stacks.settings.versions.served import deprecated
from tests.unit.lambda_calls import call, refusal
from toolkit import InternalToolError, ToolError, ToolServer
from toolkit.deprecation import ENDS, SUCCESSOR, Deprecation

DEPRECATION = Deprecation("2027-06-30", "orders-v2")


class Order(TypedDict):
    """An order."""

    number: int


@pytest.fixture
def server() -> ToolServer:
    made = ToolServer("orders", version="1.4.2")

    @made.tool(actions=[], self_check={"number": 1})
    def get_order(number: int) -> Order:
        """Get an order.

        Args:
            number: Its number.
        """
        if number == 0:
            raise ToolError("there is no order 0")
        return {"number": 1 // (number - 13) + number}

    return made


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEPRECATION.variables().items():
        monkeypatch.setenv(name, value)


def metrics(text: str) -> list[dict[str, Any]]:
    """The lines in CloudWatch's embedded metric format."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if "_aws" in line]


@pytest.mark.usefixtures("ends")
def test_answer_says_when_its_tool_ends(server: ToolServer) -> None:
    assert call(server, "get_order", {"number": 7}) == {
        "number": 6,
        "deprecation": {"ends": "2027-06-30", "successor": "orders-v2"},
    }


@pytest.mark.usefixtures("ends")
def test_answer_fits_the_schema_that_the_gateway_gets(server: ToolServer) -> None:
    [tool] = deprecated(server.describe(), DEPRECATION).tools
    assert tool.output_schema is not None
    strict = {**tool.output_schema, "additionalProperties": False}
    Draft202012Validator(strict).validate(call(server, "get_order", {"number": 7}))
    Draft202012Validator(strict).validate({"number": 7})


@pytest.mark.usefixtures("ends")
def test_refusal_keeps_its_shape(server: ToolServer) -> None:
    assert refusal(call(server, "get_order", {"number": 0})) == "there is no order 0"


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize("number", [7, 0, 13], ids=["answer", "refusal", "internal error"])
def test_every_call_is_counted(server: ToolServer, capsys: pytest.CaptureFixture[str], number: int) -> None:
    try:
        call(server, "get_order", {"number": number})
    except InternalToolError:
        assert number == 13
    [metric] = metrics(capsys.readouterr().out)
    [directive] = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Foundation/Tools"
    assert [sorted(names) for names in directive["Dimensions"]] == [["major", "service"], ["major", "service", "tool"]]
    assert directive["Metrics"] == [{"Name": "DeprecatedCalls", "Unit": "Count"}]
    assert (metric["service"], metric["major"], metric["tool"]) == ("orders", "1", "get_order")
    assert metric["DeprecatedCalls"] == [1.0]


@pytest.mark.usefixtures("ends")
def test_each_call_is_counted_once(server: ToolServer, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        call(server, "get_order", {"number": 7})
    assert [metric["DeprecatedCalls"] for metric in metrics(capsys.readouterr().out)] == [[1.0]] * 3


@pytest.mark.usefixtures("ends")
def test_tool_that_is_none_makes_no_metric_of_its_name(server: ToolServer, capsys: pytest.CaptureFixture[str]) -> None:
    refusal(call(server, "made_up", {}))
    assert metrics(capsys.readouterr().out) == []


def test_current_major_says_and_counts_nothing(server: ToolServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(server, "get_order", {"number": 7}) == {"number": 6}
    assert metrics(capsys.readouterr().out) == []


def test_end_without_a_successor_is_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDS, "2027-06-30")
    monkeypatch.delenv(SUCCESSOR, raising=False)
    with pytest.raises(KeyError, match=SUCCESSOR):
        Deprecation.from_environment()
