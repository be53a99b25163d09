"""Function URLs of web functions: `https://<id>.lambda-url.<region>.on.aws/`, streamed.

ministack answers such hosts too, but has no streaming and runs no web functions; it keeps every other Function URL.
Request and response follow https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc

from local.emulator.functions.url_access import may_call
from local.emulator.functions.url_requests import Target, passed_on
from local.emulator.functions.url_signatures import ReceivedRequest, SignatureRefusedError, verified_caller
from local.emulator.functions.web_functions import InvocationError, ThrottledError, WebFunctions, is_web_function
from local.emulator.functions.web_process import Head
from local.emulator.gatekeeper import Application, Receive, Scope, Send
from local.emulator.settings import REGION

_HOST = re.compile(rf"(?P<id>[a-z0-9]+)\.lambda-url\.{REGION}\.on\.aws")
_BODY_BYTES = 6 * 1024 * 1024


class _Refusal(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, kind: str, body: Mapping[str, Any]) -> None:
        super().__init__(kind)
        self.status, self.kind, self.body = status, kind, body


def function_urls(application: Application, functions: WebFunctions) -> Application:
    """`application`, with the URLs of web functions in front."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        target = _target(scope) if scope["type"] == "http" else None
        if target is None:
            await application(scope, receive, send)
        else:
            await _serve(target, functions, scope, receive, send)

    return answer


def _target(scope: Scope) -> Target | None:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
    match = _HOST.fullmatch(host.rsplit(":", 1)[0].lower())
    resolved = lambda_svc.resolve_function_url(match["id"]) if match else None
    if match is None or resolved is None:
        return None
    account, region, name, qualifier, config = resolved
    reference = f"{name}:{qualifier}" if qualifier else name
    record, chosen, _ = lambda_svc._get_func_record_for_ref_in_scope(reference, account_id=account, region=region)
    if record is None or chosen is None:
        return None
    function = {**record, "config": chosen}
    return Target(url_id=match["id"], config=config, function=function) if is_web_function(function) else None


async def _serve(target: Target, functions: WebFunctions, scope: Scope, receive: Receive, send: Send) -> None:
    request_id = str(uuid.uuid4())
    headers = _joined(scope)
    cors = lambda_svc._function_url_cors_headers(target.config, headers)
    common = [(b"x-amzn-requestid", request_id.encode())]
    common += [(name.lower().encode(), value.encode()) for name, value in cors.items()]
    try:
        if scope["method"] == "OPTIONS" and target.config.get("Cors"):
            await _send(send, 200, common, b"")
            return
        received = await _received(scope, receive, headers)
        caller = _authorized(received, target)
        request = passed_on(received, target, caller, request_id, source=scope["client"][0])
        await _stream(functions.invoke(target.function, request, request_id=request_id), send, common)
    except _Refusal as refusal:
        kind = (b"x-amzn-errortype", refusal.kind.encode())
        await _send(send, refusal.status, [*common, kind, _JSON], json.dumps(refusal.body).encode())


_JSON = (b"content-type", b"application/json")


def _joined(scope: Scope) -> dict[str, str]:
    """Headers by name in lower case; several of one name are one with commas, as in the event of a Function URL."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


async def _received(scope: Scope, receive: Receive, headers: Mapping[str, str]) -> ReceivedRequest:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _BODY_BYTES:
            text = f"Request must be smaller than {_BODY_BYTES} bytes for the InvokeFunction operation"
            raise _Refusal(413, "RequestEntityTooLargeException", {"Message": text})
        if not message.get("more_body"):
            break
    return ReceivedRequest(
        method=scope["method"],
        host=headers["host"],
        path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )


def _authorized(request: ReceivedRequest, target: Target) -> iam_evaluator.ResolvedCredential:
    """Who calls; refuses whose signature is wrong, and whom IAM does not let call."""
    forbidden = _Refusal(403, "AccessDeniedException", {"Message": "Forbidden"})
    if target.config.get("AuthType") != "AWS_IAM":
        raise forbidden  # a web function for everybody is nothing that this emulator runs
    try:
        caller = verified_caller(request)
    except SignatureRefusedError as error:
        if error.code == "AccessDeniedException":
            raise forbidden from None
        raise _Refusal(403, error.code, {"message": str(error)}) from None
    if not may_call(caller, target.arn):
        raise forbidden
    return caller


async def _stream(parts: AsyncIterator[Head | bytes], send: Send, common: list[tuple[bytes, bytes]]) -> None:
    """Send the answer as it comes. One that breaks off is cut, so that nobody takes it for whole."""
    begun = False
    try:
        async for part in parts:
            if isinstance(part, Head):
                begun = True
                names = {name for name, _ in common}
                own = [header for header in part.headers if header[0] not in names]
                await send({"type": "http.response.start", "status": part.status, "headers": [*own, *common]})
            else:
                await send({"type": "http.response.body", "body": part, "more_body": True})
    except ThrottledError:
        body = {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Type": "User",
            "message": "Rate Exceeded.",
        }
        raise _Refusal(429, "TooManyRequestsException", body) from None
    except InvocationError:
        if begun:
            raise
        raise _Refusal(502, "InternalServerErrorException", {"Message": "Internal Server Error"}) from None
    await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
