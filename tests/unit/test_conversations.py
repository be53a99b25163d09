"""The store of conversations: in order, one writer at a time, nothing lost, doubled or seen by halves (R14)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conversations import (
    ConflictError,
    CursorError,
    FinishedTurn,
    InProgressError,
    Limits,
    LostTurnError,
    NewMessage,
    NotFoundError,
    NotOpenError,
    OwnerConversations,
    RequestReusedError,
    StoreBusyError,
    TooLargeError,
)
from conversations.head import visible
from tests.unit.conversations_support import DAY, TABLE, World, answered, ask, begun, empty, said, texts, world


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def table(shared_world: World) -> World:
    """An empty table."""
    empty(shared_world)
    return World(shared_world.client)


@pytest.fixture
def mine(table: World) -> OwnerConversations:
    return table.of()


def test_a_turn_is_stored_with_all_that_it_holds(mine: OwnerConversations) -> None:
    turn = begun(mine, "r1", "how much?")
    call = NewMessage(role="assistant", content=[{"toolUse": {"toolUseId": "1", "name": "a___b", "input": {"x": 1.5}}}])
    result = NewMessage(role="user", content=[{"toolResult": {"toolUseId": "1", "content": [{"json": {"é": None}}]}}])
    for message in (call, result, answered("42")):
        turn.add(message)
    turn.finish(usage={"input_tokens": 3})
    loaded = mine.load(turn.conversation_id)
    assert [(m.role, m.content) for m in loaded.messages] == [
        ("user", [{"text": "how much?"}]),
        ("assistant", call.content),
        ("user", result.content),
        ("assistant", [{"text": "42"}]),
    ]
    assert [m.sequence for m in loaded.messages] == [0, 1, 2, 3]
    assert {(m.turn, m.request_id, m.status) for m in loaded.messages} == {(0, "r1", "complete")}
    assert (loaded.summary.title, loaded.turn, loaded.length) == ("how much?", None, 4)


@pytest.mark.parametrize("text", ["half a pair \ud83d", "nul \0", "ünï 🎉", '"\\'])
def test_any_text_comes_back_as_it_was(mine: OwnerConversations, text: str) -> None:
    turn = begun(mine, "r1", text)
    turn.add(answered(text))
    turn.finish()
    assert texts(mine.load(turn.conversation_id).messages) == [text, text]


def test_a_message_larger_than_an_item_comes_back_whole(table: World, mine: OwnerConversations) -> None:
    noise = random.Random(1).randbytes(1_200_000).hex()  # cannot be compressed below half its length
    conversation = ask(mine, "r1", noise, "short")
    assert texts(mine.load(conversation).messages)[1:] == [noise, "short"]
    sizes = [sum(len(v) if isinstance(v, bytes) else 20 for a in i.values() for v in a.values()) for i in table.items()]
    assert len(sizes) > 5
    assert max(sizes) < 400 * 1024


def test_a_turn_larger_than_a_transaction_is_not_seen_by_halves(table: World, mine: OwnerConversations) -> None:
    noise = [random.Random(n).randbytes(2_000_000).hex() for n in range(2)]
    turn = begun(mine, "r1")
    calls: list[int] = []
    original = table.client.transact_write_items

    def spy(**request: Any) -> Any:
        answer = original(**request)
        calls.append(len(mine.load(turn.conversation_id).messages))
        return answer

    for text in noise:
        turn.add(answered(text))
    table.client.transact_write_items = spy
    try:
        turn.finish()
    finally:
        table.client.transact_write_items = original
    assert len(calls) > 1
    assert calls == sorted(calls)
    assert texts(mine.load(turn.conversation_id).messages)[1:] == noise


def test_the_same_request_gets_the_stored_answer(mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1", "one", "two")
    again = mine.begin("r1", said("question r1"))
    assert isinstance(again, FinishedTurn)
    assert (again.conversation_id, again.status, texts(again.answer)) == (conversation, "done", ["one", "two"])
    ask(mine, "r2", conversation_id=conversation)
    assert isinstance(mine.begin("r1", said("question r1"), conversation_id=conversation), FinishedTurn)
    assert mine.load(conversation).length == 5


def test_a_request_id_is_good_for_one_message(mine: OwnerConversations) -> None:
    turn = begun(mine, "r1", "one")
    with pytest.raises(RequestReusedError):
        mine.begin("r1", said("two"))
    turn.finish()
    with pytest.raises(RequestReusedError):
        mine.begin("r1", said("two"))


def test_a_second_writer_conflicts_at_the_beginning(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1")
    turn = begun(mine, "r2", "question", conversation)
    with pytest.raises(ConflictError) as other:
        mine.begin("r3", said("other"), conversation_id=conversation)
    assert type(other.value) is ConflictError
    assert other.value.retry_after == pytest.approx(30)
    with pytest.raises(InProgressError):
        mine.begin("r2", said("question"), conversation_id=conversation)
    turn.add(answered("answer"))
    turn.finish()
    ask(mine, "r3", conversation_id=conversation)
    assert [m.request_id for m in mine.load(conversation).messages] == ["r1", "r1", "r2", "r2", "r3", "r3"]


def test_a_checkpoint_shows_what_there_is_and_renews_the_lease(table: World, mine: OwnerConversations) -> None:
    turn = begun(mine, "r1")
    assert not turn.checkpoint(answered("a"))
    table.clock.now += 2
    assert turn.checkpoint(answered("an ans"))
    assert not turn.checkpoint(answered("an answ"))
    loaded = mine.load(turn.conversation_id)
    assert (texts(loaded.messages), loaded.messages[1].status) == (["question", "an ans"], "in_progress")
    assert loaded.turn is not None
    assert loaded.turn.state == "running"
    table.clock.now += 29
    assert turn.checkpoint(now=True)  # nothing new: what was there stays
    table.clock.now += 29
    with pytest.raises(InProgressError):
        mine.begin("r1", said("question"))
    assert texts(mine.load(turn.conversation_id).messages) == ["question", "an ans"]


def test_what_a_crashed_writer_left_is_interrupted_and_the_next_turn_follows_it(
    table: World, mine: OwnerConversations
) -> None:
    crashed = begun(mine, "r1")
    crashed.add(answered("step"))
    crashed.checkpoint(answered("hal"), now=True)
    table.clock.now += 31
    loaded = mine.load(crashed.conversation_id)
    assert loaded.turn is not None
    assert loaded.turn.state == "interrupted"
    assert [m.status for m in loaded.messages] == ["complete", "complete", "interrupted"]
    ask(mine, "r2", conversation_id=crashed.conversation_id)
    assert texts(mine.load(crashed.conversation_id).messages) == ["question", "step", "hal", "question r2", "answer r2"]
    again = mine.begin("r1", said("question"))
    assert isinstance(again, FinishedTurn)
    assert (again.status, texts(again.answer)) == ("interrupted", ["step", "hal"])
    with pytest.raises(LostTurnError):
        crashed.checkpoint(now=True)
    with pytest.raises(LostTurnError):
        crashed.finish()


def test_the_retry_of_a_crashed_request_goes_on_without_doubling(table: World, mine: OwnerConversations) -> None:
    crashed = begun(mine, "r1")
    crashed.add(answered("step"))
    crashed.checkpoint(answered("a long half of an answer"), now=True)
    table.clock.now += 31
    retry = begun(mine, "r1")
    assert retry.resumed
    assert texts(retry.messages) == ["question", "step"]
    crashed.add(answered("too late"))
    with pytest.raises(LostTurnError):
        crashed.finish()
    retry.add(answered("whole"))
    retry.finish()
    assert texts(mine.load(retry.conversation_id).messages) == ["question", "step", "whole"]


def test_an_interrupted_turn_is_kept_and_its_retry_goes_on(mine: OwnerConversations) -> None:
    turn = begun(mine, "r1")
    turn.add(answered("step"))
    ended = turn.finish("interrupted", partial=answered("hal"), usage={"output_tokens": 1})
    assert [(m.content[0]["text"], m.status) for m in ended.answer] == [("step", "complete"), ("hal", "interrupted")]
    loaded = mine.load(turn.conversation_id)
    assert loaded.messages == ended.messages
    retry = begun(mine, "r1")
    assert (retry.resumed, texts(retry.messages)) == (True, ["question", "step"])
    with pytest.raises(ConflictError):
        mine.begin("r2", said("other"), conversation_id=turn.conversation_id)
    retry.add(answered("whole"))
    assert retry.finish().messages == mine.load(turn.conversation_id).messages
    assert isinstance(mine.begin("r1", said("question")), FinishedTurn)


def test_finish_may_be_repeated_when_its_answer_got_lost(table: World, mine: OwnerConversations) -> None:
    turn = begun(mine, "r1")
    turn.add(answered("answer"))
    original = table.client.transact_write_items

    def lost(**request: Any) -> Any:
        original(**request)
        raise ConnectionError

    table.client.transact_write_items = lost
    try:
        with pytest.raises(ConnectionError):
            turn.finish()
    finally:
        table.client.transact_write_items = original
    ended = turn.finish()
    assert ended.messages == mine.load(turn.conversation_id).messages
    assert texts(ended.messages) == ["question", "answer"]


def test_a_turn_that_is_stopped_learns_of_it_by_its_next_checkpoint_and_keeps_what_it_has(
    table: World, mine: OwnerConversations
) -> None:
    turn = begun(mine, "r1")
    turn.checkpoint(answered("begin"), now=True)
    assert not turn.stop_requested
    mine.stop(turn.conversation_id, request_id="r1")
    mine.stop(turn.conversation_id, request_id="r1")
    with pytest.raises(ConflictError) as busy:
        mine.begin("r2", said("next"), conversation_id=turn.conversation_id)
    assert busy.value.retry_after <= table.limits.checkpoint_seconds, "not until the lease is over"
    turn.add(answered("beginning"))
    assert turn.checkpoint(answered("more"), now=True)
    assert turn.stop_requested
    assert texts(mine.load(turn.conversation_id).messages)[1:] == ["beginning", "more"]
    assert turn.checkpoint(answered("more and more"), now=True), "it still is its writer's"
    turn.finish("interrupted")
    mine.stop(turn.conversation_id, request_id="r1")
    assert texts(mine.load(turn.conversation_id).messages)[1:] == ["beginning", "more and more"]
    ask(mine, "r2", conversation_id=turn.conversation_id)


def test_a_checkpoint_asks_for_a_stop_without_a_request_of_its_own(table: World, mine: OwnerConversations) -> None:
    turn = begun(mine, "r1")
    made: list[str] = []
    table.client.meta.events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), "stop-test")
    try:
        turn.checkpoint(answered("begin"), now=True)
    finally:
        table.client.meta.events.unregister("before-call.dynamodb", unique_id="stop-test")
    assert made == ["TransactWriteItems"]


def test_a_stopped_turn_that_is_continued_is_not_stopped_again(mine: OwnerConversations) -> None:
    turn = begun(mine, "r1")
    mine.stop(turn.conversation_id, request_id="r1")
    turn.finish("interrupted", partial=answered("half"))
    again = begun(mine, "r1")
    again.checkpoint(answered("half and"), now=True)
    assert not again.stop_requested


def test_a_stop_is_for_the_owners_open_request_alone(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1")
    turn = begun(mine, "r2", conversation_id=conversation)
    for request_id in ("r1", "r3"):
        with pytest.raises(NotOpenError):
            mine.stop(conversation, request_id=request_id)
    for stranger in (table.of("role/other"), table.of(tenant="globex")):
        with pytest.raises(NotFoundError):
            stranger.stop(conversation, request_id="r2")
    turn.checkpoint(now=True)
    assert not turn.stop_requested
    mine.delete(conversation)
    with pytest.raises(NotFoundError):
        mine.stop(conversation, request_id="r2")


def test_a_stop_of_a_turn_that_was_taken_over_reaches_its_new_writer_alone(
    table: World, mine: OwnerConversations
) -> None:
    lost = begun(mine, "r1")
    table.clock.now += table.limits.lease_seconds + 1
    heir = begun(mine, "r1")
    mine.stop(heir.conversation_id, request_id="r1")
    with pytest.raises(LostTurnError):
        lost.checkpoint(answered("late"), now=True)
    assert not lost.stop_requested
    assert heir.checkpoint(now=True)
    assert heir.stop_requested


def test_history_is_the_newest_whole_turns(mine: OwnerConversations) -> None:
    conversation = ask(mine, "r0", "a", "b")
    for number in range(1, 5):
        ask(mine, f"r{number}", conversation_id=conversation)
    turn = begun(mine, "r5", "question", conversation)
    whole = turn.history()
    assert [m.sequence for m in whole] == list(range(11))
    assert turn.history(turns=2) == whole[-4:]
    assert turn.history(turns=5) == whole
    newest = sum(m.size for m in whole[-4:])
    assert turn.history(most_bytes=newest) == whole[-4:]
    assert turn.history(most_bytes=newest - 1) == whole[-2:]
    assert turn.history(turns=0) == []


def test_a_conversation_is_read_in_pages_of_messages(mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1", "a", "b", "c")
    page = mine.load(conversation, start=1, limit=2)
    assert (texts(page.messages), page.length) == (["a", "b"], 4)
    assert texts(mine.load(conversation, start=3, limit=2).messages) == ["c"]
    assert mine.load(conversation, start=4, limit=2).messages == []


def test_a_long_conversation_is_one_query(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r0", *[f"message {number}" for number in range(149)])
    asked: list[str] = []
    table.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: asked.append(model.name), unique_id="q"
    )
    try:
        loaded = mine.load(conversation)
    finally:
        table.client.meta.events.unregister("before-call.dynamodb", unique_id="q")
    assert asked == ["Query"]
    assert texts(loaded.messages)[1:] == [f"message {number}" for number in range(149)]


@pytest.mark.parametrize(
    ("owner", "tenant", "agent"),
    [
        ("role/other", "acme-corp", "finance-agent"),
        ("role/finance-team", "globex", "finance-agent"),
        ("role/finance-team", "acme-corp", "payroll-agent"),
    ],
)
def test_what_is_anothers_looks_as_if_it_did_not_exist(
    table: World, mine: OwnerConversations, owner: str, tenant: str, agent: str
) -> None:
    conversation = ask(mine, "r1")
    others = table.of(owner, tenant=tenant, agent=agent)
    absent = "00000000-0000-8000-8000-000000000000"
    for call in (others.load, others.delete, lambda id: others.begin("r9", said("x"), conversation_id=id)):
        refusals = []
        for given in (conversation, absent, "", "../head", f"{conversation}\n"):
            with pytest.raises(NotFoundError) as refusal:
                call(given)
            refusals.append((type(refusal.value), str(refusal.value)))
        assert len(set(refusals)) == 1
    assert others.list().items == []
    # The same request id of another owner begins another conversation.
    assert ask(others, "r1") != conversation
    assert mine.load(conversation).length == 2


def test_lists_show_the_last_used_first_page_by_page(table: World, mine: OwnerConversations) -> None:
    made = []
    for number in range(5):
        table.clock.now += 1
        made.append(ask(mine, f"r{number}"))
    table.clock.now += 1
    ask(mine, "again", conversation_id=made[1])
    wanted = [made[1], made[4], made[3], made[2], made[0]]
    found, cursor = [], None
    while True:
        page = mine.list(limit=2, cursor=cursor)
        found += [summary.id for summary in page.items]
        if not (cursor := page.cursor):
            break
    assert found == wanted
    first = mine.list(limit=1).items[0]
    assert (first.title, first.messages, first.used_at.timestamp()) == ("question r1", 4, table.clock.now)


def put_into_a_list(table: World, count: int, *, partition: str, used_at: float) -> None:
    """Heads of somebody else that name the owner of `mine`, as a role can write them with keys of its own."""
    for number in range(count):
        item = {
            "conversation_id": {"S": f"{partition}{number}"},
            "item": {"S": "head"},
            "owner": {"S": "acme-corp#finance-agent#role/finance-team"},
            "used_at": {"N": str(int(used_at * 1000))},
            "title": {"S": "Sign in again at https://example.net"},
            "created_at": {"N": "0"},
            "next": {"N": "2"},
            "ttl": {"N": str(int(table.clock.now) + DAY)},
        }
        table.client.put_item(TableName=TABLE, Item=item)


@pytest.mark.parametrize(
    "partition", ["globex#support-agent#", "acme-corp#payroll-agent#", "acme-corp#finance-agent-2#"]
)
def test_a_list_has_nothing_that_somebody_else_put_there(
    table: World, mine: OwnerConversations, partition: str
) -> None:
    made = []
    for number in range(4):
        table.clock.now += 2
        made.append(ask(mine, f"r{number}"))
        put_into_a_list(table, 3, partition=f"{partition}{number}-", used_at=table.clock.now + 1)
    assert [summary.id for summary in mine.list().items] == made[::-1]
    found, cursor = [], None
    while True:
        page = mine.list(limit=1, cursor=cursor)
        found += [summary.id for summary in page.items]
        if not (cursor := page.cursor):
            break
    assert found == made[::-1]


def test_a_cursor_is_its_owners_and_undamaged(table: World, mine: OwnerConversations) -> None:
    for number in range(3):
        table.clock.now += 1
        ask(mine, f"r{number}")
    cursor = mine.list(limit=1).cursor
    assert cursor
    for others in (table.of("role/other"), table.of(tenant="globex"), table.of(agent="payroll-agent")):
        with pytest.raises(CursorError):
            others.list(cursor=cursor)
    damaged = [cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1], cursor[:-4], "x", "W10", "é", "W" * 5000]
    for text in damaged:
        with pytest.raises(CursorError):
            mine.list(cursor=text)


def test_a_deleted_conversation_is_gone_and_does_not_come_back(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1", *["x" * 10] * 60)
    turn = begun(mine, "r2", "question", conversation)
    mine.delete(conversation)
    for call in (mine.load, mine.delete):
        with pytest.raises(NotFoundError):
            call(conversation)
    with pytest.raises(LostTurnError):
        turn.finish()
    with pytest.raises(LostTurnError):
        turn.history()
    with pytest.raises(NotFoundError):  # the retry of the request that began it
        mine.begin("r1", said("question r1"))
    assert mine.list().items == []
    [tombstone] = table.items()
    assert tombstone.keys() == {
        "conversation_id", "item", "owner", "created_at", "version", "next", "ttl", "kept_until", "deleted",
    }  # fmt: skip
    table.clock.now += DAY + 1
    with pytest.raises(NotFoundError):
        mine.delete(conversation)


def test_a_deletion_that_stopped_goes_on(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1", *["x"] * 60)
    original, batches = table.client.batch_write_item, []

    def breaks(**request: Any) -> Any:
        batches.append(request)
        if len(batches) == 2:
            raise ConnectionError
        return original(**request)

    table.client.batch_write_item = breaks
    try:
        with pytest.raises(ConnectionError):
            mine.delete(conversation)
        with pytest.raises(NotFoundError):
            mine.load(conversation)
        with pytest.raises(NotFoundError):
            table.of("role/other").delete(conversation)
        mine.delete(conversation)
    finally:
        table.client.batch_write_item = original
    assert len(table.items()) == 1


def test_unprocessed_deletes_are_repeated(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r1", *["x"] * 10)
    original = table.client.batch_write_item

    def throttles(**request: Any) -> Any:
        [(name, requests)] = request["RequestItems"].items()
        original(RequestItems={name: requests[:1]})
        return {"UnprocessedItems": {name: requests[1:]} if requests[1:] else {}}

    table.client.batch_write_item = throttles
    try:
        with pytest.raises(StoreBusyError):
            mine.delete(conversation)
        mine.delete(conversation)
    finally:
        table.client.batch_write_item = original
    assert len(table.items()) == 1


def test_no_item_expires_before_its_conversation(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r0")
    for number in range(1, 12):
        table.clock.now += 11 * DAY
        if number % 3:
            ask(mine, f"r{number}", conversation_id=conversation)
        else:
            mine.load(conversation)
        items = table.items()
        [head] = [item for item in items if item["item"]["S"] == "head"]
        expires = int(head["ttl"]["N"])
        assert expires >= table.clock.now + 27 * DAY
        assert all(int(item["ttl"]["N"]) >= expires for item in items)
        assert mine.load(conversation).summary.expires_at.timestamp() == expires
    assert mine.load(conversation).length == len([n for n in range(12) if n == 0 or n % 3]) * 2


def test_an_expiry_that_cannot_be_put_off_fails_neither_a_turn_nor_a_reader(
    table: World, mine: OwnerConversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = ask(mine, "r0")
    table.clock.now += 29 * DAY
    turn = begun(mine, "r1", "question", conversation)
    turn.add(answered("answer"))
    ends = table.client.transact_write_items
    calls: list[Any] = []

    def refusing(**request: Any) -> Any:
        calls.append(request)
        if len(calls) > 1:  # the first ends the turn
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems")
        return ends(**request)

    monkeypatch.setattr(table.client, "transact_write_items", refusing)
    assert turn.finish().status == "done"
    assert texts(mine.load(conversation).messages)[2:] == ["question", "answer"]
    assert len(calls) == 3


def test_reading_writes_only_now_and_then(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r0")
    table.clock.now += 2 * DAY
    before = table.items()
    mine.load(conversation)
    assert table.items() == before
    table.clock.now += 2 * DAY
    mine.load(conversation)
    assert table.items() != before


def test_what_expired_is_gone_though_dynamodb_still_has_it(table: World, mine: OwnerConversations) -> None:
    conversation = ask(mine, "r0")
    table.clock.now += 30 * DAY + 1
    assert table.items()
    assert mine.list().items == []
    for call in (mine.load, mine.delete):
        with pytest.raises(NotFoundError):
            call(conversation)
    with pytest.raises(NotFoundError):
        mine.begin("r1", said("x"), conversation_id=conversation)


def test_remains_of_an_expired_conversation_do_not_show_in_a_new_one(table: World, mine: OwnerConversations) -> None:
    # DynamoDB deletes expired items one by one, in any order: the head first here.
    conversation = ask(mine, "r0", random.Random(1).randbytes(500_000).hex(), "old")
    key = {"conversation_id": {"S": f"acme-corp#finance-agent#{conversation}"}, "item": {"S": "head"}}
    table.client.delete_item(TableName="conversations", Key=key)
    assert ask(mine, "r0", "new") == conversation
    assert texts(mine.load(conversation).messages) == ["question r0", "new"]


def test_too_large_is_refused_before_anything_is_written(table: World) -> None:
    table.limits = Limits(request_bytes=100, message_bytes=200, messages=4)
    mine = table.of()
    with pytest.raises(TooLargeError, match="100"):
        mine.begin("r1", said("x" * 100))
    assert table.items() == []
    turn = begun(mine, "r2")
    with pytest.raises(TooLargeError, match="200"):
        turn.add(answered("x" * 200))
    assert turn.checkpoint(answered("x" * 150), now=True)  # too long for a checkpoint: left out, not refused
    for _ in range(3):
        turn.add(answered("x"))
    with pytest.raises(TooLargeError, match="at most 4 messages"):
        turn.add(answered("x"))
    turn.finish()
    with pytest.raises(TooLargeError, match="at most 4 messages"):
        mine.begin("r3", said("x"), conversation_id=turn.conversation_id)


def test_a_conversation_made_by_hand_is_made_once_and_takes_its_title_from_the_first_message(
    mine: OwnerConversations,
) -> None:
    made, new = mine.create(request_id="c1")
    again, new_again = mine.create(request_id="c1")
    assert (new, new_again, made) == (True, False, again)
    assert mine.load(made.id).messages == []
    ask(mine, "r1", conversation_id=made.id)
    assert mine.load(made.id).summary.title == "question r1"
    titled, _ = mine.create(request_id="c2", title="  Budget\n2027 " + "x" * 300)
    assert titled.title == "Budget 2027…"
    ask(mine, "r2", conversation_id=titled.id)
    assert mine.load(titled.id).summary.title == titled.title


@pytest.mark.parametrize(("refused", "begins"), [(3, True), (1000, False)])
def test_transactions_that_meet_are_tried_again(
    table: World, mine: OwnerConversations, refused: int, begins: bool
) -> None:
    original, calls = table.client.transact_write_items, []
    reasons = {"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}

    def meets(**request: Any) -> Any:
        calls.append(request)
        if len(calls) <= refused:
            raise table.client.exceptions.TransactionCanceledException(reasons, "TransactWriteItems")
        return original(**request)

    table.client.transact_write_items = meets
    try:
        if begins:
            begun(mine, "r1")
            assert len(calls) == refused + 1
        else:
            with pytest.raises(StoreBusyError):
                begun(mine, "r1")
    finally:
        table.client.transact_write_items = original


def test_a_name_cannot_reach_into_anothers_keys(table: World) -> None:
    for name in ("", "acme#x"):
        with pytest.raises(ValueError, match="no name of a tenant or agent"):
            table.of(tenant=name)
        with pytest.raises(ValueError, match="no name of a tenant or agent"):
            table.of(agent=name)
    with pytest.raises(ValueError, match="owner"):
        table.of("")


def test_a_head_of_nobody_is_not_visible() -> None:
    assert visible(None, owner="acme-corp#finance-agent#role/x", now=0) is None
