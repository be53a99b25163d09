"""What is asked of the audit store: one row a call, and the three questions that are saved (R8).

The SQL is Athena's (Trino's) and stays within what DuckDB understands too, so that tests run it as it is. Each question
begins with the same expressions instead of a view: a view would join the records of all days before it looked at the
days that were asked for. Question marks are execution parameters
(https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html).
"""

from __future__ import annotations

from dataclasses import dataclass

RECORDS_TABLE = "records"
GATEWAY_TABLE = "gateway"

_CALLS = """\
WITH records AS (
    SELECT *, row_number() OVER (PARTITION BY request_id, phase ORDER BY "timestamp") AS copy
    FROM "{database}"."{table}"
    WHERE day BETWEEN ? AND ? AND event_type = 'mcp_request'
),
requests AS (SELECT * FROM records WHERE phase = 'request' AND copy = 1),
responses AS (SELECT * FROM records WHERE phase = 'response' AND copy = 1),
calls AS (
    SELECT
        coalesce(q."timestamp", s."timestamp") AS called_at,
        s."timestamp" AS answered_at,
        coalesce(q.request_id, s.request_id) AS request_id,
        coalesce(q.correlation_id, s.correlation_id) AS correlation_id,
        CASE WHEN q.outcome = 'refused' THEN 'refused' ELSE coalesce(s.outcome, 'unanswered') END AS outcome,
        coalesce(nullif(q.reason, ''), nullif(s.reason, '')) AS reason,
        coalesce(q.client_context.tenant_id, s.client_context.tenant_id) AS tenant_id,
        coalesce(q.client_context.agent_id, s.client_context.agent_id) AS agent_id,
        coalesce(q.client_context.client_id, s.client_context.client_id) AS client_id,
        coalesce(q.client_context.on_behalf_of, s.client_context.on_behalf_of) AS on_behalf_of,
        coalesce(q.mcp_context.method, s.mcp_context.method) AS method,
        coalesce(q.mcp_context.resource_accessed, s.mcp_context.resource_accessed) AS resource_accessed,
        coalesce(q.mcp_context.data_classification, s.mcp_context.data_classification) AS data_classification,
        coalesce(s.response_context.status_code, q.response_context.status_code) AS status_code,
        s.response_context.response_size_bytes AS response_size_bytes,
        s.response_context.processing_time_ms AS processing_time_ms
    FROM requests q FULL OUTER JOIN responses s ON q.request_id = s.request_id
)
"""
"""One row a call, from its two records: a copy that was delivered twice counts once, and a half whose other half is
missing still is a row. A call that nothing answered has the outcome `unanswered`."""


_ORDER = "ORDER BY called_at, request_id"


@dataclass(frozen=True, kw_only=True)
class Query:
    """A saved question.

    Attributes:
        name: its name in Athena, after the environment's.
        description: what it answers.
        parameters: what its question marks stand for, in order.
        condition: which calls it lists.
    """

    name: str
    description: str
    parameters: tuple[str, ...]
    condition: str

    def sql(self, *, database: str, table: str = RECORDS_TABLE) -> str:
        """The statement, over the records table of `database`."""
        calls = _CALLS.format(database=database, table=table)
        return "\n".join((calls.rstrip(), "SELECT * FROM calls", f"WHERE {self.condition}", _ORDER, ""))


_DAYS = ("first day on which records arrived, as 2026-11-25", "last such day")

QUERIES = (
    Query(
        name="denied-calls",
        description="Calls that were refused, or denied by policy or a rate limit",
        parameters=_DAYS,
        condition="outcome IN ('refused', 'denied')",
    ),
    Query(
        name="one-correlation-id",
        description="Calls that belong to one correlation id",
        parameters=(*_DAYS, "the correlation id"),
        condition="correlation_id = ?",
    ),
    Query(
        name="one-tenants-day",
        description="Every call of one tenant on one day",
        parameters=("the day", "the day after, on which its last records may have arrived", "the tenant", "the day"),
        condition="tenant_id = ? AND substr(called_at, 1, 10) = ?",
    ),
)
"""The saved questions."""
