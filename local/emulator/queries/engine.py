"""Athena as the audit store is asked: ministack runs statements with DuckDB, which is given two things here.

Execution parameters take the place of question marks
(docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements-querying-using-execution-parameters.html), and a
table of JSON lines has its columns' types, with a row without values for a line that is no JSON, as the OpenX SerDe
reads it (docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import athena

from local.emulator.patching import replace
from local.emulator.queries.types import duckdb_type
from local.emulator.responses import Response, refusal

_OPENX = "org.openx.data.jsonserde.JsonSerDe"

Table = Mapping[str, Any]


def install() -> None:
    """Run statements this way from now on.

    Raises LookupError when there is no DuckDB: ministack would make answers up.
    """
    if athena.get_athena_engine() != "duckdb":
        raise LookupError("Athena has no engine: install duckdb into the emulator's environment")
    _take_parameters()
    _read_json_tables()


def with_parameters(statement: str, parameters: Sequence[str]) -> str:
    """The statement with its question marks replaced. Raises ValueError when their numbers differ."""
    marks = [start for kind, text, start, _ in athena._sql_tokens(statement) if (kind, text) == ("punct", "?")]
    if len(marks) != len(parameters):
        raise ValueError(f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}")
    for start, parameter in reversed(list(zip(marks, parameters, strict=True))):
        statement = statement[:start] + parameter + statement[start + 1 :]
    return statement


def _take_parameters() -> None:
    original = athena._start_query_execution

    def start_query_execution(data: Mapping[str, Any]) -> Response:
        try:
            statement = with_parameters(data.get("QueryString", ""), data.get("ExecutionParameters") or ())
        except ValueError as error:
            return refusal("InvalidRequestException", str(error))
        response: Response = original({**data, "QueryString": statement})
        return response

    replace(original, start_query_execution)


def _read_json_tables() -> None:
    filled, empty = athena._table_relation, athena._empty_relation

    def table_relation(table: Table, files: Sequence[str]) -> str:
        if not _is_json(table):
            return str(filled(table, files))
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _columns(table))
        days = athena._hive_options(athena._path_partition_keys(table, files))
        return (
            f"read_json({athena._sql_list(files)}, format = 'newline_delimited', ignore_errors = true, "
            f"columns = {{{columns}}}, {days})"
        )

    def empty_relation(table: Table) -> str:
        if not _is_json(table):
            return str(empty(table))
        keys = [(key["Name"], duckdb_type(key["Type"])) for key in table.get("PartitionKeys") or ()]
        columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in [*_columns(table), *keys])
        return f"(SELECT {columns} WHERE false)"

    replace(filled, table_relation)
    replace(empty, empty_relation)


def _is_json(table: Table) -> bool:
    serde = (table.get("StorageDescriptor") or {}).get("SerdeInfo") or {}
    return serde.get("SerializationLibrary") == _OPENX


def _columns(table: Table) -> list[tuple[str, str]]:
    return [(column["Name"], duckdb_type(column["Type"])) for column in table["StorageDescriptor"]["Columns"]]
