"""A web page that a developer has open cannot reach the emulated AWS."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.local.conftest import Emulator


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Origin": "https://evil.example"}),
        ("/", {"Origin": "null"}),
        ("/", {"Sec-Fetch-Site": "cross-site"}),
        ("/", {"Host": "evil.example"}),
        ("/", {"Host": "127.0.0.1.evil.example:4566"}),
        ("/_ministack/reset", {}),
        ("/_ministack/config", {}),
        ("/_localstack/init", {}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_it_is_refused(emulator: Emulator, method: str, path: str, headers: dict[str, str]) -> None:
    request = urllib.request.Request(f"{emulator.endpoint_url}{path}", headers=headers, method=method)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_aws_clients_are_not(emulator: Emulator) -> None:
    assert emulator.client("sts").get_caller_identity()["Account"] == "123456789012"
