"""What reaches the emulated AWS: no web page that a developer has open, and every object as it is."""

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


@pytest.mark.parametrize("body", [b"{\x96\x00", b'{"Action": "a request of another service"}'])
def test_an_object_that_begins_like_a_request_is_stored_as_it_is(emulator: Emulator, body: bytes) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="objects")
    try:
        s3.put_object(Bucket="objects", Key="part", Body=body)
        assert s3.get_object(Bucket="objects", Key="part")["Body"].read() == body
    finally:
        s3.delete_object(Bucket="objects", Key="part")
        s3.delete_bucket(Bucket="objects")
