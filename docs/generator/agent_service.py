"""The page of the conversational agent's HTTP interface, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conversation_agent.app import create_app
from conversation_agent.events import NAMES
from conversation_agent.problems import MEANINGS
from conversation_agent.settings import Settings
from docs.generator.markdown import code, page, table

_SETTINGS = Settings(
    environment="",
    tenant="",
    agent="",
    account_id="",
    callers=frozenset(),
    table="",
    retention_days=1,
    gateway_url="",
    secret_id="",  # the document depends on no setting
)
_REFERENCE = "#/components/schemas/"


def agent_service_page() -> str:
    """Every operation, event, error and document of the interface."""
    document = document_of_the_service()
    return page(
        "The conversational agent's HTTP interface",
        f"Version {document['info']['version']}. Requests are signed with AWS Signature Version 4 for the service "
        f"{code('lambda')}; the function URL is in the parameter that the agent's stack writes. The service serves the "
        f"OpenAPI document of this page at {code('/openapi.json')}. Every answer carries {code('X-Correlation-ID')}, "
        "the request's own where it sent a good one. Why it is so: [the decision](../decisions/conversation-agent.md).",
        "## Operations",
        table(("operation", "takes", "gives", "what it does"), _operations(document)),
        "## Events of an answer",
        "`POST /stream` sends these as server-sent events, `start` first and `done` last. A stream without `done` was "
        "cut: the same request again, with its `request_id`, brings the whole answer from its beginning.",
        table(("event", "data"), ((code(name), code(model.__name__)) for model, name in NAMES.items())),
        "## Errors",
        "Problem details (RFC 9457), or an event `error` once an answer is being streamed.",
        table(
            ("code", "status", "again", "meaning"),
            (
                (code(one), str(int(meaning.status)), "yes" if meaning.retryable else "no", meaning.sentence)
                for one, meaning in MEANINGS.items()
            ),
        ),
        "## Documents",
        *_documents(document),
    )


def document_of_the_service() -> dict[str, Any]:
    """The OpenAPI document, which needs no running service."""

    def nothing() -> Any:
        raise NotImplementedError("the document loads no backend")

    return create_app(_SETTINGS, nothing).openapi()


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            queries = [code(one["name"]) for one in operation.get("parameters", []) if one["in"] == "query"]
            body = operation.get("requestBody", {}).get("content", {})
            takes = [*(code(_type(one["schema"])) for one in body.values()), *queries]
            success = min(int(status) for status in operation["responses"])
            gives = [
                code(_type(content["schema"])) if media == "application/json" else media
                for status, answer in operation["responses"].items()
                if int(status) == success
                for media, content in answer.get("content", {}).items()
            ]
            yield code(f"{method.upper()} {path}"), ", ".join(takes), ", ".join(gives), operation["description"]


def _documents(document: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        if "properties" not in schema:
            continue
        required = schema.get("required", [])
        yield f"### {name}"
        yield schema.get("description", "")
        yield table(
            ("key", "type", "always there", "meaning"),
            (
                (code(key), code(_type(value)), "yes" if key in required else "", value.get("description", ""))
                for key, value in schema["properties"].items()
            ),
        )


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a word."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "any"))
