"""InvokeAgentRuntime: a request to a runtime's server, passed on as it is.

docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_InvokeAgentRuntime.html; headers from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-mcp-protocol-contract.html and
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-header-allowlist.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.outbound import Outbound, UnreachableError
from local.emulator.agentcore.runtime_process import NotRunningError
from local.emulator.agentcore.runtime_servers import RuntimeServers
from local.emulator.agentcore.runtime_tokens import TokenChecks
from local.emulator.agentcore.runtimes import DEFAULT, Runtimes
from local.emulator.agentcore.wire import error_response
from local.emulator.responses import Response

_PATH = re.compile(r"/runtimes/(?P<arn>.+)/invocations/?")
_SECONDS = 15 * 60
_SESSION = "x-amzn-bedrock-agentcore-runtime-session-id"
_PASSED_ON = (
    *("content-type", "accept", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", _SESSION),
    *("x-amzn-bedrock-agentcore-runtime-user-id", "x-amzn-trace-id", "traceparent", "tracestate", "baggage"),
)
_PASSED_BACK = ("content-type", "mcp-protocol-version", "x-amzn-trace-id", "traceparent", "tracestate", "baggage")
_MISMATCH = (
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used in "
    "your request. Check the agent's authorization configuration and ensure your request uses the matching method "
    "(OAuth or SigV4)"
)


class Invocations:
    """Invokes the account's runtimes."""

    def __init__(self, runtimes: Runtimes, servers: RuntimeServers, outbound: Outbound) -> None:
        """The versions that `runtimes` serves run as `servers`."""
        self._runtimes = runtimes
        self._servers = servers
        self._outbound = outbound
        self._tokens = TokenChecks(outbound)

    def meant(self, path: str) -> bool:
        """Whether a request path is that of an invocation."""
        return _PATH.fullmatch(unquote(path)) is not None

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """Answer an invocation whose signature and permissions, if it is signed, are already checked."""
        match = _PATH.fullmatch(unquote(path))
        if match is None or method != "POST":
            return 405, {"Content-Type": "application/json", "Allow": "POST"}, b'{"message": "Only POST is served"}'
        try:
            version = self._runtimes.served(match["arn"], (query.get("qualifier") or [DEFAULT])[0])
            self._authorize(version, headers.get("authorization", ""))
            return self._invoke(version, (query.get("qualifier") or [DEFAULT])[0], headers, body)
        except ApiError as error:
            status, named, text = error_response(error)
            return status, {**named, **({"WWW-Authenticate": "Bearer"} if status == 401 else {})}, text

    def _authorize(self, version: Record, authorization: str) -> None:
        rules = version.get("authorizerConfiguration", {}).get("customJWTAuthorizer")
        scheme, _, token = authorization.partition(" ")
        if rules is None and not is_signed(authorization):
            raise ApiError("AccessDeniedException", _MISMATCH if scheme else "Missing Authentication Token")
        if rules is not None and is_signed(authorization):
            raise ApiError("AccessDeniedException", _MISMATCH)
        if rules is not None:
            self._tokens.check(token.strip() if scheme.lower() == "bearer" else "", rules)

    def _invoke(self, version: Record, qualifier: str, headers: Mapping[str, str], body: bytes) -> Response:
        session = headers.get(_SESSION) or str(uuid.uuid4())
        mcp_session = headers.get("mcp-session-id") or session
        allowed = version.get("requestHeaderConfiguration", {}).get("requestHeaderAllowlist", ())
        names = {*_PASSED_ON, *(name.lower() for name in allowed)}
        sent = {name: value for name, value in headers.items() if name in names}
        sent |= {_SESSION: session}
        if _speaks_mcp(version):
            sent |= {"mcp-session-id": mcp_session}
        try:
            url = self._servers.of(version, qualifier).url()
            answer = self._outbound.send("POST", url, headers=sent, body=body, seconds=_SECONDS)
        except (NotRunningError, UnreachableError) as error:
            raise ApiError("RuntimeClientError", str(error)) from error
        back = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        back |= {_SESSION: session}
        if _speaks_mcp(version):
            back |= {"mcp-session-id": answer.headers.get("mcp-session-id", mcp_session)}
        return answer.status, back, answer.body


def is_signed(authorization: str) -> bool:
    """Whether an Authorization header is a signature (SigV4), which ministack verifies and judges."""
    return authorization.startswith("AWS4-")


def _speaks_mcp(version: Mapping[str, Any]) -> bool:
    return bool(version["protocolConfiguration"]["serverProtocol"] == "MCP")
