"""Typed answers of ministack's JSON services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import responses

Response = tuple[int, dict[str, str], bytes]


def answer(body: Mapping[str, Any]) -> Response:
    """A successful answer."""
    response: Response = responses.json_response(body)
    return response


def refusal(code: str, message: str) -> Response:
    """An error of the caller's making, under the API's code for it."""
    response: Response = responses.error_response_json(code, message, 400)
    return response
