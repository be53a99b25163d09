"""What goes wrong, as callers are told: a code that programs read, a sentence for people, and nothing of the inside.

Answers are problem details (RFC 9457); the same codes come as `error` events while an answer is streamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Code(StrEnum):
    """What went wrong, for programs."""

    INVALID_REQUEST = "invalid_request"
    CALLER_UNKNOWN = "caller_unknown"
    CALLER_REFUSED = "caller_refused"
    NOT_FOUND = "not_found"
    CONVERSATION_NOT_FOUND = "conversation_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONVERSATION_BUSY = "conversation_busy"
    CONVERSATION_CHANGED = "conversation_changed"
    REQUEST_IN_PROGRESS = "request_in_progress"
    REQUEST_ID_REUSED = "request_id_reused"
    REQUEST_NOT_OPEN = "request_not_open"
    TOO_LARGE = "too_large"
    CONTEXT_TOO_LONG = "context_too_long"
    STEP_LIMIT = "step_limit"
    MODEL_THROTTLED = "model_throttled"
    MODEL_FAILED = "model_failed"
    MODEL_REFUSED = "model_refused"
    GATEWAY_THROTTLED = "gateway_throttled"
    GATEWAY_FAILED = "gateway_failed"
    GATEWAY_UNAVAILABLE = "gateway_unavailable"
    CREDENTIALS_UNAVAILABLE = "credentials_unavailable"
    STORE_THROTTLED = "store_throttled"
    STORE_UNAVAILABLE = "store_unavailable"
    SHUTTING_DOWN = "shutting_down"
    TIME_LIMIT = "time_limit"
    MISCONFIGURED = "misconfigured"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Meaning:
    """What a code means: its HTTP status, whether the same request may succeed later, what people read."""

    status: HTTPStatus
    retryable: bool
    sentence: str


MEANINGS: dict[Code, Meaning] = {
    Code.INVALID_REQUEST: Meaning(HTTPStatus.BAD_REQUEST, False, "The request is malformed; `errors` says where."),
    Code.CALLER_UNKNOWN: Meaning(
        HTTPStatus.FORBIDDEN, False, "The request names no IAM role or user: call the function URL, signed with SigV4."
    ),
    Code.CALLER_REFUSED: Meaning(
        HTTPStatus.FORBIDDEN,
        False,
        "This IAM role or user may not talk to the agent: ask its owners to list it among the agent's callers.",
    ),
    Code.NOT_FOUND: Meaning(HTTPStatus.NOT_FOUND, False, "There is nothing at this path; see /openapi.json."),
    Code.CONVERSATION_NOT_FOUND: Meaning(HTTPStatus.NOT_FOUND, False, "You have no such conversation."),
    Code.METHOD_NOT_ALLOWED: Meaning(
        HTTPStatus.METHOD_NOT_ALLOWED, False, "This path does not take that method; see /openapi.json."
    ),
    Code.CONVERSATION_BUSY: Meaning(
        HTTPStatus.CONFLICT, True, "Another question is being answered in this conversation: send yours again after it."
    ),
    Code.CONVERSATION_CHANGED: Meaning(
        HTTPStatus.CONFLICT, True, "Another writer took over this conversation or deleted it: send the question again."
    ),
    Code.REQUEST_IN_PROGRESS: Meaning(
        HTTPStatus.CONFLICT, True, "This very request is being answered: send it again later to get its answer."
    ),
    Code.REQUEST_ID_REUSED: Meaning(
        HTTPStatus.CONFLICT, False, "This request_id was used for another message: make a new one for each question."
    ),
    Code.REQUEST_NOT_OPEN: Meaning(
        HTTPStatus.CONFLICT, False, "This request is not being answered: its answer is whole, or it never came."
    ),
    Code.TOO_LARGE: Meaning(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        False,
        "This is too large to store: shorten the message or begin a new conversation.",
    ),
    Code.CONTEXT_TOO_LONG: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY, False, "The conversation no longer fits the model: begin a new one."
    ),
    Code.STEP_LIMIT: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        True,
        "The agent took as many steps as one answer may: send the request again to let it go on.",
    ),
    Code.MODEL_THROTTLED: Meaning(HTTPStatus.TOO_MANY_REQUESTS, True, "The model has too much to do: try again later."),
    Code.MODEL_FAILED: Meaning(
        HTTPStatus.BAD_GATEWAY,
        True,
        "The model did not answer: send the request again; if that keeps failing, tell the agent's operators.",
    ),
    Code.MODEL_REFUSED: Meaning(
        HTTPStatus.BAD_GATEWAY, False, "The model refused the agent: its operators must look at model and permissions."
    ),
    Code.GATEWAY_THROTTLED: Meaning(
        HTTPStatus.TOO_MANY_REQUESTS, True, "The agent has used its share of tool calls for now: try again later."
    ),
    Code.GATEWAY_FAILED: Meaning(
        HTTPStatus.BAD_GATEWAY,
        True,
        "The tools' gateway failed: send the request again; if that keeps failing, tell the agent's operators.",
    ),
    Code.GATEWAY_UNAVAILABLE: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE,
        True,
        "The tools' gateway cannot be reached: send the request again in a minute.",
    ),
    Code.CREDENTIALS_UNAVAILABLE: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE,
        True,
        "The agent gets no token for the tools' gateway: try again in a minute.",
    ),
    Code.STORE_THROTTLED: Meaning(
        HTTPStatus.TOO_MANY_REQUESTS,
        True,
        "The store of conversations is busy: send the request again in a few seconds.",
    ),
    Code.STORE_UNAVAILABLE: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE,
        True,
        "The conversation store does not answer: send the request again; if that keeps failing, tell the operators.",
    ),
    Code.SHUTTING_DOWN: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE, True, "This instance of the agent is shutting down: send the request again."
    ),
    Code.TIME_LIMIT: Meaning(
        HTTPStatus.GATEWAY_TIMEOUT,
        True,
        "The answer took too long and was cut: send the request again to continue it.",
    ),
    Code.MISCONFIGURED: Meaning(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        False,
        "The agent's settings cannot be used: its operators find the reason in its log.",
    ),
    Code.INTERNAL: Meaning(
        HTTPStatus.INTERNAL_SERVER_ERROR, True, "The agent failed; its log has more under the correlation id."
    ),
}


class ServiceError(Exception):
    """A request that cannot be answered, or an answer that cannot go on.

    Attributes:
        code: what went wrong.
        sentence: the same for people; nothing of the inside.
        retry_after: seconds after which the same request may succeed, when known.
    """

    def __init__(self, code: Code, sentence: str | None = None, *, retry_after: float | None = None) -> None:
        """Args: as the attributes; the sentence is the code's own when None."""
        meaning = MEANINGS[code]
        self.code = code
        self.sentence = sentence or meaning.sentence
        self.retry_after = retry_after
        super().__init__(f"{code}: {self.sentence}")

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status that it is told with."""
        return MEANINGS[self.code].status

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return MEANINGS[self.code].retryable
