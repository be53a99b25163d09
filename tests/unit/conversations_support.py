"""A conversation table in moto, a clock that stands still, and messages, for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import moto

from conversations import Conversations, Limits, Message, NewMessage, OwnerConversations, Turn
from foundation.conversation_table import LISTED_ATTRIBUTES, OWNER_INDEX

TABLE = "conversations"
RETENTION_DAYS = 30
DAY = 86_400


@dataclass
class Clock:
    """Epoch seconds that pass when a test says so."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """A table with conversations of any tenant."""

    client: Any
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)

    def of(
        self, owner: str = "role/finance-team", *, tenant: str = "acme-corp", agent: str = "finance-agent"
    ) -> OwnerConversations:
        store = Conversations(
            TABLE,
            tenant=tenant,
            agent=agent,
            retention_days=RETENTION_DAYS,
            client=self.client,
            limits=self.limits,
            clock=self.clock,
            sleep=lambda _: None,
        )
        return store.for_owner(owner)

    def items(self) -> list[dict[str, Any]]:
        """All items of the table as DynamoDB has them."""
        pages = self.client.get_paginator("scan").paginate(TableName=TABLE)
        return [item for page in pages for item in page["Items"]]


@contextmanager
def world() -> Iterator[World]:
    with moto.mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "conversation_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "conversation_id", "AttributeType": "S"},
                {"AttributeName": "item", "AttributeType": "S"},
                {"AttributeName": "owner", "AttributeType": "S"},
                {"AttributeName": "used_at", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": OWNER_INDEX,
                    "KeySchema": [
                        {"AttributeName": "owner", "KeyType": "HASH"},
                        {"AttributeName": "used_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED_ATTRIBUTES},
                }
            ],
        )
        yield World(client)


def empty(world: World) -> None:
    """Delete all items of the table."""
    for item in world.items():
        key = {name: item[name] for name in ("conversation_id", "item")}
        world.client.delete_item(TableName=TABLE, Key=key)


def said(text: str) -> list[dict[str, Any]]:
    """A message of a user."""
    return [{"text": text}]


def answered(text: str) -> NewMessage:
    """A message of the assistant."""
    return NewMessage(role="assistant", content=[{"text": text}])


def texts(messages: list[Message]) -> list[str]:
    """What messages of one block of text say."""
    return [message.content[0]["text"] for message in messages]


def begun(
    mine: OwnerConversations, request_id: str, text: str = "question", conversation_id: str | None = None
) -> Turn:
    """A turn that must begin."""
    turn = mine.begin(request_id, said(text), conversation_id=conversation_id)
    assert isinstance(turn, Turn)
    return turn


def ask(mine: OwnerConversations, request_id: str, *answer: str, conversation_id: str | None = None) -> str:
    """A whole turn; gives the conversation's id."""
    turn = begun(mine, request_id, f"question {request_id}", conversation_id)
    for text in answer or (f"answer {request_id}",):
        turn.add(answered(text))
    turn.finish()
    return turn.conversation_id
