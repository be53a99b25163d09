"""The OpenAPI document: FastAPI's, with the problems as they are really answered, and with the events of a stream."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from conversation_agent.events import NAMES
from conversation_agent.schemas import Problem

_STREAM = "text/event-stream"
_REFERENCE = "#/components/schemas/{model}"
_NEVER_SENT = ("HTTPValidationError", "ValidationError")
"""What FastAPI answers to malformed requests unless an application does it itself, as this one does (400)."""


def add_document(app: FastAPI) -> None:
    """Let `app` serve the document at /openapi.json; call it after the routes are added."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # https://fastapi.tiangolo.com/how-to/extending-openapi/


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    models: tuple[type[BaseModel], ...] = (Problem, *NAMES)
    _, found = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    schemas |= {name: schemas.get(name, schema) for name, schema in found["$defs"].items()}
    for path in document["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            for answer in answers.values():
                # FastAPI describes events by `itemSchema`, a word of OpenAPI 3.2, in a document of 3.1.
                if _STREAM in answer.get("content", {}):
                    answer["content"][_STREAM] = {"schema": {"type": "string"}}
            for status in [status for status, answer in answers.items() if _is_never_sent(answer)]:
                del answers[status]
    return document


def _is_never_sent(answer: dict[str, Any]) -> bool:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith(f"/{_NEVER_SENT[0]}")
