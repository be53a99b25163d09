"""What callers are told when model, gateway, credentials or store fail: by what was raised, to a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from conversation_agent.calls import did_not_run
from conversation_agent.problems import Code, ServiceError
from conversations import (
    ConflictError,
    ConversationError,
    CursorError,
    InProgressError,
    LostTurnError,
    NotFoundError,
    RequestReusedError,
    StoreBusyError,
    TooLargeError,
)
from gateway_agent.answers import RATE_LIMITED, UNAVAILABLE

_THROTTLED = {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"}
_REFUSED = {"AccessDeniedException", "ValidationException", "ResourceNotFoundException"}

_STORE: dict[type[ConversationError], Code] = {
    NotFoundError: Code.CONVERSATION_NOT_FOUND,
    InProgressError: Code.REQUEST_IN_PROGRESS,
    LostTurnError: Code.CONVERSATION_CHANGED,
    ConflictError: Code.CONVERSATION_BUSY,
    RequestReusedError: Code.REQUEST_ID_REUSED,
    TooLargeError: Code.TOO_LARGE,
    StoreBusyError: Code.STORE_THROTTLED,
}


def of_store(error: ConversationError | ClientError | BotoCoreError) -> ServiceError:
    """What the store refused, or why it could not be asked."""
    if isinstance(error, CursorError):
        return ServiceError(Code.INVALID_REQUEST, "The cursor is not one of this list: begin without it.")
    for kind, code in _STORE.items():
        if isinstance(error, kind):
            return ServiceError(code, retry_after=getattr(error, "retry_after", None) or None)
    if isinstance(error, ClientError) and _aws_code(error) in _THROTTLED:
        return ServiceError(Code.STORE_THROTTLED)
    return ServiceError(Code.STORE_UNAVAILABLE)


def of_refusal(refusal: Mapping[str, Any]) -> ServiceError | None:
    """Why an answer ends when the gateway refuses a call; None when the model goes on with what it is told.

    It ends only when the call certainly did not run, so that asking again later is safe and may succeed.

    Args:
        refusal: `metadata["foundation/refusal"]` of the call's result.
    """
    return _gateway(refusal["code"], refusal.get("retry_after")) if did_not_run(refusal) else None


def of_gateway(error: BaseException) -> ServiceError:
    """Why the gateway could not be connected to, or its tools not be listed."""
    from mcp.shared.exceptions import MCPError  # noqa: PLC0415 - slow, and loaded by whoever can raise it

    for cause in _causes(error):
        if isinstance(cause, MCPError):
            asked = cause.data.get("retryAfter") if isinstance(cause.data, dict) else None
            return _gateway(cause.code, asked if isinstance(asked, int | float) else None)
    return ServiceError(Code.GATEWAY_UNAVAILABLE)


def of_credentials(error: Exception) -> ServiceError:
    """Why there is no token: the secret or the token endpoint."""
    from gateway_agent.errors import SecretWaitingError  # noqa: PLC0415 - as above

    return ServiceError(Code.CREDENTIALS_UNAVAILABLE, retry_after=10 if isinstance(error, SecretWaitingError) else None)


def of_model(error: BaseException) -> ServiceError:
    """Why the model did not answer."""
    from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException  # noqa: PLC0415

    for cause in _causes(error):
        if isinstance(cause, ModelThrottledException):
            return ServiceError(Code.MODEL_THROTTLED)
        if isinstance(cause, ContextWindowOverflowException):
            return ServiceError(Code.CONTEXT_TOO_LONG)
        if isinstance(cause, ClientError) and _aws_code(cause) in _REFUSED:
            return ServiceError(Code.MODEL_REFUSED)
    return ServiceError(Code.MODEL_FAILED)


def _gateway(code: int, retry_after: float | None) -> ServiceError:
    codes = {RATE_LIMITED: Code.GATEWAY_THROTTLED, UNAVAILABLE: Code.GATEWAY_UNAVAILABLE}
    return ServiceError(codes.get(code, Code.GATEWAY_FAILED), retry_after=retry_after)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what is grouped in it, and what it was raised from."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None:
            yield one
            waiting += [*(one.exceptions if isinstance(one, BaseExceptionGroup) else ()), one.__cause__]
            waiting.append(getattr(one, "original_exception", None))


def _aws_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
