"""The audit record, field by field: the one list behind the store's table, its queries, the documentation and tests.

The shape is that of source 000 §5.4 with what joining two records and telling their outcome takes. A call leaves a
record of its request and one of its response, an operator's command a single one, each on one line; a field that is not
known is null and never missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "1.1"
"""Version of the record. A new field raises the minor, a field that goes or changes its meaning the major."""
EVENT_TYPE = "mcp_request"
"""What half of a call is recorded as."""
OPERATION_EVENT_TYPE = "mcp_operation"
"""What an operator's command is recorded as: a block, or its end."""
EVENT_TYPES = "mcp_*"
"""Pattern of every event type that the store takes; no other log line has a field `event_type`."""
PHASES = ("request", "response", "operation")
OUTCOMES = ("allowed", "denied", "failed", "refused")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a record.

    Attributes:
        name: its name.
        type: its type as Glue and Athena write it
            (https://docs.aws.amazon.com/athena/latest/ug/data-types.html).
        meaning: what it says, for the documentation.
        always: whether a value is there in every record.
        values: the values it may have, if they are few.
    """

    name: str
    type: str
    meaning: str
    always: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that stand together in an object of the record.

    Attributes:
        name: the object's name.
        fields: its fields.
        always: whether the object is there in every record.
    """

    name: str
    fields: tuple[Field, ...]
    always: bool = True

    @property
    def type(self) -> str:
        """The object's type as Glue and Athena write it."""
        return f"struct<{','.join(f'{field.name}:{field.type}' for field in self.fields)}>"


FIELDS: tuple[Field | Group, ...] = (
    Field(name="version", type="string", meaning="version of the record", always=True),
    Field(
        name="event_type",
        type="string",
        meaning="what the record is about: a call, or what an operator did",
        always=True,
        values=(EVENT_TYPE, OPERATION_EVENT_TYPE),
    ),
    Field(
        name="phase",
        type="string",
        meaning="which half of a call the record tells, before the gateway judged it or when it was answered; "
        "operation for what an operator did",
        always=True,
        values=PHASES,
    ),
    Field(name="timestamp", type="string", meaning="when it was written, UTC, RFC 3339 with milliseconds", always=True),
    Field(name="request_id", type="string", meaning="the call, by an id of ours; joins its records", always=True),
    Field(name="correlation_id", type="string", meaning="what the call belongs to, by the caller's id or ours"),
    Field(name="environment", type="string", meaning="the environment, as dev", always=True),
    Field(
        name="outcome",
        type="string",
        meaning="how the call ended, as far as this record's half knows: allowed; denied by policy or a rate limit; "
        "failed in gateway or target; refused before it was judged",
        values=OUTCOMES,
    ),
    Field(
        name="reason",
        type="string",
        meaning="of a call, why it was not answered, as a short code; of an operation, why it was done, in the "
        "operator's words",
    ),
    Group(
        name="client_context",
        fields=(
            Field(name="agent_id", type="string", meaning="agent, as acme-corp/finance-agent, from the verified token"),
            Field(name="tenant_id", type="string", meaning="its tenant, from the verified token"),
            Field(name="organization_id", type="string", meaning="the tenant's organization, from the verified token"),
            Field(name="client_id", type="string", meaning="the client of the identity provider"),
            Field(
                name="user_id",
                type="string",
                meaning="the token's subject: with Cognito the client, with another provider the person or client that "
                "it names; of an operation, the operator's ARN",
            ),
            Field(name="client_ip", type="string", meaning="where the call came from, when the gateway tells"),
            Field(
                name="on_behalf_of",
                type="string",
                meaning="whom the agent says it calls for (X-On-Behalf-Of), as role/finance-team; nothing proves it",
            ),
        ),
    ),
    Group(
        name="mcp_context",
        fields=(
            Field(name="server_name", type="string", meaning="the gateway's target, as aws-operations-v1"),
            Field(name="method", type="string", meaning="the MCP method, as tools/call"),
            Field(name="resource_accessed", type="string", meaning="tool, as aws-operations-v1___get_time, or URI"),
            Field(name="data_classification", type="string", meaning="what the tool is classified as"),
            Field(
                name="arguments",
                type="map<string,bigint>",
                meaning="arguments by name with the size of their JSON in bytes; values never, and of an argument "
                "marked sensitive not even the size",
            ),
        ),
    ),
    Group(
        name="security_context",
        fields=(
            Field(name="token_issued_at", type="string", meaning="when the token was issued; it is nowhere itself"),
            Field(name="token_expires_at", type="string", meaning="when the token expires"),
            Field(name="scopes", type="array<string>", meaning="the token's scopes"),
            Field(name="permissions_validated", type="boolean", meaning="whether token and claims held"),
        ),
    ),
    Group(
        name="response_context",
        always=False,
        fields=(
            Field(name="status_code", type="bigint", meaning="HTTP status of the answer"),
            Field(name="response_size_bytes", type="bigint", meaning="size of the answer's body"),
            Field(name="processing_time_ms", type="bigint", meaning="from the request record to the answer"),
            Field(name="records_returned", type="bigint", meaning="items in the answer, when it is a list"),
        ),
    ),
)
"""Every field of a record, in the order in which it is documented."""


def problems(record: Mapping[str, Any]) -> list[str]:
    """What keeps `record` from being an audit record, a sentence each; empty when it is one."""
    return [*_members(record, FIELDS, ""), *_times(record)]


def _members(given: Mapping[str, Any], fields: tuple[Field | Group, ...], place: str) -> Iterator[str]:
    known = {field.name for field in fields}
    yield from (f"{place}{name} is no field of the audit record" for name in given.keys() - known)
    for field in fields:
        path = f"{place}{field.name}"
        if field.name not in given:
            yield f"{path} is missing; an unknown value is null"
        elif isinstance(field, Group):
            value = given[field.name]
            if isinstance(value, Mapping):
                yield from _members(value, field.fields, f"{path}.")
            elif value is not None or field.always:
                yield f"{path} is {value!r}, an object is needed"
        else:
            yield from _value(field, given[field.name], path)


def _value(field: Field, value: Any, path: str) -> Iterator[str]:
    if value is None:
        if field.always:
            yield f"{path} is null, a value is needed in every record"
    elif not _is(field.type, value):
        yield f"{path} is {value!r}, {field.type} is needed"
    elif field.values and value not in field.values:
        yield f"{path} is {value!r}, one of {', '.join(field.values)} is needed"


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "bigint":
            return isinstance(value, int) and not isinstance(value, bool)
        case "array<string>":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "map<string,bigint>":
            return isinstance(value, Mapping) and all(size is None or _is("bigint", size) for size in value.values())
        case _:
            raise ValueError(f"foundation.audit.record does not know the type {kind}")


def _times(record: Mapping[str, Any]) -> Iterator[str]:
    security = record.get("security_context")
    token = security if isinstance(security, Mapping) else {}
    times = {
        "timestamp": record.get("timestamp"),
        "security_context.token_issued_at": token.get("token_issued_at"),
        "security_context.token_expires_at": token.get("token_expires_at"),
    }
    for path, value in times.items():
        if isinstance(value, str) and not _TIME.fullmatch(value):
            yield f"{path} is {value!r}, a time like 2026-11-25T13:45:00.123Z is needed"
