"""Read the audit store as Athena does: tests and people look into the bucket of a local run with it.

`python -m tests.local.audit_store <endpoint url> <bucket>` prints the calls of the last days, a line each.
"""

from __future__ import annotations

import datetime
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from foundation.audit.catalogue import RECORD_COLUMNS
from foundation.audit.queries import RECORDS_TABLE, Query
from local.emulator.queries.types import duckdb_type
from tests.local.aws_clients import aws_client

ALL_CALLS = Query(name="all-calls", description="Every call", parameters=("first day", "last day"), condition="true")
"""One row a call, of all."""


class AuditTable:
    """The records table over a folder with a folder a day, as in the bucket.

    Attributes:
        database: the database's name in statements.
    """

    database = "audit"

    def __init__(self, folder: Path) -> None:
        """`folder` has folders `day=<yyyy-mm-dd>` with compressed lines of JSON; others are passed over."""
        self._connection = duckdb.connect(":memory:")
        self._connection.execute(f"CREATE SCHEMA {self.database}")
        columns = ", ".join(f"'{name}': '{duckdb_type(kind)}'" for name, kind in RECORD_COLUMNS)
        # As the table's SerDe does: a line that is no JSON is a row without values.
        self._connection.execute(
            f"CREATE VIEW {self.database}.{RECORDS_TABLE} AS SELECT * FROM read_json("
            f"'{folder}/day=*/*.gz', format='newline_delimited', ignore_errors=true, columns={{{columns}}}, "
            "hive_partitioning=true, hive_types={'day': VARCHAR})"
        )

    def ask(self, sql: str, *parameters: str) -> list[dict[str, Any]]:
        """The rows that a statement gives, its question marks being `parameters`."""
        answer = self._connection.execute(sql, list(parameters))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def calls(endpoint_url: str, bucket: str, *, days: Sequence[datetime.date]) -> list[dict[str, Any]]:
    """Every call that the bucket of a local run tells of, a row each, of records that arrived from the first to the
    last of `days`.
    """
    with tempfile.TemporaryDirectory() as folder:
        if not download(endpoint_url, bucket, Path(folder)):
            return []
        table = AuditTable(Path(folder))
        sql = ALL_CALLS.sql(database=table.database)
        return table.ask(sql, days[0].isoformat(), days[-1].isoformat())


def download(endpoint_url: str, bucket: str, folder: Path) -> int:
    """Copy the records of a bucket into `folder`; how many objects there are."""
    s3, prefix, objects = aws_client("s3", endpoint_url), f"{RECORDS_TABLE}/", 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            file = folder / entry["Key"].removeprefix(prefix)
            file.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry["Key"], str(file))
            objects += 1
    return objects


def main() -> None:
    """Print the calls of the last two days."""
    endpoint_url, bucket = sys.argv[1:]
    today = datetime.datetime.now(datetime.UTC).date()
    for row in calls(endpoint_url, bucket, days=(today - datetime.timedelta(days=1), today)):
        print(" ".join(str(row[name]) for name in ("called_at", "outcome", "tenant_id", "method", "resource_accessed")))


if __name__ == "__main__":
    main()
