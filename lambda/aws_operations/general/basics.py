"""Tools that need no AWS permission: a greeting and the time."""

from datetime import UTC, datetime
from typing import TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aws_operations.general.server import server
from toolkit import ToolError


class Greeting(TypedDict):
    """A greeting.

    Attributes:
        message: The greeting's text.
    """

    message: str


class Time(TypedDict):
    """A point in time in one time zone.

    Attributes:
        time: The time in ISO 8601 with its offset from UTC.
        timezone: The time zone's IANA name.
        unix_seconds: Seconds since 1970-01-01T00:00:00Z.
    """

    time: str
    timezone: str
    unix_seconds: int


@server.tool(actions=[], classification="public")
def hello_world(name: str = "world") -> Greeting:
    """Greet someone; a call that works shows that the way from agent to tool is open.

    Args:
        name: Whom to greet.
    """
    return {"message": f"Hello, {name}!"}


@server.tool(actions=[], classification="public")
def get_time(timezone: str = "UTC") -> Time:
    """Tell the current time.

    Args:
        timezone: The time zone's IANA name, such as America/Sao_Paulo.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # ValueError: a path; OSError: a folder's name
        raise ToolError(f"{timezone!r} is not the name of a time zone; give one such as Europe/Berlin") from error
    now = datetime.now(UTC).replace(microsecond=0)
    return {"time": now.astimezone(zone).isoformat(), "timezone": timezone, "unix_seconds": int(now.timestamp())}
