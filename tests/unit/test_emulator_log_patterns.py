"""Filter patterns for JSON events match what CloudWatch Logs' reference says they match.

The module itself has no ministack in it, so it is tested here, in the project's own environment.
"""

import json

import pytest

from local.emulator.log_delivery.patterns import PatternError, compile_json_pattern

RECORD = {
    "event_type": "mcp_request",
    "status": 403,
    "latency": 1.5,
    "ok": False,
    "error": True,
    "nothing": None,
    "client_context": {"tenant_id": "acme-corp", "user_id": None},
    "items": [{"name": "first"}, {"name": "second"}],
}


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.event_type = "mcp_*" }',
        "{ $.event_type = mcp_request }",
        '{ $.event_type != "other" }',
        '{ ($.event_type = "mcp_*") && ($.client_context.tenant_id = "*") }',
        '{ $.event_type = "no" || $.status = 403 }',
        "{ $.status >= 400 && $.status < 500 }",
        "{ $.latency = 1.5 }",
        "{ $.latency > 1e0 }",
        "{ $.error IS TRUE }",
        "{ $.ok IS FALSE }",
        "{ $.nothing IS NULL }",
        "{ $.missing NOT EXISTS }",
        "{ $.nothing EXISTS }",
        '{ $.items[1].name = "second" }',
        "{ $.event_type = %^mcp_[a-z]+$% }",
        '{ $.event_type = "no" && $.status = 1 || $.status = 403 }',
    ],
)
def test_it_matches(pattern: str) -> None:
    assert compile_json_pattern(pattern)(json.dumps(RECORD))


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.event_type = "mcp" }',
        '{ $.event_type = "MCP_*" }',
        '{ $.client_context.user_id = "*" }',
        '{ $.missing = "*" }',
        '{ $.missing != "a" }',
        '{ $.status = "403" }',
        "{ $.ok IS TRUE }",
        "{ $.nothing IS FALSE }",
        "{ $.status < 403 }",
        '{ $.items[2].name = "*" }',
        '{ $.event_type = "mcp_*" && ($.status = 1 || $.status = 2) }',
    ],
)
def test_it_does_not_match(pattern: str) -> None:
    assert not compile_json_pattern(pattern)(json.dumps(RECORD))


@pytest.mark.parametrize("message", ["plain text", "[1, 2]", '"text"', "", '{"event_type": '])
def test_what_is_no_json_object_matches_no_pattern(message: str) -> None:
    assert not compile_json_pattern("{ $.missing NOT EXISTS }")(message)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a = 1",
        "{ $.a }",
        "{ a = 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        '{ $.a < "text" }',
        "{ $.a IS MAYBE }",
        "{ $.a NOT 1 }",
        "{ }",
        "{ $.a = }",
        "{ $.a = 'x' && }",
    ],
)
def test_what_cloudwatch_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_json_pattern(pattern)
