"""One JSON log record for each call: which tool, for whom, how long, how it ended; never arguments or answers.

The traceback of an unexpected failure is the exception: its last line is the error's own, and may quote a value.
"""

import time
from types import TracebackType
from typing import Any

from aws_lambda_powertools import Logger

from toolkit.errors import ToolError
from toolkit.invocation import Invocation


class CallRecord:
    """Measures a call and writes its record.

    Args:
        logger: The server's logger.
        server: The server's name and version, as `name version`.
    """

    def __init__(self, logger: Logger, *, server: str) -> None:
        self._logger = logger
        self._fields: dict[str, Any] = {"server": server, "tool": "unknown"}
        self._started = time.perf_counter()

    def about(self, invocation: Invocation) -> None:
        """Note who calls what."""
        headers = {"tenant_id": "x-tenant-id", "client_id": "x-client-id"}
        self._fields |= {
            "tool": invocation.tool,
            "request_id": invocation.request_id,
            "correlation_id": invocation.correlation_id,
            "mcp_message_id": invocation.message_id,
            **{key: invocation.headers[name] for key, name in headers.items() if name in invocation.headers},
        }

    def succeeded(self) -> None:
        """Write that the tool answered."""
        self._write("ok")

    def refused(self, refusal: ToolError) -> None:
        """Write that the tool failed in an expected way, with the error's code and cause but not its message."""
        cause = {"error_cause": refusal.cause} if refusal.cause else {}
        self._write("tool_error", error_code=refusal.code, **cause)

    def failed(self, error: BaseException) -> None:
        """Write that the tool failed unexpectedly, with the traceback."""
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
        exc_info = (type(error), error, error.__traceback__)
        self._logger.error("tool call", extra=self._outcome("internal_error"), exc_info=exc_info)

    def _write(self, outcome: str, **fields: str) -> None:
        self._logger.info("tool call", extra={**self._outcome(outcome), **fields})

    def _outcome(self, outcome: str) -> dict[str, Any]:
        duration = (time.perf_counter() - self._started) * 1000
        return {**self._fields, "outcome": outcome, "duration_ms": round(duration, 1)}
