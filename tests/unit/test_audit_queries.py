"""The saved questions answer what they say, run by DuckDB over records as they lie in the bucket.

Athena's dialect is checked by a parser that knows it; DuckDB then runs the same statement, which stays within what both
understand.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from foundation.audit.catalogue import GATEWAY_COLUMNS, RECORD_COLUMNS
from foundation.audit.queries import QUERIES, Query
from tests.local.audit_store import AuditTable
from tests.unit.audit_records import Record, record

DAYS = ("2026-11-25", "2026-11-26")
BY_NAME = {query.name: query for query in QUERIES}


def call(number: int, *, response: dict[str, Any] | None = None, **changed: Any) -> list[Record]:
    """The two records of a call; None instead of a response leaves the request alone."""
    ids = {"request_id": f"request-{number}", "timestamp": f"2026-11-25T10:00:0{number}.000Z"}
    request = record("request", **ids, **changed)
    return [request] if response is None else [request, record("response", **{**ids, **changed, **response})]


RECORDS: list[Record] = [
    *call(1, response={}),
    *call(2, response={"outcome": "denied", "reason": "policy"}),
    *call(3, outcome="refused", reason="token_expired", client_context={"tenant_id": None, "agent_id": None}),
    *call(4, response={}, client_context={"tenant_id": "globex"}, correlation_id="correlation-2"),
    *call(5, response=None),
    record("response", request_id="request-6", timestamp="2026-11-26T00:00:01.000Z", outcome="failed"),
]


@pytest.fixture
def table(tmp_path: Path) -> AuditTable:
    """The table over a bucket of two days; a copy of a record, a line that is none and an empty one are among them."""
    lines = [json.dumps(one) for one in RECORDS]
    first = [*lines[:-1], lines[0], "", "CWL CONTROL MESSAGE: Checking health of destination Firehose."]
    for day, content in zip(DAYS, (first, lines[-1:]), strict=True):
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        (folder / "stream.gz").write_bytes(gzip.compress("\n".join(content).encode() + b"\n"))
    return AuditTable(tmp_path)


def rows(table: AuditTable, query: Query, *parameters: str) -> list[dict[str, Any]]:
    return table.ask(query.sql(database=table.database), *parameters)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_athena_can_parse_it_and_counts_its_parameters(query: Query) -> None:
    [statement] = sqlglot.parse(query.sql(database="audit"), dialect="athena")
    assert statement is not None
    assert len(list(statement.find_all(sqlglot.exp.Placeholder))) == len(query.parameters)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_it_names_the_days_before_it_joins(query: Query) -> None:
    """Otherwise Athena would read every day there is."""
    sql = query.sql(database="audit")
    assert sql.index("day BETWEEN ? AND ?") < sql.index("JOIN")


def test_denied_calls_are_those_that_somebody_stopped(table: AuditTable) -> None:
    found = rows(table, BY_NAME["denied-calls"], *DAYS)
    assert [(row["request_id"], row["outcome"], row["reason"]) for row in found] == [
        ("request-2", "denied", "policy"),
        ("request-3", "refused", "token_expired"),
    ]


def test_one_correlation_id_is_followed_through_all_its_calls(table: AuditTable) -> None:
    found = rows(table, BY_NAME["one-correlation-id"], *DAYS, "correlation-2")
    assert [(row["request_id"], row["tenant_id"]) for row in found] == [("request-4", "globex")]


def test_one_tenants_day_has_one_row_a_call(table: AuditTable) -> None:
    found = rows(table, BY_NAME["one-tenants-day"], *DAYS, "acme-corp", DAYS[0])
    assert [(row["request_id"], row["outcome"]) for row in found] == [
        ("request-1", "allowed"),
        ("request-2", "denied"),
        ("request-5", "unanswered"),
    ]
    [first, *_] = found
    assert (first["status_code"], first["processing_time_ms"], first["method"]) == (200, 150, "tools/call")
    assert first["called_at"] == first["answered_at"] == "2026-11-25T10:00:01.000Z"


def test_a_half_without_its_other_half_is_a_row(table: AuditTable) -> None:
    found = rows(table, BY_NAME["one-tenants-day"], *DAYS, "acme-corp", DAYS[1])
    assert [(row["request_id"], row["outcome"]) for row in found] == [("request-6", "failed")]


@pytest.mark.parametrize("columns", [RECORD_COLUMNS, GATEWAY_COLUMNS])
def test_every_column_is_of_a_type_that_athena_knows(columns: tuple[tuple[str, str], ...]) -> None:
    definition = ", ".join(f"`{name}` {kind.replace(':', ': ')}" for name, kind in columns)
    statement = sqlglot.parse_one(f"CREATE EXTERNAL TABLE t ({definition})", dialect="athena")
    assert len(list(statement.find_all(sqlglot.exp.ColumnDef))) >= len(columns)


def test_a_question_outside_its_days_finds_nothing(table: AuditTable) -> None:
    assert rows(table, BY_NAME["denied-calls"], "2026-11-26", "2026-11-26") == []
    with pytest.raises(duckdb.Error):
        rows(table, BY_NAME["denied-calls"], "2026-11-26")
