"""Keeps web pages away from the emulated AWS.

Its root credentials are known to everyone, and it runs code: a page that a developer has open must not reach it.
Browsers tell where a request comes from (developer.mozilla.org/docs/Glossary/Fetch_metadata_request_header), and a
page that points its own host name at this machine still sends that name. AWS clients do neither.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Not Sec-Fetch-Mode: the fetch of Node.js sends it as well.
_BROWSER_HEADERS = {b"origin", b"sec-fetch-site"}
_HOSTS = re.compile(r"127\.0\.0\.1|localhost|.+\.(localhost|amazonaws\.com|amazoncognito\.com|on\.aws)")
# A function may answer web pages if its Function URL's settings say so; each request to it is signed.
_FUNCTION_URLS = re.compile(r"[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws")
# ministack's administration would reset the account behind a stack's back; custom resources answer at this path.
_ADMINISTRATION = re.compile(r"/_(ministack|localstack)/(?!cfn-response/|health$|ready$)")


def guarded(application: Application) -> Application:
    """`application`, for AWS clients only."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        reason = _refusal(scope) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send, reason)

    return guard


def _refusal(scope: Scope) -> str | None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    given = {name.lower(): value for name, value in headers}
    host = given.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].lower()
    if given.keys() & _BROWSER_HEADERS and not _FUNCTION_URLS.fullmatch(host):
        return "The emulated AWS answers no web page."
    if not _HOSTS.fullmatch(host):
        return f"The emulated AWS does not answer to the name {host!r}."
    if _ADMINISTRATION.match(scope["path"]):
        return "The emulated AWS has no administration."
    return None


async def _refuse(send: Send, reason: str) -> None:
    body = reason.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
