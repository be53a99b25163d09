"""The page of the audit record, from its list of fields and the saved queries."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generator.markdown import code, page, table
from foundation.audit.catalogue import GATEWAY_COLUMNS
from foundation.audit.queries import GATEWAY_TABLE, QUERIES, RECORDS_TABLE
from foundation.audit.record import FIELDS, VERSION, Field, Group


def audit_page() -> str:
    """Every field of the record, and what is asked of the store."""
    return page(
        "The audit record",
        f"Version {VERSION}. A call leaves two records, of its request and of its response, each one line of JSON in "
        f"the audit log group and a row of the table {code(RECORDS_TABLE)}. A value that is not known is null. A new "
        "field raises the version's second number; one that goes, or means something else, the first. How records are "
        "kept and asked is told in [the guide](../guides/audit.md).",
        table(("field", "type", "always there", "meaning"), _rows()),
        "## Saved queries",
        table(
            ("query", "lists", "parameters, in order"),
            ((code(query.name), query.description, "; ".join(query.parameters)) for query in QUERIES),
        ),
        "## What the gateway refused itself",
        f"The table {code(GATEWAY_TABLE)} holds what the gateway's own log says went wrong, above all tokens that the "
        "authorizer refused before any record could be made. Requests and answers are taken out on the way.",
        table(("column", "type"), ((code(name), code(kind)) for name, kind in GATEWAY_COLUMNS)),
    )


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for field in FIELDS:
        if isinstance(field, Group):
            for member in field.fields:
                yield _row(member, f"{field.name}.{member.name}")
        else:
            yield _row(field, field.name)


def _row(field: Field, path: str) -> tuple[str, str, str, str]:
    values = f" ({', '.join(map(code, field.values))})" if field.values else ""
    return code(path), code(field.type), "yes" if field.always else "", field.meaning + values
