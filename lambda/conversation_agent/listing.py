"""Conversations of one owner, as callers get them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from conversation_agent import failures
from conversation_agent.answering import STORE_ERRORS
from conversation_agent.blocks import called_tools, shown
from conversation_agent.schemas import Conversation, ConversationDetail, ConversationPage, Message
from conversations import OwnerConversations, Summary

T = TypeVar("T")


class Listing:
    """Reads, makes and deletes conversations.

    Args:
        mine: the owner's conversations.
    """

    def __init__(self, mine: OwnerConversations) -> None:
        self._mine = mine

    async def page(self, *, limit: int, cursor: str | None) -> ConversationPage:
        """A page of them.

        Raises:
            ServiceError: the cursor is wrong, or the store fails.
        """
        page = await _asked(lambda: self._mine.list(limit=limit, cursor=cursor))
        return ConversationPage(conversations=[_summary(item) for item in page.items], next_cursor=page.cursor)

    async def create(self, *, request_id: UUID, title: str) -> tuple[Conversation, bool]:
        """A conversation, and whether it is new.

        Raises:
            ServiceError: the store fails.
        """
        summary, is_new = await _asked(lambda: self._mine.create(request_id=str(request_id), title=title))
        return _summary(summary), is_new

    async def detail(self, conversation_id: UUID, *, start: int, limit: int) -> ConversationDetail:
        """A conversation with its messages from `start` on, at most `limit` of them.

        Raises:
            ServiceError: there is none, or the store fails.
        """
        found = await _asked(lambda: self._mine.load(str(conversation_id), start=start, limit=limit))
        end = start + len(found.messages)
        # The call of a tool may stand on the page before: its name is then not known here.
        names = called_tools([message.content for message in found.messages])
        messages = [
            Message(
                number=message.sequence,
                request_id=UUID(message.request_id),
                role=message.role,
                status=message.status,
                created_at=message.at,
                content=shown(message.content, names),
            )
            for message in found.messages
        ]
        return ConversationDetail(
            conversation=_summary(found.summary),
            messages=messages,
            next_cursor=str(end) if found.messages and end < found.length else None,
        )

    async def delete(self, conversation_id: UUID) -> None:
        """Delete one.

        Raises:
            ServiceError: there is none, or the store fails.
        """
        await _asked(lambda: self._mine.delete(str(conversation_id)))


async def _asked(question: Callable[[], T]) -> T:
    """What the store answers; it blocks, so a thread asks it."""
    try:
        return await asyncio.to_thread(question)
    except STORE_ERRORS as error:
        raise failures.of_store(error) from error


def _summary(summary: Summary) -> Conversation:
    return Conversation(
        conversation_id=summary.id,
        title=summary.title,
        created_at=summary.created_at,
        used_at=summary.used_at,
        expires_at=summary.expires_at,
        messages=summary.messages,
    )
