"""Types of Glue's tables as DuckDB writes them (docs.aws.amazon.com/athena/latest/ug/data-types.html)."""

from __future__ import annotations

_SCALARS = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def duckdb_type(kind: str) -> str:
    """A type of Glue's as DuckDB writes it. Raises ValueError for one that is not known here."""
    kind = kind.strip()
    if kind in _SCALARS:
        return _SCALARS[kind]
    name, _, inner = kind.removesuffix(">").partition("<")
    match name:
        case "array":
            return f"{duckdb_type(inner)}[]"
        case "map":
            key, value = _members(inner)
            return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
        case "struct":
            members = (member.partition(":") for member in _members(inner))
            return f"STRUCT({', '.join(f'{member.strip()} {duckdb_type(of)}' for member, _, of in members)})"
    raise ValueError(f"the local run knows no column type {kind}")


def _members(inner: str) -> list[str]:
    """What stands between the commas that are not inside another type."""
    parts, depth = [""], 0
    for character in inner:
        depth += (character == "<") - (character == ">")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
