"""Conversations with an agent in DynamoDB: in order, written by one writer at a time, read whole or not at all.

How items are laid out and why: docs/decisions/conversations.md. Calls block; asyncio makes them in a thread.
"""

from conversations.errors import (
    ConflictError,
    ConversationError,
    CursorError,
    InProgressError,
    LostTurnError,
    NotFoundError,
    NotOpenError,
    RequestReusedError,
    StoreBusyError,
    TooLargeError,
)
from conversations.limits import Limits
from conversations.model import (
    Conversation,
    FinishedTurn,
    Message,
    NewMessage,
    OpenTurn,
    Page,
    Summary,
)
from conversations.store import Conversations, OwnerConversations
from conversations.table import conversations_client
from conversations.turn import Turn

__all__ = [
    "ConflictError",
    "Conversation",
    "ConversationError",
    "Conversations",
    "CursorError",
    "FinishedTurn",
    "InProgressError",
    "Limits",
    "LostTurnError",
    "Message",
    "NewMessage",
    "NotFoundError",
    "NotOpenError",
    "OpenTurn",
    "OwnerConversations",
    "Page",
    "RequestReusedError",
    "StoreBusyError",
    "Summary",
    "TooLargeError",
    "Turn",
    "conversations_client",
]
