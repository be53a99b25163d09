"""The response interceptor with an identity provider and a Parameter Store of its own, and the events it gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_response import handler as module
from governance.events import Ids
from tests.unit.governance_support import (
    ENTRY,
    ParameterStore,
    Provider,
    made_anew,
    records,
    token,
)  # fmt: skip

CONTEXT = SimpleNamespace(client_context=None)
DYNAMODB = "aws-data-v1___dynamodb_read_operations"


@dataclass
class Gateway:
    """The interceptor with what it depends on."""

    store: ParameterStore
    provider: Provider
    printed: Callable[[], str]
    lines: str = ""

    def ask(self, event: Any) -> dict[str, Any]:
        answer = module.handler(event, CONTEXT)
        self.lines = self.printed()
        found: dict[str, Any] = answer["mcp"]["transformedGatewayResponse"]
        return found

    def record(self) -> dict[str, Any]:
        (record,) = records(self.lines)
        return record


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    """The interceptor, made anew."""
    with made_anew(module._review, monkeypatch, tmp_path) as (store, provider):
        yield Gateway(store, provider, lambda: capsys.readouterr().out)


IDS = Ids.new({})
PASSED_ON = {
    "X-Tenant-ID": "acme-corp",
    "X-Client-ID": "client-1",
    "X-Org-ID": "org-finance",
    "X-User-Context": json.dumps(
        {
            **{name: ENTRY[name] for name in ("agent_id", "agent_type", "agent_version", "groups")},
            "environment": "dev",
        },
        separators=(",", ":"),
    ),
}
"""What the request interceptor sets when it lets a call through."""


def response_event(
    request: Any, body: Any, *, status: int | None = 200, bearer: str | None = "", **response: Any
) -> dict[str, Any]:
    authorization = {} if bearer is None else {"Authorization": f"Bearer {bearer or token()}"}
    headers = {**authorization, **IDS.headers(), **PASSED_ON}
    return {
        "interceptorInputVersion": "1.0",
        "mcp": {
            "rawGatewayRequest": {"body": json.dumps(request)},
            "gatewayRequest": {"path": "/mcp", "httpMethod": "POST", "headers": headers, "body": request},
            "gatewayResponse": {**({} if status is None else {"statusCode": status}), "body": body, **response},
        },
    }


def result(value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "result": value}


def error(code: int, message: str, **data: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "error": {"code": code, "message": message, "data": data}}
