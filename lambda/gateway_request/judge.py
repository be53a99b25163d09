"""Lets a call through with its context, or refuses it.

The order: the raw body, before anything else reads it; the token; whether the agent is suspended; the method, since
AgentCore's policies judge tools only, not prompts and resources; the tenant that the arguments name. Which tools the
agent may call is the policy engine's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from governance import metrics, trouble
from governance.audit import AuditTrail, Call, Response, Write, printed
from governance.caller import Caller, Callers
from governance.events import Ids, Json, lower_headers, on_behalf_of, passed_on, refused, refused_http, source_ip
from governance.message import Message, check_headers, read_message
from governance.refusals import UNAVAILABLE, RefusedError
from governance.settings import Limits
from governance.suspensions import Suspensions
from governance.tokens import TokenVerifier

OPEN_METHODS = frozenset({"initialize", "ping", "server/discover", "tools/list", "tools/call"})
"""Methods that need no permission of their own: they tell nothing of a tenant, or policies judge them."""


@dataclass(frozen=True)
class Judge:
    """What a decision needs.

    Attributes:
        limits: What a body may be.
        tokens: Verifies tokens.
        callers: Makes callers of claims.
        suspensions: Who is suspended.
        trail: Makes audit records.
        write: Writes the record of a call that goes on.
        environment: The environment, for metrics.
    """

    limits: Limits
    tokens: TokenVerifier
    callers: Callers
    suspensions: Suspensions
    trail: AuditTrail
    write: Write
    environment: str

    def answer(self, event: Any, context: Any) -> Json:
        """The interceptor's answer to an event; it never raises.

        Args:
            event: The gateway's event.
            context: Lambda's context.
        """
        ids, headers, flaw = _read_headers(event)
        call = Call(ids, client_ip=source_ip(context), on_behalf_of=on_behalf_of(headers))
        if isinstance(event, Mapping) and "http" in event:
            return self._refuse(call, RefusedError("event"), answer=refused_http(ids))
        try:
            message = self._message(event)
            call = replace(call, message=message)  # what is known by now goes into the record of a refusal
            if flaw:
                raise flaw
            check_headers(message, headers)
            caller = self.callers.of(self.tokens.verify(headers.get("authorization")))
            call = replace(call, caller=caller)
            self.suspensions.check(tenant_id=caller.tenant_id, agent_id=caller.agent_id)
            _check_access(caller, message)
            context_headers = {**caller.headers(), **ids.headers()}
            self.write(self.trail.record(call, phase="request", outcome="allowed"))
        except RefusedError as error:
            return self._refuse(call, error)
        except Exception as error:
            trouble.failed("gateway_request", error, request_id=ids.request_id)
            return self._refuse(call, RefusedError("internal"))
        return passed_on(context_headers, message.body)

    def _message(self, event: Any) -> Message:
        try:
            mcp = event["mcp"]
            method, raw = mcp["gatewayRequest"].get("httpMethod"), mcp["rawGatewayRequest"]["body"]
        except (KeyError, TypeError, AttributeError):
            raise RefusedError("event") from None
        if method != "POST":
            raise RefusedError("http_method")
        return read_message(raw, max_bytes=self.limits.body_bytes, max_depth=self.limits.depth)

    def _refuse(self, call: Call, error: RefusedError, *, answer: Json | None = None) -> Json:
        if error.message_id is None and call.message:
            error.message_id = call.message.id
        rule = error.rule
        response = Response(status=rule.status)
        printed(self.trail.record(call, phase="request", outcome="refused", reason=error.reason, response=response))
        counts = {"Refused": 1.0}
        if rule.code == UNAVAILABLE:
            counts["Unavailable"] = 1.0
        if error.reason == "audit_unavailable":
            counts["AuditFailures"] = 1.0
        metrics.emit(counts, {"environment": self.environment})
        return answer or refused(error, call.ids)


def _read_headers(event: Any) -> tuple[Ids, Mapping[str, str], RefusedError | None]:
    """The call's ids and its headers; what is wrong with them counts after what is wrong with the body."""
    flaw = None
    try:
        headers: Mapping[str, str] = lower_headers(event["mcp"]["gatewayRequest"].get("headers"))
    except RefusedError as error:
        headers, flaw = {}, error
    except (KeyError, TypeError, AttributeError):
        headers = {}
    return Ids.new(headers), headers, flaw


def _check_access(caller: Caller, message: Message) -> None:
    method = message.method
    if method not in OPEN_METHODS and not method.startswith("notifications/") and not caller.may(f"mcp:{method}"):
        raise RefusedError("method_not_allowed")
    if caller.contradicted_by(message.arguments):
        raise RefusedError("tenant_argument")
