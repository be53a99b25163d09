"""The kill switch: what a block writes, whom it refuses, and that none goes unrecorded (R10)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from foundation.audit.record import problems
from local.layout import Layout, Ports
from local.record import Record
from operations.__main__ import main
from operations.failure import OperationError
from operations.place import Place, _use_this_machine, find_place
from operations.suspension import KillSwitch

GROUP = "/foundation/dev/audit"


@pytest.fixture(scope="module")
def account() -> Iterator[Place]:
    """An account of the tests' own; making its clients takes most of the time."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.delenv("AWS_PROFILE", raising=False)
        yield find_place("dev")


@pytest.fixture
def place(account: Place) -> Iterator[Place]:
    """The environment dev, deployed with two tenants."""
    for number, agent in enumerate(("acme-corp/finance-agent", "acme-corp/reporting-agent", "globex/support-agent")):
        put(account, f"/foundation/dev/agents/client{number}", {"agent_id": agent})
    account.logs.create_log_group(logGroupName=GROUP)
    put(account, "/foundation/dev/audit/log-group", GROUP)
    yield account
    for group in account.logs.describe_log_groups()["logGroups"]:
        account.logs.delete_log_group(logGroupName=group["logGroupName"])
    pages = account.ssm.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    for name in [parameter["Name"] for page in pages for parameter in page["Parameters"]]:
        account.ssm.delete_parameter(Name=name)


def put(place: Place, name: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    place.ssm.put_parameter(Name=name, Value=text, Type="String")


def records(place: Place) -> list[dict[str, Any]]:
    events = place.logs.filter_log_events(logGroupName=GROUP)["events"]
    return [json.loads(event["message"]) for event in events]


def parameter(place: Place, subject: str) -> dict[str, Any]:
    name = f"/foundation/dev/suspended/by-command/{subject}"
    content: dict[str, Any] = json.loads(place.ssm.get_parameter(Name=name)["Parameter"]["Value"])
    return content


@pytest.mark.parametrize("subject", ["acme-corp", "acme-corp/finance-agent"])
def test_a_block_says_who_why_and_since_when_and_is_recorded(place: Place, subject: str) -> None:
    said = KillSwitch(place).block(subject, "leaked secret")
    assert said == f"{subject} is blocked in dev: the gateway refuses it within a minute."
    content = parameter(place, subject)
    assert content.pop("at").endswith("Z")
    assert content == {"subject": subject, "reason": "leaked secret", "by": place.caller}
    (record,) = records(place)
    assert problems(record) == []
    assert record["phase"] == "operation"
    assert record["mcp_context"]["method"] == "operations/block"
    assert record["client_context"]["tenant_id"] == "acme-corp"
    assert record["client_context"]["agent_id"] == (subject if "/" in subject else None)
    assert record["client_context"]["user_id"] == place.caller
    assert record["reason"] == "leaked secret"


def test_a_second_block_replaces_the_first(place: Place) -> None:
    switch = KillSwitch(place)
    switch.block("globex", "first")
    switch.block("globex", "second")
    assert [entry.reason for entry in switch.suspended()] == ["second"]
    assert len(records(place)) == 2


def test_unblocking_lifts_it_and_is_recorded(place: Place) -> None:
    switch = KillSwitch(place)
    switch.block("acme-corp/finance-agent", "leaked secret")
    assert switch.unblock("acme-corp/finance-agent", "secret replaced") == (
        "acme-corp/finance-agent is let in again in dev within a minute."
    )
    assert switch.suspended() == []
    assert [record["mcp_context"]["method"] for record in records(place)] == ["operations/block", "operations/unblock"]


def test_unblocking_says_what_still_suspends(place: Place) -> None:
    switch = KillSwitch(place)
    put(place, "/foundation/dev/suspended/by-setting/globex", {"subject": "globex", "reason": "x", "by": "settings"})
    for subject in ("acme-corp", "acme-corp/finance-agent", "globex"):
        switch.block(subject, "x")
    assert switch.unblock("acme-corp/finance-agent", "x").endswith("but its tenant is blocked as well.")
    assert switch.unblock("globex", "x") == (
        "The block of globex is lifted, but its settings suspend it: set `suspended: false` in "
        "config/tenants/globex.yaml and deploy."
    )
    with pytest.raises(OperationError, match=r"globex is suspended by its settings: set `suspended: false`"):
        switch.unblock("globex", "x")


REFUSED = [
    ("acme-crop", "dev has no 'acme-crop': did you mean acme-corp? there are acme-corp, acme-corp/finance-agent, "),
    (
        "acme-corp/finance",
        "dev has no 'acme-corp/finance': did you mean acme-corp/finance-agent? there are acme-corp, ",
    ),
    ("globex/finance-agent", "dev has no 'globex/finance-agent': did you mean acme-corp/finance-agent? there are "),
]


@pytest.mark.parametrize(("subject", "sentence"), REFUSED, ids=[subject for subject, _ in REFUSED])
def test_whoever_is_not_deployed_cannot_be_blocked(place: Place, subject: str, sentence: str) -> None:
    with pytest.raises(OperationError) as caught:
        KillSwitch(place).block(subject, "x")
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(
        ". To block it all the same, as one that was removed and whose tokens still live, add FORCE=1."
    )
    assert KillSwitch(place).suspended() == []
    assert records(place) == []


def test_whoever_is_not_blocked_cannot_be_unblocked(place: Place) -> None:
    switch = KillSwitch(place)
    with pytest.raises(OperationError, match="globex is not blocked by command in dev: there is none"):
        switch.unblock("globex", "x")
    switch.block("acme-corp", "x")
    with pytest.raises(OperationError, match=r"acme is not blocked by command in dev: did you mean acme-corp\?"):
        switch.unblock("acme", "x")


def test_a_block_holds_although_it_cannot_be_recorded_and_says_so(place: Place) -> None:
    place.ssm.delete_parameter(Name="/foundation/dev/audit/log-group")
    with pytest.raises(OperationError, match="globex is blocked, but there is no audit store here"):
        KillSwitch(place).block("globex", "x")
    assert parameter(place, "globex")["reason"] == "x"


def test_a_block_stays_when_lifting_it_cannot_be_recorded(place: Place) -> None:
    KillSwitch(place).block("globex", "x")
    place.logs.delete_log_group(logGroupName=GROUP)
    with pytest.raises(OperationError, match="globex stays blocked, since the audit record could not be written"):
        KillSwitch(place).unblock("globex", "x")
    assert parameter(place, "globex")["reason"] == "x"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", 'No reason is given: add REASON="…", which the audit record keeps.'),
        ("x" * 501, "The reason has 501 characters: use 500 at most."),
    ],
)
def test_a_reason_is_needed(place: Place, reason: str, sentence: str) -> None:
    for act in (KillSwitch(place).block, KillSwitch(place).unblock):
        with pytest.raises(OperationError) as caught:
            act("globex", reason)
        assert str(caught.value) == sentence


def test_a_parameter_that_is_no_suspension_hinders_nothing_and_is_named(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for subject, value in (("globex", "yes"), ("initech", "[]"), ("acme-corp", '{"reason": "x"}'), ("x/y", '"x"')):
        put(place, f"/foundation/dev/suspended/by-command/{subject}", value)
    put(place, "/foundation/dev/suspended/by-setting/hooli", {"subject": "hooli"})
    assert main(["blocked", "--environment", "dev"]) == 0
    said = capsys.readouterr()
    assert said.out == "hooli  by-setting  -    \n"
    assert sorted(said.err.splitlines()) == [
        f"The parameter /foundation/dev/suspended/by-command/{subject} is not one of a suspension and is left out "
        f"here, while the gateway suspends {subject} by its name: correct or delete it."
        for subject in ("acme-corp", "globex", "initech", "x/y")
    ]
    KillSwitch(place).block("globex", "x")
    assert KillSwitch(place).unblock("globex", "x") == "globex is let in again in dev within a minute."


@pytest.mark.parametrize("value", ["yes", "[]", "{}", '{"agent_id": 1}'])
def test_an_entry_that_cannot_be_read_hinders_nothing_and_is_named(
    place: Place, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(place, "/foundation/dev/agents/broken", value)
    assert main(["block", "--environment", "dev", "--tenant", "globex", "--reason", "x"]) == 0
    assert capsys.readouterr().err == (
        "The parameter /foundation/dev/agents/broken is no agent's entry and is left out: deploy its tenant's stack "
        "again.\n"
    )


@pytest.mark.parametrize("agent", [[], ["--agent", "support-agent"]])
def test_a_removed_tenant_whose_tokens_live_is_blocked_by_force(place: Place, agent: list[str]) -> None:
    who = ["--environment", "dev", "--tenant", "initech", *agent, "--reason", "removed"]
    subject = "/".join(["initech", *agent[1:]])
    assert main(["block", *who]) == 1
    assert KillSwitch(place).suspended() == []
    assert main(["block", *who, "--force"]) == 0
    assert parameter(place, subject)["reason"] == "removed"
    assert len(records(place)) == 1
    assert main(["unblock", *who]) == 0
    assert KillSwitch(place).suspended() == []


@pytest.mark.parametrize("subject", ["Globex", "globex/", "globex/a/b", "globex/../acme-corp", "*", "globex\n"])
def test_nothing_is_blocked_by_what_is_no_name(place: Place, subject: str) -> None:
    with pytest.raises(OperationError, match=r"is no name of a tenant or agent: write it as the settings do\.$"):
        KillSwitch(place).block(subject, "x", force=True)
    assert KillSwitch(place).suspended() == []


def test_the_directory_is_read_to_its_end(place: Place) -> None:
    for number in range(25):
        put(place, f"/foundation/dev/agents/more{number}", {"agent_id": f"tenant-{number}/agent"})
    assert "tenant-24/agent is blocked" in KillSwitch(place).block("tenant-24/agent", "x")
    with pytest.raises(OperationError, match=r"did you mean tenant-\d+\? To block"):
        KillSwitch(place).block("tenant-25", "x")


def test_the_commands_print_what_happened(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--environment", "dev"]
    who = ["--tenant", "globex", "--agent", "support-agent", "--reason", 'it said "stop" & more']
    assert main(["blocked", *common]) == 0
    assert main(["block", *common, *who]) == 0
    assert main(["blocked", *common]) == 0
    assert main(["unblock", *common, *who]) == 0
    nobody, blocked, listed, lifted = capsys.readouterr().out.splitlines()
    assert nobody == "Nobody is suspended in dev."
    assert blocked.startswith("globex/support-agent is blocked in dev")
    assert listed.startswith("globex/support-agent  by-command  20")
    assert listed.endswith(f'{place.caller}  it said "stop" & more')
    assert lifted.startswith("globex/support-agent is let in again")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["block", "--environment", "dve", "--tenant", "x"],
            "There is no environment 'dve' (did you mean dev?): choose",
        ),
        (["block", "--environment", "dev"], "No tenant is given: add TENANT=<tenant>, and AGENT=<agent> for one"),
    ],
)
def test_wrong_commands_end_with_a_sentence(
    place: Place, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(sentence)


def test_credentials_of_another_account_are_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "prod.yaml").write_text('account: "999999999999"\n')
    with pytest.raises(
        OperationError, match=r"of account 123456789012, and config/prod.yaml names 999999999999: choose"
    ):
        find_place("prod", root=tmp_path)


def test_nothing_runs_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDATION_STATE", str(tmp_path))
    with pytest.raises(OperationError, match="The platform does not run on this machine: start it with `make local`"):
        find_place("local")


def test_local_is_the_emulated_account_whatever_the_shell_has_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"AWS_PROFILE": "production", "FOUNDATION_STATE": str(tmp_path), "PATH": ""})
    Record(ports=Ports(emulator=4999)).write(Layout(tmp_path))
    _use_this_machine()
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    assert "AWS_PROFILE" not in os.environ
