"""Reviews the answer to a call: what it lists, what it shows, how the call ended.

The request interceptor has judged the call and the policies the tool; this looks at what comes back. An answer that it
cannot read is not passed on, since what it does not understand it cannot redact.

With response streaming the gateway asks once for every event that has an id, says `isStreamingResponse`, and sends
status and headers with the first one only
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-interceptors-types.html).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway_response.listing import SEARCH, allowed_tools, found_tools
from gateway_response.outcome import Ended, ended, records_in
from gateway_response.redaction import redact
from governance import metrics, trouble
from governance.audit import AuditTrail, Call, Response, printed
from governance.caller import Caller, Callers
from governance.catalogue import Catalogue
from governance.events import (
    Ids,
    Json,
    answered,
    lower_headers,
    on_behalf_of,
    refused,
    refused_http,
    source_ip,
    started_at,
)
from governance.message import CALL, LIST, Message, message_of
from governance.refusals import RefusedError
from governance.settings import Redaction
from governance.tokens import TokenVerifier

LONGEST_CALL_SECONDS = 900.0
"""How long after its token's end a call may still be answered: a Lambda target takes that long at most."""

_NO_CONTENT = (202, 204)
_FIRST_ERROR = 400


@dataclass(frozen=True)
class _Answer:
    """What the gateway is about to say: `status` is None for later events of a stream."""

    status: int | None
    body: Any

    def refusal(self) -> Any:
        """The error of an answer whose status is an error's, as a refusal's is; else None."""
        return self.body.get("error") if isinstance(self.body, dict) and (self.status or 0) >= _FIRST_ERROR else None


@dataclass(frozen=True)
class Review:
    """What a review needs.

    Attributes:
        tokens: Verifies tokens.
        callers: Makes callers of claims.
        catalogue: What tools are classified as.
        redaction: Which rules redact what.
        trail: Makes audit records.
        environment: The environment, for metrics.
    """

    tokens: TokenVerifier
    callers: Callers
    catalogue: Catalogue
    redaction: Redaction
    trail: AuditTrail
    environment: str

    def answer(self, event: Any, context: Any) -> Json:
        """The interceptor's answer to an event; it never raises.

        Args:
            event: The gateway's event.
            context: Lambda's context.
        """
        headers, answer, message = _read(event)
        caller, doubt = self._caller(headers)
        passed_on = _passed_on(headers, caller)
        error = None if passed_on or answer is None else answer.refusal()
        call = Call(Ids.of(headers, error), source_ip(context), on_behalf_of(headers), message=message)
        if isinstance(event, Mapping) and "http" in event:
            return self._refuse(call, RefusedError("event"), answer=refused_http(call.ids))
        try:
            if answer is None:
                raise RefusedError("response_unreadable")
            if doubt and not isinstance(doubt, RefusedError):
                raise doubt
            call = replace(call, caller=caller)
            body = self._reviewed(answer, message, caller, doubt)
            self._record(call, ended(body, answer.status, passed_on=passed_on), answer.status, body)
        except RefusedError as refusal:
            return self._refuse(call, refusal)
        except Exception as failure:
            trouble.failed("gateway_response", failure, request_id=call.ids.request_id)
            return self._refuse(call, RefusedError("internal"))
        return answered(body)

    def _caller(self, headers: Mapping[str, str]) -> tuple[Caller | None, Exception | None]:
        """Who called, or why that is not known: a refusal is passed on to a caller without a token, too."""
        try:
            claims = self.tokens.verify(headers.get("authorization"), expired_for=LONGEST_CALL_SECONDS)
            return self.callers.of(claims), None
        except Exception as error:
            return None, error

    def _reviewed(
        self, answer: _Answer, message: Message | None, caller: Caller | None, doubt: Exception | None
    ) -> Any:
        """The body as the caller may see it."""
        body = answer.body
        if not body and answer.status in _NO_CONTENT:
            return {}  # the gateway takes no null for a body
        if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
            raise RefusedError("response_unreadable")
        rules = self.redaction.rules.get(self.catalogue.classification(message.tool if message else None), ())
        if "error" in body and "result" not in body:
            return {**body, "error": redact(body["error"], rules)}
        if caller is None:
            raise doubt or RefusedError("response_unreadable")
        if message is None:
            raise RefusedError("response_unreadable")
        if "method" in body and "result" not in body:  # a server's own request, in a stream
            return {**body, "params": redact(body.get("params"), rules)}
        if "result" not in body or "error" in body:
            raise RefusedError("response_unreadable")
        result = body["result"]
        if message.method == LIST:
            result = allowed_tools(result, caller)
        elif message.tool == SEARCH:
            result = found_tools(result, caller)
        elif message.method == CALL and not isinstance(result, dict):
            raise RefusedError("response_unreadable")
        return {**body, "result": redact(result, rules)}

    def _refuse(self, call: Call, refusal: RefusedError, *, answer: Json | None = None) -> Json:
        if refusal.message_id is None and call.message:
            refusal.message_id = call.message.id
        self._record(call, Ended("refused", refusal.reason), refusal.rule.status, None)
        return answer or refused(refusal, call.ids)

    def _record(self, call: Call, end: Ended, status: int | None, body: Any) -> None:
        started = started_at(call.ids.request_id)
        taken = max(0, round((time.time() - started) * 1000)) if started is not None else None
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")) if body else ""
        size = len(text.encode(errors="surrogatepass"))  # half a surrogate pair is for the gateway to judge
        response = Response(status, size, taken, records_in(body))
        printed(self.trail.record(call, phase="response", outcome=end.outcome, reason=end.reason, response=response))
        self._count(call, end, taken or 0)

    def _count(self, call: Call, end: Ended, milliseconds: int) -> None:
        """Counts by target and by tenant, and not by both: CloudWatch charges for every combination."""
        environment = {"environment": self.environment}
        refused_calls = float(end.outcome in ("refused", "denied"))
        target = call.message.target if call.message and call.caller else None
        by_target = [{**environment, "target": target}] if target in self.catalogue.known_targets else []
        metrics.emit(
            {"Calls": 1, "Failed": float(end.outcome == "failed"), "Refused": refused_calls},
            environment,
            *by_target,
            milliseconds={"Latency": milliseconds},
        )
        if call.caller:
            tenant = {**environment, "tenant": call.caller.tenant_id}
            metrics.emit({"Calls": 1, "Refused": refused_calls}, tenant)


def _read(event: Any) -> tuple[Mapping[str, str], _Answer | None, Message | None]:
    """Headers of the request, the answer and the message asked; what cannot be read is empty or None."""
    mcp = event.get("mcp") if isinstance(event, Mapping) else None
    request = mcp.get("gatewayRequest") if isinstance(mcp, Mapping) else None
    response = mcp.get("gatewayResponse") if isinstance(mcp, Mapping) else None
    request = request if isinstance(request, Mapping) else {}
    try:
        headers: Mapping[str, str] = lower_headers(request.get("headers"))
    except RefusedError:
        headers = {}
    return headers, _answer(response), _message(request.get("body"))


def _passed_on(headers: Mapping[str, str], caller: Caller | None) -> bool:
    """Whether the request interceptor let the call through: it set these headers then, and a call that it refused has
    those that the caller wrote.
    """
    try:
        own = caller.headers() if caller else {}
    except RefusedError:
        return False
    return bool(own) and all(headers.get(name.lower()) == value for name, value in own.items())


def _answer(response: Any) -> _Answer | None:
    if not isinstance(response, Mapping):
        return None
    status, body = response.get("statusCode"), response.get("body")
    if isinstance(body, str) and body:
        try:
            body = json.loads(body)
        except ValueError:
            return None
    return _Answer(status, body) if status is None or type(status) is int else None


def _message(body: Any) -> Message | None:
    """The message as the request interceptor passed it on; None when that refused it as none."""
    try:
        return message_of(body)
    except RefusedError:
        return None
