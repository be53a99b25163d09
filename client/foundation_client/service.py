"""The agent's service over HTTP: signed requests, typed answers, and further tries where they help.

Every request may be sent twice: messages carry a request_id, the others change nothing or do it once.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from foundation_client import __version__
from foundation_client.credentials import credentials_failure
from foundation_client.events import ServiceEvent, read_event
from foundation_client.failure import CommandError, Exit
from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.signing import Signature
from foundation_client.trouble import ServiceError, from_response, from_transport, unexpected
from foundation_client.wire import Conversation, Message, Tool, WireError, loads, member, optional

TIMEOUT = httpx2.Timeout(60, connect=10)
"""Seconds. The service sends a sign of life every 15 seconds, so a minute of silence is a broken connection."""

_Row = TypeVar("_Row")
_Answer = TypeVar("_Answer")

_EVENT_BYTES = 16 * 1024 * 1024
_PAGE = 100
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""A UUID (RFC 9562 section 4)."""


class Service:
    """One agent's service. Its methods raise CommandError when it cannot be reached, refuses or fails."""

    def __init__(
        self,
        place: Place,
        *,
        patience: Patience | None = None,
        notify: Callable[[str], None] = lambda _: None,
        timeout: httpx2.Timeout = TIMEOUT,
    ) -> None:
        """`notify` is told what is being waited for."""
        self.place = place
        self.patience = patience or Patience()
        self._notify = notify
        self._http = httpx2.Client(
            base_url=place.url,
            auth=Signature(place.credentials, place.region),
            timeout=timeout,
            headers={"User-Agent": f"foundation-client/{__version__}"},
            verify=_trust(place),
            proxy=place.proxy,
            trust_env=place.local is None,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def conversations(self, limit: int) -> list[Conversation]:
        """The caller's newest conversations, at most `limit`, the last used first."""
        found: list[Conversation] = []
        cursor: str | None = None
        while len(found) < limit:
            query = {"limit": str(min(limit - len(found), _PAGE)), "cursor": cursor}
            rows, cursor = self._page("/api/conversations", query, "conversations", Conversation.read)
            found += rows
            if cursor is None:
                break
        return found

    def messages(self, conversation_id: str) -> list[Message]:
        """All that was said in a conversation, in order."""
        path = _conversation_path(conversation_id)
        found, cursor = self._page(path, {"limit": str(_PAGE)}, "messages", Message.read)
        while cursor is not None:
            rows, cursor = self._page(path, {"limit": str(_PAGE), "cursor": cursor}, "messages", Message.read)
            found += rows
        return found

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation. One that a broken first try has deleted counts as deleted."""
        tries = 0

        def attempt() -> None:
            nonlocal tries
            tries += 1
            try:
                self._send("DELETE", _conversation_path(conversation_id))
            except ServiceError as trouble:
                if tries == 1 or trouble.problem != "conversation_not_found":
                    raise

        self._patiently(attempt)

    def stop(self, conversation_id: str, request_id: str, notify: Callable[[str], None]) -> None:
        """End the answer to a message, which the service does within seconds; a second try changes nothing.

        `notify` is told what is being waited for.
        """
        path = f"{_conversation_path(conversation_id)}/stop"
        self._patiently(lambda: self._send("POST", path, {"request_id": request_id}), notify)

    def tools(self) -> list[Tool]:
        """The tools that the agent may call."""
        return self._page("/api/tools/fetch", {}, "tools", Tool.read)[0]

    @contextmanager
    def stream(self, body: Mapping[str, str]) -> Iterator[Iterator[ServiceEvent]]:
        """Send a message once and give the events of its answer as they come; leaving the context hangs up."""
        with (
            self._translated(),
            self._http.sse("/stream", method="POST", json=body, max_event_size=_EVENT_BYTES) as source,
        ):
            response = source.response
            self._expect(response, "text/event-stream")
            yield (event for sent in source if (event := self._event(response, sent.event, sent.data)))

    def _event(self, response: httpx2.Response, name: str, data: str) -> ServiceEvent | None:
        try:
            return read_event(name, data)
        except WireError as error:
            raise unexpected(response, self.place, f"event {name}: {error}") from None

    def _page(
        self, path: str, query: Mapping[str, str | None], key: str, read: Callable[[Mapping[str, Any]], _Row]
    ) -> tuple[list[_Row], str | None]:
        """The rows of a page, and where the next one begins."""
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            path = f"{path}?{urlencode(given, quote_via=quote, safe='')}"

        def attempt() -> tuple[list[_Row], str | None]:
            response = self._send("GET", path)
            try:
                data = loads(response.content)
                return [read(row) for row in member(data, key, list)], optional(data, "next_cursor", str)
            except (WireError, AttributeError) as error:
                raise unexpected(response, self.place, str(error)) from None

        return self._patiently(attempt)

    def _send(self, method: str, path: str, body: Mapping[str, str] | None = None) -> httpx2.Response:
        with self._translated(), self._http.stream(method, path, json=body) as response:
            self._expect(response, None if method == "DELETE" else "application/json")
            response.read()
            return response

    def _expect(self, response: httpx2.Response, kind: str | None) -> None:
        if response.is_success and (kind is None or response.headers.get("Content-Type", "").lower().startswith(kind)):
            return
        response.read()
        raise from_response(response, self.place) if not response.is_success else unexpected(response, self.place)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what libraries raise into failures with a sentence."""
        try:
            yield
        except httpx2.SSEError as error:
            raise ServiceError(f"The service sends too much at once ({error}).", Exit.UNREACHABLE) from error
        except httpx2.TransportError as error:
            raise from_transport(error, self.place) from error
        except (httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise ServiceError(f"{self.place.url} does not work ({error}): check the URL.", Exit.UNREACHABLE) from error
        except (BotoCoreError, ClientError) as error:
            raise credentials_failure(error, None) from error

    def _patiently(self, attempt: Callable[[], _Answer], notify: Callable[[str], None] | None = None) -> _Answer:
        """Try again where that may help, as long as patience lasts."""
        failures = 0
        while True:
            try:
                return attempt()
            except ServiceError as trouble:
                failures += 1
                delay = self.patience.delay(failures, trouble.retry_after) if trouble.retryable else None
                if delay is None:
                    raise
                (notify or self._notify)(waiting(trouble.cause, delay))
                self.patience.sleep(delay)


def waiting(cause: str, seconds: float) -> str:
    """A notice that a request will be sent again."""
    return f"{cause}; trying again in {max(1, round(seconds))} s"


def check_id(conversation_id: str) -> str:
    """The id of a conversation as typed. Raises CommandError when it cannot be one, or would change the path."""
    if not _ID.fullmatch(conversation_id):
        raise CommandError(
            f"{conversation_id!r} is no whole id of a conversation: `foundation conversations` lists them.", Exit.USAGE
        )
    return conversation_id


def _conversation_path(conversation_id: str) -> str:
    return f"/api/conversations/{check_id(conversation_id)}"


def _trust(place: Place) -> ssl.SSLContext | bool:
    if place.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=place.ca_file)
    except OSError as error:
        raise CommandError(
            f"The authorities in {place.ca_file} cannot be read ({error}): correct AWS_CA_BUNDLE.", Exit.USAGE
        ) from None
