"""Why a call is refused: one name for each reason, with what the caller and what the record learn of it.

HTTP statuses and `WWW-Authenticate` follow RFC 6750 §3, JSON-RPC's own codes https://www.jsonrpc.org/specification#error_object;
the others are this platform's, in the range that JSON-RPC leaves to servers (-32000 to -32099).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PARSE_ERROR, INVALID_REQUEST, INTERNAL = -32700, -32600, -32603
UNAVAILABLE, BAD_TOKEN, NOT_ALLOWED = -32000, -32001, -32002

Bearer = Literal["", "invalid_token", "insufficient_scope"]


@dataclass(frozen=True)
class Reason:
    """What a refusal says.

    Attributes:
        status: HTTP status.
        code: JSON-RPC error code.
        message: Sentence for the caller.
        bearer: RFC 6750's error for `WWW-Authenticate`. A refusal that has one tells the caller nothing more precise:
            that would tell a forger what to change.
    """

    status: int
    code: int
    message: str
    bearer: Bearer = ""


def _malformed(message: str, *, status: int = 400, code: int = INVALID_REQUEST) -> Reason:
    return Reason(status, code, message)


def _token() -> Reason:
    return Reason(401, BAD_TOKEN, "Invalid Bearer token", "invalid_token")


def _claims() -> Reason:
    return Reason(403, NOT_ALLOWED, "Insufficient scope", "insufficient_scope")


def _unavailable(what: str) -> Reason:
    return Reason(503, UNAVAILABLE, f"{what}; nothing is let through until then, try again in a few seconds")


REASONS = {
    "http_method": _malformed("Only POST is served here", status=405),
    "event": _malformed("The request cannot be read"),
    "body_too_large": _malformed("The body is larger than this gateway takes", status=413),
    "body_too_deep": _malformed("The body nests deeper than this gateway takes", status=413),
    "body_not_utf8": _malformed(
        "The body is no UTF-8; a replacement character or half a surrogate pair stands in it", code=PARSE_ERROR
    ),
    "body_not_json": _malformed("The body is not JSON", code=PARSE_ERROR),
    "duplicate_key": _malformed("The body gives a member twice", code=PARSE_ERROR),
    "batch": _malformed("Batches are not served; send one message at a time"),
    "bad_message": _malformed("The body is no JSON-RPC 2.0 request or notification"),
    "bad_id": _malformed("The id is no text of 1 to 128 printable characters and no whole number below 2^53"),
    "bad_method": _malformed("The method is no name of an MCP method"),
    "bad_params": _malformed("The params are not those of the method"),
    "header_mismatch": _malformed("The headers and the body name different methods, tools or callers"),
    "token_missing": _token(),
    "token_malformed": _token(),
    "token_algorithm": _token(),
    "token_key": _token(),
    "token_signature": _token(),
    "token_issuer": _token(),
    "token_expired": _token(),
    "token_not_yet_valid": _token(),
    "token_use": _token(),
    "token_audience": _claims(),
    "token_client": _claims(),
    "token_scope": _claims(),
    "claims_missing": _claims(),
    "claims_malformed": _claims(),
    "claims_environment": _claims(),
    "claims_disagree": _claims(),
    "suspended": Reason(403, NOT_ALLOWED, "This agent or its tenant is suspended; ask the platform team"),
    "method_not_allowed": Reason(403, NOT_ALLOWED, "This method is not open to this agent"),
    "tenant_argument": Reason(403, NOT_ALLOWED, "An argument names another tenant than the token"),
    "keys_unavailable": _unavailable("The identity provider's keys cannot be had"),
    "suspensions_unavailable": _unavailable("The list of suspended agents cannot be read"),
    "directory_unavailable": _unavailable("The directory of agents cannot be read"),
    "audit_unavailable": _unavailable("The call cannot be recorded"),
    "internal": _unavailable("The gateway failed inside"),
    "response_unreadable": Reason(502, INTERNAL, "The answer cannot be read, so it is not passed on"),
}
"""By the reason's name, which the audit record carries. Names stay: saved queries use them."""


class RefusedError(Exception):
    """A call that is not let through.

    Args:
        reason: A name of `REASONS`.
        message_id: The id of the message, once it is known to be one.

    Attributes:
        reason: The name.
        rule: What it says.
        message_id: The id; None while unknown.
    """

    def __init__(self, reason: str, *, message_id: str | int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = REASONS[reason]
        self.message_id = message_id
