"""Stopping an answer: a request of its own, since hanging up stops nothing on AWS.

Lambda goes on with a streamed response whose client's connection breaks
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html), and neither the adapter nor the
service hears of it. The request to stop reaches another execution environment than the one that answers, so it leaves
a mark in the store; the turn's next checkpoint finds it (`Answering`).
"""

from __future__ import annotations

import asyncio
from uuid import UUID

from conversation_agent import failures
from conversation_agent.answering import STORE_ERRORS
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import Stopping
from conversations import NotOpenError, OwnerConversations


async def stop(mine: OwnerConversations, conversation_id: UUID, *, request_id: UUID) -> Stopping:
    """Ask for the end of the answer to a question; asking again changes nothing.

    Args:
        mine: the owner's conversations.
        conversation_id: the conversation.
        request_id: of the question.

    Raises:
        ServiceError: there is no such conversation, the question is not being answered in it, or the store fails.
    """
    try:
        await asyncio.to_thread(mine.stop, str(conversation_id), request_id=str(request_id))
    except NotOpenError:
        raise ServiceError(Code.REQUEST_NOT_OPEN) from None
    except STORE_ERRORS as error:
        raise failures.of_store(error) from error
    return Stopping(conversation_id=conversation_id, request_id=request_id)
