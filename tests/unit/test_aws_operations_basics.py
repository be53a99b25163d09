"""The tools without AWS, and the packages' pins."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aws_operations.general.handler import server
from tests.unit.lambda_calls import call, refusal

ROOT = Path(__file__).parents[2]


def test_hello_world_greets() -> None:
    assert call(server, "hello_world") == {"message": "Hello, world!"}
    assert call(server, "hello_world", {"name": "Ana"}) == {"message": "Hello, Ana!"}


def test_the_time_is_now_in_the_zone_asked_for() -> None:
    answer = call(server, "get_time", {"timezone": "Asia/Kolkata"})
    told = datetime.fromisoformat(answer["time"])
    assert told.utcoffset() == timedelta(hours=5, minutes=30)
    assert answer["timezone"] == "Asia/Kolkata"
    assert abs(answer["unix_seconds"] - time.time()) < 60
    assert told.timestamp() == answer["unix_seconds"]


def test_the_time_is_utc_when_no_zone_is_asked_for() -> None:
    assert call(server, "get_time")["time"].endswith("+00:00")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "/etc/passwd", "../../etc/passwd", "Europe", "a\0b", "x" * 5000])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    assert "is not the name of a time zone" in refusal(call(server, "get_time", {"timezone": zone}))


@pytest.mark.parametrize("package", ["aws_operations", "secret_rotation"])
def test_a_bundle_holds_the_versions_that_were_tested(package: str) -> None:
    tested = pins(ROOT / "requirements.txt") | pins(ROOT / "constraints.txt")
    bundled = pins(ROOT / "lambda" / package / "requirements.txt")
    assert bundled
    assert bundled == {name: tested[name] for name in bundled}


def pins(file: Path) -> dict[str, str]:
    """Package names to versions."""
    lines = (line.split("#")[0].strip() for line in file.read_text().splitlines())
    return {name: version for name, equals, version in (line.partition("==") for line in lines) if equals}
