"""What agents read of their environment and their requests, each in one way: names, numbers, correlation ids."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable

import pytest

from foundation.function import SOURCE_ROOT
from gateway_agent.answers import RATE_LIMITED, Refusal
from gateway_agent.correlation import HEADER, accepted_or_new
from gateway_agent.errors import SettingsError
from gateway_agent.variables import AgentName, number, require
from governance.events import Ids


@pytest.mark.parametrize("given", ["question-1.A", ".x", "-", "_" * 128])
def test_a_good_correlation_id_is_taken_over_by_agents_as_by_the_gateway(given: str) -> None:
    assert accepted_or_new([given]) == given
    assert Ids.new({HEADER.lower(): given}).correlation_id == given


@pytest.mark.parametrize("given", ["a b", "", "x" * 129, "ä", "a\n", "a/b"])
def test_any_other_is_replaced_by_agents_as_by_the_gateway(given: str) -> None:
    assert uuid.UUID(accepted_or_new([given]))
    assert Ids.new({HEADER.lower(): given}).correlation_id != given


@pytest.mark.parametrize("given", [[], ["a", "b"], ["a", "a"]])
def test_a_correlation_id_counts_only_when_it_is_one(given: list[str]) -> None:
    assert uuid.UUID(accepted_or_new(given))


def test_settings_and_correlation_ids_cost_no_import_of_strands_or_mcp() -> None:
    """A service answers its health check before it has loaded them."""
    code = (
        "import sys, gateway_agent.answers, gateway_agent.correlation, gateway_agent.variables\n"
        "print(sorted({'strands', 'mcp', 'boto3', 'httpx2'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE_ROOT)}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_an_agents_name_is_tenant_and_agent() -> None:
    found = AgentName.parse("acme-corp/finance-agent")
    assert (found.tenant, found.name, str(found)) == ("acme-corp", "finance-agent", "acme-corp/finance-agent")


@pytest.mark.parametrize(
    "text", ["finance-agent", "-/-", "a/b/c", "acme--corp/x", "Acme/x", "acme/x-", "acme/", "a/b\n"]
)
def test_a_name_that_no_tenants_file_can_give_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="write <tenant>/<agent>, such as acme-corp/finance-agent"):
        AgentName.parse(text)


@pytest.mark.parametrize(("given", "kind", "value"), [({}, int, 5), ({"N": ""}, int, 5), ({"N": "7"}, int, 7),
                                                      ({"N": "0.5"}, float, 0.5)])  # fmt: skip
def test_a_number_is_read(given: dict[str, str], kind: Callable[[str], float], value: float) -> None:
    assert number(given, "N", kind, default=kind("5"), lowest=0) == value


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [("-1", int, "a whole number"), ("0.5", int, "a whole number"), ("many", int, "a whole number"),
     ("1000000", int, "a whole number"), ("nan", float, "a number"), ("inf", float, "a number")],
)  # fmt: skip
def test_what_is_no_number_is_told(text: str, kind: Callable[[str], float], what: str) -> None:
    with pytest.raises(SettingsError, match=f"N is '{text}': write {what} from 0"):
        number({"N": text}, "N", kind, default=kind("5"), lowest=0)


def test_all_that_is_missing_is_told_at_once_with_who_sets_it() -> None:
    meanings = {"A": "the first", "B": "the second", "C": "the third"}
    with pytest.raises(
        SettingsError, match=r"^The environment lacks A \(the first\), C \(the third\): set them in x\.$"
    ):
        require({"A": "", "B": "there"}, meanings, where="x")


@pytest.mark.parametrize(("data", "seconds"), [({"retryAfter": 2}, 2), ({"retryAfter": -1}, None),
                                               ({"retryAfter": "2"}, None), ([], None), (None, None)])  # fmt: skip
def test_a_refusal_says_when_to_try_again_only_where_that_can_be(data: object, seconds: float | None) -> None:
    assert Refusal.of(RATE_LIMITED, "Rate limit exceeded", data).retry_after == seconds
