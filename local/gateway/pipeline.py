"""AgentCore's order of checks between the authorizer and the MCP server.

    REQUEST interceptor → Cedar policy → rate limits → MCP server, target → RESPONSE interceptor

Each step refuses the request or hands it on. The RESPONSE interceptor sees every answer from there on, refusals
included; only what the REQUEST interceptor itself fails on is answered without it. AWS documents the first step as
before, and the last one as after everything else; that rate limits come after the policy is nowhere said.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Send

from local.gateway.answers import denied, interceptor_failed, throttled
from local.gateway.authorizer import Principal
from local.gateway.caller import allow_call
from local.gateway.configuration import GatewayRecord
from local.gateway.exchange import Exchange
from local.gateway.interceptors import Interceptor, InterceptorError, NewResponse
from local.gateway.policy import NO_POLICY, Decision, PolicyEngine
from local.gateway.rate_limits import RateLimits, ThrottledError
from local.gateway.request_log import Entry
from local.gateway.response_gate import FRAMING_HEADERS, ResponseGate
from local.gateway.tools import Catalogue, argument_problems

logger = logging.getLogger(__name__)

_LONGEST_NAME = 256
"""Longest tool name that is counted; no deployed tool has a longer one (AgentCore quotas)."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The steps of one gateway. A step that is not deployed is None."""

    gateway: GatewayRecord
    catalogue: Catalogue
    limits: RateLimits
    policy: PolicyEngine | None = None
    request_interceptor: Interceptor | None = None
    response_interceptor: Interceptor | None = None

    async def serve(self, exchange: Exchange, *, principal: Principal, entry: Entry, mcp: ASGIApp, send: Send) -> None:
        """Take one request through the steps; `mcp` is the MCP server."""
        try:
            exchange, answer = await self._intercepted(exchange)
        except InterceptorError as error:
            logger.warning("gateway %s: %s", self.gateway.name, error)
            entry.reason = str(error)
            await interceptor_failed(self.gateway, exchange.message_id)(exchange.scope, exchange.receive, send)
            return
        entry.note(method=exchange.method, tool=exchange.tool)
        if self.response_interceptor is not None:
            send = ResponseGate(
                interceptor=self.response_interceptor,
                gateway=self.gateway,
                exchange=exchange,
                entry=entry,
                send=send,
            )
        if answer is not None:
            entry.reason = "answered by the request interceptor"
            await answer(exchange.scope, exchange.receive, send)
            return
        await self._judged(exchange, principal=principal, entry=entry, mcp=mcp, send=send)

    async def _intercepted(self, exchange: Exchange) -> tuple[Exchange, Response | None]:
        """The request as the interceptor leaves it, and the answer that it gives in the target's place."""
        if self.request_interceptor is None:
            return exchange, None
        new = await self.request_interceptor.request(exchange.intercepted())
        if isinstance(new, NewResponse):
            return exchange, _response(new)
        return exchange.changed(new.body, new.headers), None

    async def _judged(
        self, exchange: Exchange, *, principal: Principal, entry: Entry, mcp: ASGIApp, send: Send
    ) -> None:
        if (refusal := await self._policy_refusal(exchange, principal, entry)) is not None:
            await refusal(exchange.scope, exchange.receive, send)
            return
        tool = exchange.tool if len(exchange.tool or "") <= _LONGEST_NAME else None
        try:
            with self.limits.admitted(principal.claims, tool):
                scope, receive = exchange.replayed()
                await mcp(scope, receive, send)
        except ThrottledError as error:
            entry.reason = f"over the rate limit {error.limit_key.partition('/')[0]}"
            await throttled(error, exchange.message_id)(exchange.scope, exchange.receive, send)

    async def _policy_refusal(self, exchange: Exchange, principal: Principal, entry: Entry) -> Response | None:
        """The answer to a call that the policy engine denies. Only tools of targets are its matter."""
        if (name := exchange.tool) is None:
            return None
        await self.catalogue.refresh(name)
        found = self.catalogue.find(name)
        if self.policy is None or found is None:
            return None
        schema = found[1].input_schema
        if argument_problems(schema, exchange.arguments):
            # The tool will not be called either way; only who may call it learns what is wrong with the arguments.
            decision = Decision(allowed=self.policy.may_call(principal.claims, name), reason=NO_POLICY)
        else:
            decision = self.policy.decide(principal.claims, name, schema, exchange.arguments)
        if not decision.allowed:
            mode = "denied" if self.policy.enforced else "would be denied, the engine only logs"
            entry.reason = f"{mode} by policy: {decision.reason}"
            if self.policy.enforced:
                return denied(decision, exchange.message_id)
        allow_call(exchange.scope, name, exchange.arguments)
        return None


def _response(new: NewResponse) -> Response:
    """What a REQUEST interceptor answers the caller with."""
    headers = {name: value for name, value in new.headers.items() if name not in FRAMING_HEADERS}
    return JSONResponse(new.body, status_code=new.status or 200, headers=headers)
