"""Conversations in the table as it is deployed: by roles with IAM enforced, by many writers, by one that is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conversations import (
    ConflictError,
    Conversations,
    FinishedTurn,
    Limits,
    NotFoundError,
    OwnerConversations,
    StoreBusyError,
    Turn,
)
from tests.local.conftest import Emulator
from tests.local.conversation_tables import AGENTS, deployed_table
from tests.local.emulator_stacks import ACCOUNT_TRUST
from tests.unit.conversations_support import answered, ask, begun, said, texts

SHORT_LEASE = Limits(lease_seconds=1.0, checkpoint_seconds=0.0)
OWNER = "role/finance-team"


@dataclass(frozen=True)
class Deployed:
    """The table, and what acts on it."""

    emulator: Emulator
    name: str
    roles: dict[str, str]

    def client(self, tenant: str) -> Any:
        """A DynamoDB client of the role of the tenant's agent."""
        return self.emulator.client_as(self.roles[tenant], "dynamodb")

    def of(
        self,
        tenant: str = "acme-corp",
        *,
        agent: str | None = None,
        client: Any = None,
        limits: Limits | None = None,
    ) -> OwnerConversations:
        """An owner's conversations, with the rights of the role of the tenant's agent."""
        store = Conversations(
            self.name,
            tenant=tenant,
            agent=agent or AGENTS[tenant],
            retention_days=30,
            client=client or self.client(tenant),
            limits=limits,
        )
        return store.for_owner(OWNER)


@pytest.fixture(scope="module")
def deployed(emulator: Emulator) -> Iterator[Deployed]:
    with deployed_table(emulator) as found:
        yield Deployed(
            emulator, found["Table"], {"acme-corp": found["RoleOfacmecorp"], "globex": found["RoleOfglobex"]}
        )


@pytest.fixture
def mine(deployed: Deployed) -> OwnerConversations:
    return deployed.of()


def outcome(call: Any, **request: Any) -> str:
    """`allowed`, or the code of the error."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


def test_the_role_of_an_agent_may_do_all_that_the_store_does(deployed: Deployed, mine: OwnerConversations) -> None:
    conversation = ask(mine, "all-1", "one", "two")
    turn = begun(mine, "all-2", "question", conversation)
    assert len(turn.history()) == 3
    turn.checkpoint(answered("hal"), now=True)
    turn.finish("interrupted", partial=answered("half"))
    retry = begun(mine, "all-2", "question", conversation)
    retry.add(answered("whole"))
    retry.finish()
    assert isinstance(mine.begin("all-2", said("question"), conversation_id=conversation), FinishedTurn)
    assert conversation in {summary.id for summary in mine.list(limit=100).items}
    mine.delete(conversation)
    assert conversation not in {summary.id for summary in mine.list(limit=100).items}


def test_another_tenants_conversation_is_out_of_reach_of_every_request(deployed: Deployed) -> None:
    conversation = ask(deployed.of(), "theirs")
    theirs = deployed.client("globex")
    table, key = (
        deployed.name,
        {"conversation_id": {"S": f"acme-corp#finance-agent#{conversation}"}, "item": {"S": "head"}},
    )
    item = {**key, "title": {"S": "x"}}
    values = {":key": key["conversation_id"]}
    owned = {":key": {"S": f"acme-corp#finance-agent#{OWNER}"}}
    own = {"conversation_id": {"S": "globex#support-agent#x"}, "item": {"S": "head"}}
    requests: list[tuple[Any, dict[str, Any]]] = [
        (theirs.get_item, {"TableName": table, "Key": key}),
        (theirs.put_item, {"TableName": table, "Item": item}),
        (theirs.update_item, {"TableName": table, "Key": key, "UpdateExpression": "REMOVE title"}),
        (theirs.delete_item, {"TableName": table, "Key": key}),
        (theirs.query, {"TableName": table, "KeyConditionExpression": "conversation_id = :key",
                        "ExpressionAttributeValues": values}),
        (theirs.query, {"TableName": table, "IndexName": "by-owner", "KeyConditionExpression": "#o = :key",
                        "ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": owned}),
        (theirs.scan, {"TableName": table}),
        (theirs.scan, {"TableName": table, "IndexName": "by-owner"}),
        (theirs.batch_get_item, {"RequestItems": {table: {"Keys": [own, key]}}}),
        (theirs.batch_write_item, {"RequestItems": {table: [{"DeleteRequest": {"Key": own}},
                                                            {"DeleteRequest": {"Key": key}}]}}),
        (theirs.transact_get_items, {"TransactItems": [{"Get": {"TableName": table, "Key": key}}]}),
        (theirs.transact_write_items, {"TransactItems": [{"Put": {"TableName": table, "Item": own}},
                                                         {"Put": {"TableName": table, "Item": item}}]}),
        (theirs.transact_write_items, {"TransactItems": [{"Update": {
            "TableName": table, "Key": key, "UpdateExpression": "REMOVE title"}}]}),
        (theirs.transact_write_items, {"TransactItems": [{"ConditionCheck": {
            "TableName": table, "Key": key, "ConditionExpression": "attribute_exists(title)"}}]}),
        (theirs.execute_statement, {"Statement": f'SELECT * FROM "{table}"'}),
    ]  # fmt: skip
    before = deployed.of().load(conversation)
    assert {outcome(call, **request) for call, request in requests} == {"AccessDeniedException"}
    assert deployed.of().load(conversation) == before


@pytest.mark.parametrize("tags", [{}, {"foundation:tenant": "globex"}])
def test_no_policy_of_a_role_reaches_past_the_tables_own(deployed: Deployed, tags: dict[str, str]) -> None:
    conversation = ask(deployed.of(), f"policy-{len(tags)}")
    iam = deployed.emulator.client("iam")
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST), Tags=listed)
    arn = made["Role"]["Arn"]
    try:
        iam.put_role_policy(RoleName="admin", PolicyName="all", PolicyDocument=json.dumps(everything))
        client = deployed.emulator.client_as(arn, "dynamodb")
        key = {"conversation_id": {"S": f"acme-corp#finance-agent#{conversation}"}, "item": {"S": "head"}}
        assert outcome(client.get_item, TableName=deployed.name, Key=key) == "AccessDeniedException"
        assert outcome(client.scan, TableName=deployed.name) == "AccessDeniedException"
        owner = {":key": {"S": f"acme-corp#finance-agent#{OWNER}"}}
        query = {"KeyConditionExpression": "#o = :key", "ExpressionAttributeNames": {"#o": "owner"}}
        listing = {**query, "IndexName": "by-owner", "ExpressionAttributeValues": owner}
        assert outcome(client.query, TableName=deployed.name, **listing) == "AccessDeniedException"
    finally:
        iam.delete_role_policy(RoleName="admin", PolicyName="all")
        iam.delete_role(RoleName="admin")


def test_another_tenants_rows_are_in_no_list(deployed: Deployed) -> None:
    """IAM lets a role name any owner in a row of its own: it looks at the table's key alone in a write."""
    conversation = ask(deployed.of(), "listed")
    row = {
        "conversation_id": {"S": "globex#support-agent#00000000-0000-8000-8000-000000000000"},
        "item": {"S": "head"},
        "owner": {"S": f"acme-corp#finance-agent#{OWNER}"},
        "used_at": {"N": "9999999999999"},
        "title": {"S": "Sign in again at https://example.net"},
        "created_at": {"N": "0"},
        "next": {"N": "2"},
        "ttl": {"N": "9999999999"},
    }
    assert outcome(deployed.client("globex").put_item, TableName=deployed.name, Item=row) == "allowed"
    index = {"TableName": deployed.name, "IndexName": "by-owner", "KeyConditionExpression": "#o = :key",
             "ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": {":key": row["owner"]},
             "ScanIndexForward": False, "Limit": 1}  # fmt: skip
    [first] = deployed.client("acme-corp").query(**index)["Items"]
    assert first["conversation_id"] == row["conversation_id"], "it is in the index, as the newest"
    page = deployed.of().list(limit=1)
    assert [summary.id for summary in page.items] == [conversation]


@pytest.mark.parametrize(("tenant", "agent"), [("acme-corp", "finance-agent"), ("globex", "finance-agent")])
def test_the_store_of_another_agent_cannot_even_ask(deployed: Deployed, tenant: str, agent: str) -> None:
    # The rights of globex's agent with a store that was made, by mistake, for another agent, its tenant's or not.
    wrong = deployed.of(tenant, agent=agent, client=deployed.client("globex"))
    conversation = ask(deployed.of(), f"wrong-{tenant}")
    for call in (
        lambda: wrong.load(conversation),
        wrong.list,
        lambda: wrong.begin("x", said("x")),
        lambda: wrong.begin("x", said("x"), conversation_id=conversation),
        lambda: wrong.delete(conversation),
        lambda: wrong.create(request_id="x"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    # Its own store says that there is none.
    for method in (deployed.of("globex").load, deployed.of("globex").delete):
        with pytest.raises(NotFoundError):
            method(conversation)


def test_a_conversation_of_500_messages_and_one_of_a_megabyte(deployed: Deployed, mine: OwnerConversations) -> None:
    megabyte = random.Random(1).randbytes(500_000).hex()
    conversation = ask(mine, "long-0", megabyte)
    turn = begun(mine, "long-1", "question", conversation)
    for number in range(497):
        turn.add(answered(f"message {number}"))
    turn.finish()
    loaded = mine.load(conversation)
    assert loaded.length == 500
    assert texts(loaded.messages)[1:3] == [megabyte, "question"]
    assert texts(loaded.messages)[3:] == [f"message {number}" for number in range(497)]
    mine.delete(conversation)
    with pytest.raises(NotFoundError):
        mine.load(conversation)


def test_of_writers_at_the_same_time_one_wins_and_nothing_is_lost(deployed: Deployed) -> None:
    conversation = ask(deployed.of(), "race")
    writers, turns = 6, 5
    together = threading.Barrier(writers)

    def write(writer: int) -> int:
        mine = deployed.of()
        together.wait()
        conflicts = 0
        for number in range(turns):
            request = f"race-{writer}-{number}"
            while True:
                try:
                    begun_turn = mine.begin(request, said(request), conversation_id=conversation)
                except (ConflictError, StoreBusyError):
                    conflicts += 1
                    continue
                assert isinstance(begun_turn, Turn)
                begun_turn.add(answered(f"to {request}"))
                begun_turn.checkpoint(now=True)
                begun_turn.finish()
                break
        return conflicts

    with ThreadPoolExecutor(writers) as pool:
        conflicts = sum(pool.map(write, range(writers)))
    assert conflicts > 0
    said_and_answered = texts(deployed.of().load(conversation).messages)[2:]
    pairs = list(zip(said_and_answered[::2], said_and_answered[1::2], strict=True))
    assert all(answer == f"to {question}" for question, answer in pairs)
    assert sorted(question for question, _ in pairs) == sorted(
        f"race-{writer}-{number}" for writer in range(writers) for number in range(turns)
    )


def test_one_request_from_many_processes_is_written_once(deployed: Deployed) -> None:
    # What a client does that retries too early, or two of its copies.
    processes = [start_writer(deployed, "same") for _ in range(4)]
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert all(process.returncode == 0 for process in processes), answers
    assert sum(answer[0] == "wrote" for answer in answers) == 1
    [conversation] = {answer[1] for answer in answers if len(answer) > 1}
    assert texts(deployed.of().load(conversation).messages) == ["question", "step", "answer"]


def test_a_writer_that_is_killed_loses_nothing_it_had_stored(deployed: Deployed) -> None:
    process = start_writer(deployed, "killed", "hangs")
    assert process.stdout is not None
    _, conversation = process.stdout.readline().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    mine = deployed.of(limits=SHORT_LEASE)
    wait_for_the_lease(mine, conversation)
    loaded = mine.load(conversation)
    assert [(m.content[0]["text"], m.status) for m in loaded.messages] == [
        ("question", "complete"),
        ("step", "complete"),
        ("hal", "interrupted"),
    ]
    retry = begun(mine, "killed", "question")
    assert (retry.resumed, retry.conversation_id, texts(retry.messages)) == (True, conversation, ["question", "step"])
    retry.add(answered("whole"))
    retry.finish()
    ask(mine, "after", conversation_id=conversation)
    assert texts(mine.load(conversation).messages) == ["question", "step", "whole", "question after", "answer after"]


WRITER = """
import os, sys
from conversations import ConflictError, Conversations, FinishedTurn, Limits, NewMessage
from tests.local.aws_clients import aws_client
def answered(text):
    return NewMessage(role="assistant", content=[{"text": text}])
store = Conversations(
    os.environ["TABLE"], tenant="acme-corp", agent="finance-agent", retention_days=30,
    client=aws_client("dynamodb", os.environ["ENDPOINT"]), limits=Limits(lease_seconds=1.0, checkpoint_seconds=0.0))
mine = store.for_owner("role/finance-team")
try:
    turn = mine.begin(os.environ["REQUEST"], [{"text": "question"}])
except ConflictError as error:
    print(type(error).__name__)
    sys.exit()
if isinstance(turn, FinishedTurn):
    print("read", turn.conversation_id)
    sys.exit()
turn.add(answered("step"))
turn.checkpoint(answered("hal"), now=True)
if sys.argv[1:] == ["hangs"]:
    print("began", turn.conversation_id, flush=True)
    sys.stdin.read()
turn.add(answered("answer"))
turn.finish()
print("wrote", turn.conversation_id)
"""


def start_writer(deployed: Deployed, request: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that begins a request's turn and writes it."""
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(root / folder) for folder in (".", "lambda", "constructs")),
        "TABLE": deployed.name,
        "ENDPOINT": deployed.emulator.endpoint_url,
        "REQUEST": request,
    }
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_the_lease(mine: OwnerConversations, conversation: str) -> None:
    """Until the turn that a writer left is nobody's."""
    while (turn := mine.load(conversation).turn) and turn.state == "running":
        threading.Event().wait(0.05)
