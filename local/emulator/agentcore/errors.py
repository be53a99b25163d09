"""The errors of AgentCore's two APIs."""

from __future__ import annotations

_STATUS = {
    "ValidationException": 400,
    "UnauthorizedException": 401,
    "ServiceQuotaExceededException": 402,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "RuntimeClientError": 424,
    "ThrottlingException": 429,
}


class ApiError(Exception):
    """An answer with an error code of the API; `status` is the HTTP status that the model gives the code."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is one of the exception names of the control plane or the data plane."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = _STATUS[code]


def invalid(message: str) -> ApiError:
    """A request that the API refuses as such."""
    return ApiError("ValidationException", message)


def conflict(message: str) -> ApiError:
    """A request that contradicts what exists."""
    return ApiError("ConflictException", message)


def not_found(message: str) -> ApiError:
    """A request about something that does not exist."""
    return ApiError("ResourceNotFoundException", message)
