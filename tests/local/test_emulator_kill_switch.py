"""`make block`, `make blocked`, `make unblock` with ENV=local: the command as a user gives it, at the emulated AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.layout import Layout, Ports
from local.record import Record
from tests.local.conftest import REPOSITORY, Emulator

GROUP = "/foundation/dev/kill-switch"


@pytest.fixture
def state(emulator: Emulator, tmp_path: Path) -> Path:
    """The state folder of a platform whose emulated AWS is the tests'."""
    ports = Ports(emulator=urlsplit(emulator.endpoint_url).port or 0, edge=urlsplit(emulator.edge_url).port or 0)
    Record(ports=ports).write(Layout(tmp_path))
    ssm = emulator.client("ssm")
    for number in range(12):
        value = json.dumps({"agent_id": f"acme-corp/agent-{number}"})
        ssm.put_parameter(Name=f"/foundation/dev/agents/client{number}", Value=value, Type="String", Overwrite=True)
    emulator.client("logs").create_log_group(logGroupName=GROUP)
    ssm.put_parameter(Name="/foundation/dev/audit/log-group", Value=GROUP, Type="String", Overwrite=True)
    return tmp_path


def make(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the commands, by someone whose shell points at an account of their own."""
    return subprocess.run(
        [sys.executable, "-m", "operations", *arguments, "--environment", "local"],
        cwd=REPOSITORY,
        env=os.environ | {"FOUNDATION_STATE": str(state), "AWS_PROFILE": "production"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_agent_is_blocked_listed_and_let_in_again(emulator: Emulator, state: Path) -> None:
    who = ("--tenant", "acme-corp", "--agent", "agent-11", "--reason", "secret found in a log")
    blocked = make(state, "block", *who)
    assert (blocked.stdout, blocked.stderr) == (
        "acme-corp/agent-11 is blocked in dev: the gateway refuses it within a minute.\n",
        "",
    )
    name = "/foundation/dev/suspended/by-command/acme-corp/agent-11"
    value = json.loads(emulator.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    assert value["by"] == "arn:aws:iam::123456789012:root"
    assert "acme-corp/agent-11  by-command  " in make(state, "blocked").stdout
    assert make(state, "unblock", *who).returncode == 0
    assert make(state, "blocked").stdout == "Nobody is suspended in local.\n"
    events = emulator.client("logs").filter_log_events(logGroupName=GROUP)["events"]
    records = [json.loads(event["message"]) for event in events]
    assert sorted(record["mcp_context"]["method"] for record in records) == ["operations/block", "operations/unblock"]
    assert {record["client_context"]["user_id"] for record in records} == {value["by"]}
