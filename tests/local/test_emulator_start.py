"""The emulator starts on the loopback only, says when it is ready, and lets nothing leave the machine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import stat
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from local.emulator.certificates import LocalAuthority
from tests.local.conftest import REPOSITORY, Emulator, start_emulator


def through_the_edge(emulator: Emulator, ca: Path | None = None) -> urllib.request.OpenerDirector:
    """An HTTPS client that goes through the edge and trusts only `ca` (by default the emulator's)."""
    context = ssl.create_default_context(cafile=str(ca or emulator.ca))
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": emulator.edge_url}), urllib.request.HTTPSHandler(context=context)
    )


def open_descriptors(pid: int) -> set[str]:
    """What the process has open. A descriptor that is closed between the listing and the reading is no longer open."""
    opened = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened.add(str(entry.readlink()))
    return opened


def test_health_names_what_runs(emulator: Emulator) -> None:
    with urllib.request.urlopen(f"{emulator.endpoint_url}/_foundation/health") as answer:
        page = json.load(answer)
    assert page["pid"] == emulator.process.pid
    assert page["endpoint_url"] == emulator.endpoint_url
    assert page["edge_url"] == emulator.edge_url
    assert page["account"] == "123456789012"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_every_listener_is_on_the_loopback(emulator: Emulator) -> None:
    own = open_descriptors(emulator.process.pid)
    listening = [
        columns[1].split(":")[0]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for columns in (line.split() for line in Path(table).read_text().splitlines()[1:])
        if columns[3] == "0A" and f"socket:[{columns[9]}]" in own
    ]
    assert listening == ["0100007F", "0100007F"], "127.0.0.1, once for the API and once for the edge"


def test_the_authority_key_is_its_owners_only(emulator: Emulator) -> None:
    assert stat.S_IMODE((emulator.state / "ca-key.pem").stat().st_mode) == 0o600


def test_the_edge_proves_to_be_the_aws_host(emulator: Emulator) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        through_the_edge(emulator).open("https://cognito-idp.us-east-1.amazonaws.com/nothing")
    assert refused.value.headers["x-amzn-requestid"], "the answer comes from the emulated AWS"
    assert list((emulator.state / "tmp").glob("*.pem")) == [], "the certificate's key stays in memory"


def test_the_edge_is_not_trusted_by_default(emulator: Emulator, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    LocalAuthority(ca_file=other / "ca.pem", key_file=other / "key.pem", leaf_folder=other)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        through_the_edge(emulator, other / "ca.pem").open("https://cognito-idp.us-east-1.amazonaws.com/")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://cognito-idp.eu-west-1.amazonaws.com/",
        "https://evil.cognito-idp.us-east-1.amazonaws.com/",
        "https://cognito-idp.us-east-1.amazonaws.com.evil.example/",
        "https://cognito-idp.us-east-1.amazonaws.com:8443/",
        "https://127.0.0.1/",
    ],
)
def test_the_edge_refuses_every_other_host_by_name(emulator: Emulator, url: str) -> None:
    with pytest.raises(urllib.error.URLError, match="403"):
        through_the_edge(emulator).open(url)
    assert url.split("/")[2].split(":", maxsplit=1)[0] in emulator.log.read_text()


def test_it_stops_on_sigterm_and_starts_again_in_the_same_folder(emulator_python: Path, tmp_path: Path) -> None:
    first = start_emulator(emulator_python, tmp_path)
    authority = first.ca.read_bytes()
    os.kill(first.process.pid, signal.SIGTERM)
    assert first.process.wait(timeout=15) == 0
    second = start_emulator(emulator_python, tmp_path)
    try:
        assert second.ca.read_bytes() == authority, "clients keep trusting it"
        assert second.client("s3").list_buckets()["Buckets"] == []
    finally:
        second.process.terminate()
        second.process.wait(timeout=15)


def test_a_wrong_environment_is_one_sentence(emulator_python: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [emulator_python, "-m", "local.emulator"],
        env={"PYTHONPATH": str(REPOSITORY), "FOUNDATION_EDGE_PORT": "http"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    for name in ("FOUNDATION_STATE", "FOUNDATION_CFN_SCHEMAS", "FOUNDATION_EDGE_PORT"):
        assert name in run.stderr
    assert len(run.stderr.splitlines()) == 1
