"""Why the store refuses: each error is one sentence for whoever called."""

from __future__ import annotations


class ConversationError(Exception):
    """What the store refuses, in a sentence."""


class NotFoundError(ConversationError):
    """There is no such conversation, or it is another owner's, deleted or expired: from outside these look alike."""

    def __init__(self) -> None:
        super().__init__("there is no such conversation")


class ConflictError(ConversationError):
    """Another request is being answered in this conversation.

    Attributes:
        retry_after: seconds after which its lease ends, if it does not renew it.
    """

    def __init__(
        self, message: str = "another request is being answered in this conversation", *, retry_after: float = 1.0
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InProgressError(ConflictError):
    """This very request, by its id, is being answered by another process."""

    def __init__(self, *, retry_after: float) -> None:
        super().__init__("this request is being answered already", retry_after=retry_after)


class LostTurnError(ConflictError):
    """The turn is no longer this writer's: another took it over after its lease, or the conversation was deleted."""

    def __init__(self) -> None:
        super().__init__("the turn was taken over, or its conversation deleted", retry_after=0.0)


class NotOpenError(ConversationError):
    """A request that is to be stopped is not being answered: it was answered whole, or never came."""

    def __init__(self) -> None:
        super().__init__("this request is not being answered in this conversation")


class RequestReusedError(ConversationError):
    """A request id came back with another message than the first time."""

    def __init__(self) -> None:
        super().__init__("this request id was used for another message; use a new one")


class TooLargeError(ConversationError):
    """A message or a conversation is beyond the limits (`Limits`)."""


class CursorError(ConversationError):
    """A cursor is not one that this owner was given."""

    def __init__(self) -> None:
        super().__init__("this is no cursor of your list of conversations; begin without one")


class StoreBusyError(ConversationError):
    """DynamoDB still refuses after all retries, by throttling or because transactions keep meeting on an item."""

    def __init__(self) -> None:
        super().__init__("the conversation store is busy; try again")
