"""Says in the function's log what does not answer, so that a refusal for it can be explained afterwards.

The line has no `event_type`, so that it is no audit record, and none of what a caller sent.
"""

from __future__ import annotations

import json
import traceback


def warn(what: str, error: Exception) -> None:
    """Write what cannot be had, with the kind of the error and AWS's code for it.

    Args:
        what: What cannot be had, as a sentence.
        error: Why.
    """
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    operation = getattr(error, "operation_name", None)
    kind = " ".join(str(part) for part in (type(error).__name__, operation, code) if part)
    _write({"level": "WARNING", "message": what, "error": kind})


def failed(function: str, error: Exception, *, request_id: str) -> None:
    """Write where a function failed; the error's own words could quote the call.

    Args:
        function: The function's name.
        error: What it failed with.
        request_id: The call's id.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    _write(
        {
            "level": "ERROR",
            "message": f"{function} failed",
            "error": type(error).__name__,
            "places": places,
            "request_id": request_id,
        }
    )


def _write(line: dict[str, str]) -> None:
    print(json.dumps(line), flush=True)
