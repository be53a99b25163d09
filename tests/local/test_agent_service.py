"""Agents that people talk to, on the whole platform: a conversation through the function URL, kept and continued; and
who cannot have it: other people, other tenants, administrators, and the other tenant's function."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError

from local.conversation import CLIENT
from local.emulator.settings import ACCOUNT
from tests.local.aws_clients import aws_client
from tests.local.emulator_stacks import ACCOUNT_TRUST
from tests.local.function_urls import Caller
from tests.local.local_run import LocalRun
from tests.sse import Event, events, said

AGENT, OTHER_AGENT = "acme-corp/finance-agent", "globex/support-agent"
TIME = "What time is it in America/Sao_Paulo?"


class Person:
    """Somebody with a session of a role, at one agent's URL."""

    def __init__(self, run: LocalRun, role: str, *, agent: str = AGENT, session: str = "jane") -> None:
        self.url = url_of(run, agent)
        credentials = run.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName=session
        )["Credentials"]
        self.caller = Caller(edge_url=run.ports.edge_url, ca=run.platform.layout.ca_file, credentials=credentials)

    def ask(self, message: str, **request: Any) -> list[Event]:
        """The events of an answer, as they came."""
        body = json.dumps({"message": message, "request_id": str(uuid.uuid4()), **request}).encode()
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        with self.caller.stream("POST", f"{self.url}stream", body=body, headers=headers) as response:
            if response.status_code != 200:
                response.read()
                raise RefusedError(response)
            return list(events(response))

    def get(self, path: str) -> httpx2.Response:
        return self.caller.request("GET", self.url + path)

    def delete(self, path: str) -> httpx2.Response:
        return self.caller.request("DELETE", self.url + path)

    def stop(self, conversation_id: str, request_id: str) -> httpx2.Response:
        body = json.dumps({"request_id": request_id}).encode()
        url = f"{self.url}api/conversations/{conversation_id}/stop"
        return self.caller.request("POST", url, body=body, headers={"content-type": "application/json"})

    def stored(self, conversation_id: str, *, until: Callable[[Messages], bool]) -> Messages:
        """The messages of a conversation as soon as they are as wanted."""
        deadline = time.monotonic() + 30
        while True:
            messages: Messages = self.get(f"api/conversations/{conversation_id}").json()["messages"]
            if until(messages):
                return messages
            assert time.monotonic() < deadline, messages
            time.sleep(0.2)


Messages = list[dict[str, Any]]


class RefusedError(Exception):
    """The service, or IAM before it, refused."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(f"{response.status_code} {response.text}")
        self.response = response


def url_of(run: LocalRun, agent: str) -> str:
    name = f"/foundation/dev/agent-service/{agent}/url"
    url: str = run.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    return url


def conversation_of(answer: list[Event]) -> str:
    name, data = answer[-1]
    assert (name, data["status"]) == ("done", "complete"), answer
    return str(data["conversation_id"])


def function_of(run: LocalRun, agent: str) -> Mapping[str, Any]:
    pages = run.client("lambda").get_paginator("list_functions").paginate()
    functions = (function for page in pages for function in page["Functions"])
    found: Mapping[str, Any] = next(
        f for f in functions if f.get("Environment", {}).get("Variables", {}).get("FOUNDATION_AGENT") == agent
    )
    return found


def restart(run: LocalRun, agent: str) -> None:
    """New settings, so that the next request has a process of its own."""
    name = function_of(run, agent)["FunctionName"]
    run.client("lambda").update_function_configuration(FunctionName=name, Description=f"restarted {uuid.uuid4()}")


@pytest.fixture(scope="module")
def jane(local_run: LocalRun) -> Person:
    return Person(local_run, "finance-team")


@pytest.fixture(scope="module")
def administrators(local_run: LocalRun) -> Iterator[str]:
    """A role with every permission of Lambda, which no agent's callers name."""
    iam = local_run.client("iam")
    iam.create_role(RoleName="administrators", AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST))
    everything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["lambda:*", "ssm:*"], "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="administrators", PolicyName="all", PolicyDocument=json.dumps(everything))
    yield "administrators"
    iam.delete_role_policy(RoleName="administrators", PolicyName="all")
    iam.delete_role(RoleName="administrators")


def test_up_ends_with_a_conversation_by_the_client(local_run: LocalRun) -> None:
    assert f"Talking to the agent {AGENT} as a person would" in local_run.printed
    assert f'foundation chat -m "{TIME}"' in local_run.printed
    assert "get_time" in local_run.printed
    assert "In America/Sao_Paulo it is 2" in local_run.printed
    assert "foundation chat --env local" in local_run.printed


def test_the_clients_files_hold_no_more_than_they_have_to(local_run: LocalRun) -> None:
    layout = local_run.platform.layout
    page = json.loads(layout.client_file.read_text())
    assert (page["agent"], page["profile"]) == (AGENT, "finance-team")
    text = layout.credentials_file.read_text()
    assert layout.credentials_file.stat().st_mode & 0o777 == 0o600
    assert "[finance-team]" in text
    secrets = [line.partition(" = ")[2] for line in text.splitlines() if " = " in line]
    assert not [secret for secret in secrets if secret in layout.client_file.read_text() + local_run.printed]


def test_an_answer_with_a_tool_is_streamed(jane: Person) -> None:
    answer = jane.ask(TIME)
    names = [name for name, _ in answer]
    assert names[0] == "start"
    assert names[-1] == "done"
    assert names.index("tool_call") < names.index("tool_result") < len(names) - 1
    [call] = [data for name, data in answer if name == "tool_call"]
    assert call["name"].endswith("___get_time")
    [result] = [data for name, data in answer if name == "tool_result"]
    assert result["status"] == "success"
    assert "In America/Sao_Paulo it is 2" in said(answer)
    assert names.count("text") > 1, "the text comes in pieces"


def test_a_conversation_is_listed_and_continued_after_a_restart(local_run: LocalRun, jane: Person) -> None:
    kept = conversation_of(jane.ask(TIME))
    restart(local_run, AGENT)
    listed = jane.get("api/conversations").json()["conversations"]
    assert kept in [each["conversation_id"] for each in listed]
    answer = jane.ask("What did I ask before?", conversation_id=kept)
    assert conversation_of(answer) == kept
    assert TIME in said(answer)
    messages = jane.get(f"api/conversations/{kept}").json()["messages"]
    assert [message["role"] for message in messages][:1] == ["user"]
    assert jane.delete(f"api/conversations/{kept}").status_code == 204
    assert jane.get(f"api/conversations/{kept}").status_code == 404


def test_it_calls_the_gateway_as_its_own_client_for_a_person(local_run: LocalRun, jane: Person) -> None:
    """The audit record names the agent whose token it was."""
    [start] = [data for name, data in jane.ask(TIME) if name == "start"]
    group = local_run.client("ssm").get_parameter(Name="/foundation/dev/audit/log-group")["Parameter"]["Value"]
    logs = local_run.client("logs")
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 30
    while not found and time.monotonic() < deadline:
        pages = logs.filter_log_events(logGroupName=group, filterPattern=f'"{start["correlation_id"]}"')["events"]
        records = [json.loads(event["message"]) for event in pages]
        found = [record for record in records if record.get("mcp_context", {}).get("method") == "tools/call"]
    assert {record["client_context"]["agent_id"] for record in found} == {AGENT}
    assert {record["client_context"]["on_behalf_of"] for record in found} == {"role/finance-team"}


def test_another_tenants_people_are_refused_by_iam(local_run: LocalRun, jane: Person) -> None:
    kept = conversation_of(jane.ask(TIME))
    stranger = Person(local_run, "customer-care", agent=AGENT)
    path = f"api/conversations/{kept}"
    for response in (
        stranger.get("api/conversations"),
        stranger.get(path),
        stranger.delete(path),
        stranger.stop(kept, str(uuid.uuid4())),
    ):
        assert (response.status_code, response.json()) == (403, {"Message": "Forbidden"})
    with pytest.raises(RefusedError, match=r"403 .*Forbidden"):
        stranger.ask("And in Tokyo?", conversation_id=kept)
    assert len(jane.get(path).json()["messages"]) == 4, "nothing was read, added or deleted"


def test_an_administrator_is_refused_by_the_service(local_run: LocalRun, administrators: str) -> None:
    admin = Person(local_run, administrators)
    assert admin.get("health").status_code == 200, "IAM lets it through"
    response = admin.get("api/conversations")
    assert (response.status_code, response.json()["code"]) == (403, "caller_refused")
    with pytest.raises(RefusedError, match="403"):
        admin.ask(TIME)


def test_another_owners_conversation_does_not_exist(local_run: LocalRun, jane: Person) -> None:
    """Another role among the callers of the same agent: put there for this test, as its settings would."""
    iam, functions = local_run.client("iam"), local_run.client("lambda")
    name = function_of(local_run, AGENT)["FunctionName"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    more = json.dumps([*json.loads(variables["FOUNDATION_CALLERS"]), "role/auditors"])
    kept = conversation_of(jane.ask(TIME))
    iam.create_role(RoleName="auditors", AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST))
    policy = f"arn:aws:iam::{ACCOUNT}:policy/foundation-dev-acme-corp-finance-agent-caller"
    iam.attach_role_policy(RoleName="auditors", PolicyArn=policy)
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "FOUNDATION_CALLERS": more}}
    )
    try:
        other = Person(local_run, "auditors")
        assert other.get("api/conversations").json()["conversations"] == []
        assert other.get(f"api/conversations/{kept}").status_code == 404
        assert other.delete(f"api/conversations/{kept}").status_code == 404
        with pytest.raises(RefusedError, match="404"):
            other.ask("And in Tokyo?", conversation_id=kept)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        iam.detach_role_policy(RoleName="auditors", PolicyArn=policy)
        iam.delete_role(RoleName="auditors")
    assert jane.get(f"api/conversations/{kept}").status_code == 200


def test_the_other_tenants_function_cannot_reach_the_rows(local_run: LocalRun, jane: Person) -> None:
    """With the very role that the other tenant's function runs under, whatever its code asks for."""
    kept = conversation_of(jane.ask(TIME))
    other = function_of(local_run, OTHER_AGENT)
    table = other["Environment"]["Variables"]["FOUNDATION_CONVERSATION_TABLE"]
    session = session_of_function(local_run, other)
    dynamodb = aws_client("dynamodb", local_run.ports.endpoint_url, session)
    key = {":key": {"S": f"acme-corp#finance-agent#{kept}"}}
    for operation, arguments in (
        ("query", {"KeyConditionExpression": "conversation_id = :key", "ExpressionAttributeValues": key}),
        ("scan", {}),
        ("put_item", {"Item": {"conversation_id": key[":key"], "item": {"S": "head"}}}),
        ("delete_item", {"Key": {"conversation_id": key[":key"], "item": {"S": "head"}}}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(dynamodb, operation)(TableName=table, **arguments)
    own = {":key": {"S": "globex#support-agent#none"}}
    answer = dynamodb.query(
        TableName=table, KeyConditionExpression="conversation_id = :key", ExpressionAttributeValues=own
    )
    assert answer["Count"] == 0


def session_of_function(run: LocalRun, function: Mapping[str, Any]) -> Mapping[str, Any]:
    """Credentials of a function's own role. Its trust is Lambda's alone, and is put back as it was."""
    iam, name = run.client("iam"), function["Role"].rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(ACCOUNT_TRUST))
    try:
        answer: Mapping[str, Any] = run.client("sts").assume_role(RoleArn=function["Role"], RoleSessionName="probe")[
            "Credentials"
        ]
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return answer


def test_a_conversation_goes_on_while_its_secret_rotates(local_run: LocalRun, jane: Person) -> None:
    kept = conversation_of(jane.ask(TIME))
    secrets = local_run.client("secretsmanager")
    name = f"foundation/dev/agents/{AGENT}"
    before = secrets.get_secret_value(SecretId=name)["VersionId"]
    secrets.rotate_secret(SecretId=name, RotateImmediately=True)
    over = threading.Event()

    def talk() -> set[str]:
        answered = set()
        while not over.is_set():
            answered.add(conversation_of(jane.ask(TIME, conversation_id=kept)))
        return answered

    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(talk)
        deadline = time.monotonic() + 90
        try:
            with suppress(ClientError):
                while secrets.get_secret_value(SecretId=name)["VersionId"] == before and time.monotonic() < deadline:
                    over.wait(0.2)
        finally:
            over.set()
        assert talking.result() == {kept}
    assert secrets.get_secret_value(SecretId=name)["VersionId"] != before
    restart(local_run, AGENT)  # an environment that has no token yet takes the new secret
    assert conversation_of(jane.ask(TIME, conversation_id=kept)) == kept


@contextmanager
def slow_answers(run: LocalRun, go: Path) -> Iterator[None]:
    """Let the agent say a half, and the other once a file is there."""
    functions, name = run.client("lambda"), function_of(run, AGENT)["FunctionName"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    script = json.dumps({"turns": [[{"text": "Half"}, {"wait_for": str(go)}, {"text": " and half."}]]})
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "FOUNDATION_MODEL_SCRIPT": script}}
    )
    try:
        yield
    finally:
        go.touch()  # what still waits goes on
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@contextmanager
def asking(run: LocalRun, message: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The client as a process that has shown the first half, and the event `start` of its answer."""
    arguments = ("chat", "--env", "local", "--agent", AGENT, "-m", message, "--json-stream")
    with subprocess.Popen([CLIENT, *arguments], env=run.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = map(json.loads, process.stdout)
            start = next(event for event in shown if event["event"] == "start")
            assert next(event for event in shown if event["event"] == "text")["text"] == "Half"
            yield process, start
        finally:
            process.kill()


def spoken(messages: Messages) -> list[tuple[str, str]]:
    return [(message["role"], "".join(block["text"] for block in message["content"])) for message in messages]


def test_ctrl_c_stops_the_answer_where_it_is_made_and_the_conversation_goes_on(
    local_run: LocalRun, jane: Person, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with slow_answers(local_run, go):
        with asking(local_run, "Tell me") as (process, start):
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=60)
            assert process.returncode == 130
            assert [json.loads(line)["event"] for line in rest.splitlines()][-1] == "stopped"
        kept, request_id = start["conversation_id"], start["request_id"]
        stored = jane.stored(kept, until=lambda found: found[-1]["status"] == "interrupted")
        assert spoken(stored) == [("user", "Tell me"), ("assistant", "Half")]
        assert not go.exists(), "it was the stop that ended it"
        assert jane.stop(kept, request_id).status_code == 202, "once more changes nothing"
        go.touch()
        assert conversation_of(jane.ask(TIME, conversation_id=kept)) == kept
        assert jane.stop(kept, str(uuid.uuid4())).status_code == 409


def test_what_a_killed_client_was_told_is_stored_and_continued_without_doubling(
    local_run: LocalRun, jane: Person, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with slow_answers(local_run, go):
        with asking(local_run, "Tell me") as (process, start):
            process.kill()
        kept, request_id = start["conversation_id"], start["request_id"]
        told = jane.stored(kept, until=lambda found: len(found) == 2)
        assert spoken(told) == [("user", "Tell me"), ("assistant", "Half")]
        assert told[-1]["status"] == "in_progress", "the function goes on without its client"
        with pytest.raises(RefusedError, match="request_in_progress"):
            jane.ask("Tell me", request_id=request_id)
        go.touch()
        jane.stored(kept, until=lambda found: found[-1]["status"] == "complete")
        answer = jane.ask("Tell me", request_id=request_id)
        assert (answer[0][1]["replayed"], said(answer)) == (True, "Half and half.")
        assert conversation_of(answer) == kept
        assert spoken(jane.get(f"api/conversations/{kept}").json()["messages"]) == [
            ("user", "Tell me"),
            ("assistant", "Half and half."),
        ]
