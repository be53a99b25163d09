"""What went wrong with one request, whether it is worth another try, and how to say it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from foundation_client import __version__
from foundation_client.failure import CommandError, Exit
from foundation_client.patience import RETRIED_STATUSES, retry_after_seconds
from foundation_client.place import Place
from foundation_client.wire import WireError, loads

IN_PROGRESS = "request_in_progress"
"""The service's code for: the first try of this very request is still being answered."""

NOT_OPEN = "request_not_open"
"""The service's code for: there is no answer to stop, since it is whole."""

_PROBLEM = "application/problem+json"
_SKEW_SECONDS = 300
"""How far a signature's date may be from AWS's clock: five minutes (IAM User Guide, troubleshooting signatures)."""
_OLD_SIGNATURE = re.compile("signature expired|not yet current", re.IGNORECASE)


class ServiceError(CommandError):
    """A request failed. Times in seconds."""

    def __init__(
        self,
        message: str,
        code: Exit,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        problem: str = "",
        cause: str = "",
    ) -> None:
        super().__init__(message, code)
        self.retryable = retryable
        self.retry_after = retry_after
        self.problem = problem
        """The service's own code, empty when the service did not answer."""
        self.cause = cause or message
        """In a few words, for a notice that it is tried again."""


def from_response(response: httpx2.Response, place: Place) -> ServiceError:
    """What an answer other than the expected one means; its body has been read."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == _PROBLEM:
        try:
            return _problem(response)
        except WireError:
            return unexpected(response, place)
    status = response.status_code
    if status in (401, 403):
        return _refused_by_iam(response, place)
    if status in RETRIED_STATUSES:
        said = "is throttled" if status == 429 else f"answers {status}"
        return ServiceError(
            f"The agent's service {said}, also after several tries: try again later.",
            Exit.UNREACHABLE,
            retryable=True,
            retry_after=retry_after_seconds(response.headers.get("Retry-After")),
            cause=f"The service {said}",
        )
    return unexpected(response, place)


def unexpected(response: httpx2.Response, place: Place, why: str = "") -> ServiceError:
    """Something else than the service answered, or a service that this client does not understand."""
    kind = response.headers.get("Content-Type", "no content type")
    detail = f"status {response.status_code}, {kind}{f', {why}' if why else ''}"
    return ServiceError(
        f"What answers at {place.url} is no agent's service, or one that client {__version__} does not know "
        f"({detail}): check the URL, or update the client.",
        Exit.UNREACHABLE,
    )


def from_transport(error: httpx2.TransportError, place: Place) -> ServiceError:
    """What a broken or impossible connection means."""
    host = httpx2.URL(place.url).host
    if certificate := next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None):
        reason = getattr(certificate, "verify_message", "") or certificate.reason or str(certificate)
        return ServiceError(
            f"The connection to {host} is not to be trusted ({reason}): check the URL; behind a proxy that inspects "
            "TLS, set AWS_CA_BUNDLE to its authority's file.",
            Exit.UNREACHABLE,
        )
    if isinstance(error, httpx2.ProxyError):
        return ServiceError(f"The proxy refuses to connect to {host} ({error}): check HTTPS_PROXY.", Exit.UNREACHABLE)
    what = "no answer in time" if isinstance(error, httpx2.TimeoutException) else str(error)
    way_out = "`make local-status` says what runs" if place.local else "check network, --url, --region and proxy"
    return ServiceError(
        f"{host} cannot be reached, or breaks off ({what or type(error).__name__}): {way_out}.",
        Exit.UNREACHABLE,
        retryable=True,
        cause="The connection failed" if isinstance(error, httpx2.ConnectError) else "The connection broke off",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _problem(response: httpx2.Response) -> ServiceError:
    """The service's own refusal (RFC 9457)."""
    data = loads(response.content)
    code, detail = str(data.get("code") or ""), str(data.get("detail") or data.get("title") or response.reason_phrase)
    after = data.get("retry_after_seconds")
    fields = [
        f"{entry.get('field')}: {entry.get('message')}" for entry in data.get("errors") or () if isinstance(entry, dict)
    ]
    message = " ".join([detail.rstrip(".") + ".", *([f"({'; '.join(fields)})"] if fields else ())])
    if way_out := _WAYS_OUT.get(code):
        message = f"{message} {way_out}"
    return ServiceError(
        message,
        Exit.CREDENTIALS if response.status_code == 403 else Exit.AGENT,
        retryable=data.get("retryable") is True,
        retry_after=float(after)
        if isinstance(after, int | float)
        else retry_after_seconds(response.headers.get("Retry-After")),
        problem=code,
        cause=detail.rstrip("."),
    )


_WAYS_OUT = {
    "caller_refused": "AWS lets you in, but you are not among the agent's `callers`: ask for your role to be added.",
    "caller_unknown": "Use credentials of a role or user of the environment's account: --profile.",
    "invalid_request": f"Client {__version__} may be older than the service: update it if the message is fine.",
    "conversation_not_found": "`foundation conversations` lists yours.",
    "not_found": f"Client {__version__} may be older than the service: update it.",
}


def _refused_by_iam(response: httpx2.Response, place: Place) -> ServiceError:
    """AWS refused before the service saw the request."""
    said = _aws_message(response)
    skew = _clock_skew(response)
    if skew or _OLD_SIGNATURE.search(said):
        by = f"{round(abs(skew) / 60)} minutes {'behind' if skew > 0 else 'ahead of'}" if skew else "far from"
        return ServiceError(
            f"This machine's clock is {by} AWS's, and signatures are valid for five minutes: set the clock.",
            Exit.CREDENTIALS,
        )
    if "expired" in said.lower():
        way_out = "run `make local` again" if place.local else "run `aws sso login` or get new keys"
        return ServiceError(f"Your AWS session has expired: {way_out}, then try again.", Exit.CREDENTIALS)
    if "signature" in said.lower() or "security token" in said.lower():
        return ServiceError(
            f"AWS does not accept the signature of {place.as_whom} ({said.rstrip('.')}): check --profile, and that "
            f"{place.region} is the region of the URL.",
            Exit.CREDENTIALS,
        )
    way_out = "run `make local` again, should its session have ended" if place.local else "check --profile and the URL"
    return ServiceError(
        f"AWS does not allow {place.as_whom} to call this agent: have the managed policy {place.policy} attached to "
        f"your role; {way_out}.",
        Exit.CREDENTIALS,
    )


def _aws_message(response: httpx2.Response) -> str:
    try:
        data = loads(response.content)
    except WireError:
        return ""
    return str(data.get("Message") or data.get("message") or "")


def _clock_skew(response: httpx2.Response) -> float | None:
    """Seconds by which the answer's date is ahead of this machine, when too many for a signature."""
    try:
        skew = (parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
    return skew if abs(skew) > _SKEW_SECONDS else None
