"""The time range that a caller asks about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from toolkit import ToolError


def time_range(start: str, end: str, *, hours: int) -> tuple[datetime, datetime]:
    """Start and end of a range.

    Args:
        start: ISO 8601, UTC when it names no zone; empty for `hours` before the end.
        end: The same; empty for now.
        hours: How long the range is when `start` is empty.

    Raises:
        ToolError: One is no time, or the end is not after the start.
    """
    last = _read("end", end) if end else datetime.now(UTC)
    first = _read("start", start) if start else last - timedelta(hours=hours)
    if first >= last:
        raise ToolError(
            f"start ({first.isoformat()}) has to be before end ({last.isoformat()})", code="invalid_arguments"
        )
    return first, last


def milliseconds(time: datetime) -> int:
    """A time as CloudWatch Logs takes it: milliseconds since 1970."""
    return int(time.timestamp() * 1000)


def from_milliseconds(time: int | None) -> datetime | None:
    """A time that CloudWatch Logs gave, or None."""
    return None if time is None else datetime.fromtimestamp(time / 1000, UTC)


def _read(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ToolError(
            f"{name} is {text!r} and has to be a time like 2026-11-20T09:30:00Z", code="invalid_arguments"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
