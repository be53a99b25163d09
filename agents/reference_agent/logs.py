"""Logs as lines of JSON: what happened, under which correlation id, and nothing of what was asked or answered."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""Of the question that is being answered."""

OWN = "reference_agent"
_SAFE = (OWN, "gateway_agent", "uvicorn.error")
"""Loggers whose messages hold no content. Of other libraries' messages only the fixed part is written, and of errors
the kind, since their texts may quote a question or an answer."""


class JsonLines(logging.Formatter):
    """A record as a line of JSON.

    Args:
        fields: What each line holds beside the record.
    """

    def __init__(self, **fields: str) -> None:
        super().__init__()
        self._fields = fields

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **self._fields,
            "correlation_id": correlation_id.get(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps({**line, **getattr(record, "fields", {})}, default=str)


def _message(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] in _SAFE or record.name in _SAFE:
        return record.getMessage()
    return record.msg if isinstance(record.msg, str) else type(record.msg).__name__


def configure(**fields: str) -> None:
    """Write all logs of this process to standard output.

    Args:
        fields: What each line holds, such as tenant and agent.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(**fields))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _SAFE:
        logging.getLogger(name).setLevel(logging.INFO)


def happened(message: str, **fields: Any) -> None:
    """Log something of this service.

    Args:
        message: What happened.
        fields: Facts: numbers, names, ids; never content.
    """
    logging.getLogger(OWN).info(message, extra={"fields": fields})
