"""The request interceptor with an identity provider and a Parameter Store of its own, and how its answers are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_request import handler as module
from tests.unit.governance_support import (
    ParameterStore,
    Provider,
    made_anew,
    records,
)  # fmt: skip

CONTEXT = SimpleNamespace(client_context=SimpleNamespace(custom={"SOURCE_IP": "10.0.1.100"}))


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
        return answer

    def record(self) -> dict[str, Any]:
        (record,) = records(self.lines)
        return record


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    """The interceptor, made anew."""
    with made_anew(module._judge, monkeypatch, tmp_path) as (store, provider):
        yield Gateway(store, provider, lambda: capsys.readouterr().out)


def refusal(answer: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and error of an answer that stops the call."""
    response = answer["mcp"]["transformedGatewayResponse"]
    assert "transformedGatewayRequest" not in answer["mcp"]
    assert response["body"]["jsonrpc"] == "2.0"
    assert response["headers"]["X-Request-ID"] == response["body"]["error"]["data"]["request_id"]
    return response["statusCode"], response["body"]["error"]
