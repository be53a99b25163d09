"""Errors as answers: problem details (RFC 9457) for whatever goes wrong, and nothing of the inside."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from conversation_agent.correlation import STATE
from conversation_agent.logs import described, logger
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import FieldError, Problem
from gateway_agent.correlation import HEADER

MEDIA_TYPE = "application/problem+json"


def add_handlers(app: FastAPI) -> None:
    """Let every error of `app` be answered as a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem(request: Request, error: ServiceError, *, errors: list[FieldError] | None = None) -> JSONResponse:
    """The answer that tells an error."""
    retry_after = error.retry_after
    body = Problem(
        title=error.status.phrase,
        status=error.status,
        detail=error.sentence,
        code=error.code,
        correlation_id=getattr(request.state, STATE, ""),
        retryable=error.retryable,
        retry_after_seconds=retry_after,
        conversation_id=getattr(error, "conversation_id", None),
        errors=errors or [],
    )
    headers = {HEADER: body.correlation_id}  # what Starlette answers to the unexpected passes no middleware
    if retry_after:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    logger.info(
        "refused",
        extra={"correlation_id": body.correlation_id, "code": error.code, "status": int(error.status)},
    )
    return JSONResponse(body.model_dump(mode="json"), error.status, headers=headers, media_type=MEDIA_TYPE)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ServiceError):
        raise error
    return problem(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """What pydantic says of a request, without repeating what was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    found: list[dict[str, Any]] = [*error.errors()]
    errors = [FieldError(field=".".join(map(str, one["loc"])), message=one["msg"]) for one in found]
    return problem(request, ServiceError(Code.INVALID_REQUEST), errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own: no such path, no such method, a body that cannot be read."""
    codes = {HTTPStatus.NOT_FOUND: Code.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED: Code.METHOD_NOT_ALLOWED}
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    return problem(request, ServiceError(codes.get(HTTPStatus(status), Code.INVALID_REQUEST)))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    found = {"correlation_id": getattr(request.state, STATE, ""), **described(error)}
    logger.error("request failed", extra=found)
    return problem(request, ServiceError(Code.INTERNAL))
