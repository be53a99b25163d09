"""Signature Version 4 of requests to Function URLs, computed anew from what arrived.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The computation is
botocore's own, over the headers that the request names as signed; the secret is the one that STS or IAM gave out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from ministack.core import iam_evaluator

from local.emulator.settings import ACCOUNT, REGION

SERVICE = "lambda"
_ALGORITHM = "AWS4-HMAC-SHA256"
_CLOCK = timedelta(minutes=5)
"""By which the clocks may differ."""
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date"})
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class SignatureRefusedError(Exception):
    """The request is not by whom it claims; `code` is the error's type as AWS names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """A request as it came in; names of headers in lower case, path and query as they were sent."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class _Signature:
    """The parts of an Authorization header."""

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str


class _Signer(SigV4Auth):
    """Signs the headers that the caller chose and no others; botocore leaves some out that another SDK may sign."""

    def __init__(self, credentials: Credentials, signed_headers: tuple[str, ...]) -> None:
        super().__init__(credentials, SERVICE, REGION)
        self._signed_headers = signed_headers

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        chosen = HTTPHeaders()
        for name in self._signed_headers:
            chosen[name] = request.headers[name]
        return chosen


def verified_caller(request: ReceivedRequest, *, now: datetime | None = None) -> iam_evaluator.ResolvedCredential:
    """Whose signature the request carries.

    Args:
        request: the request.
        now: the present time; the clock's when None.

    Raises:
        SignatureRefusedError: it carries none, one that is not right, or one for another time, service or body.
    """
    signature = _parsed(request)
    date = _date(request, signature, now or datetime.now(UTC))
    _check_scope(signature)
    payload = _payload(request)
    credential = iam_evaluator.resolve_credential(
        signature.access_key, ACCOUNT, request.headers.get("x-amz-security-token")
    )
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise SignatureRefusedError(credential.code, credential.message)
    if not hmac.compare_digest(_computed(request, signature, date, payload, credential), signature.value):
        raise SignatureRefusedError("InvalidSignatureException", _MISMATCH)
    return credential


def _parsed(request: ReceivedRequest) -> _Signature:
    algorithm, _, rest = request.headers.get("authorization", "").partition(" ")
    if algorithm != _ALGORITHM:
        raise SignatureRefusedError("AccessDeniedException", "Forbidden")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = fields.get("Credential", "").split("/")
    names = tuple(fields.get("SignedHeaders", "").split(";"))
    if len(scope) != 5 or scope[4] != "aws4_request" or not fields.get("Signature"):
        raise SignatureRefusedError("IncompleteSignatureException", "The Authorization header lacks a part.")
    if not _MUST_BE_SIGNED.issubset(names) or not all(name in request.headers for name in names):
        raise SignatureRefusedError("InvalidSignatureException", _MISMATCH)
    return _Signature(
        access_key=scope[0],
        day=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=names,
        value=fields["Signature"],
    )


def _date(request: ReceivedRequest, signature: _Signature, now: datetime) -> str:
    text = request.headers["x-amz-date"]
    try:
        date = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureRefusedError("IncompleteSignatureException", f"Date is not valid: {text}") from None
    if abs(now - date) > _CLOCK:
        way = "expired" if date < now else "not yet current"
        raise SignatureRefusedError("InvalidSignatureException", f"Signature {way}: {text}")
    if not text.startswith(signature.day):
        raise SignatureRefusedError("InvalidSignatureException", "Date in Credential scope does not match x-amz-date.")
    return text


def _check_scope(signature: _Signature) -> None:
    for given, wanted, what in ((signature.service, SERVICE, "service"), (signature.region, REGION, "region")):
        if given != wanted:
            raise SignatureRefusedError(
                "InvalidSignatureException", f"Credential should be scoped to correct {what}: '{wanted}'."
            )


def _payload(request: ReceivedRequest) -> str:
    """The body's hash; a header that names another is refused, and so is one that names none.

    Function URLs take no unsigned payload:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html.
    """
    computed = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", computed) != computed:
        raise SignatureRefusedError("InvalidSignatureException", _MISMATCH)
    return computed


def _computed(
    request: ReceivedRequest,
    signature: _Signature,
    date: str,
    payload: str,
    credential: iam_evaluator.ResolvedCredential,
) -> str:
    signer = _Signer(Credentials(signature.access_key, credential.secret_access_key), signature.signed_headers)
    query = _canonical_query(request.query)
    url = f"https://{request.host}{request.path}" + (f"?{query}" if query else "")
    again = AWSRequest(method=request.method, url=url, data=request.body)
    for name in signature.signed_headers:
        again.headers[name] = request.headers[name]
    again.headers["X-Amz-Content-SHA256"] = payload  # what botocore takes for the body's hash
    again.context["timestamp"] = date
    text = signer.string_to_sign(again, signer.canonical_request(again))
    return str(signer.signature(text, again))


def _canonical_query(query: str) -> str:
    """The parameters sorted, decoded and encoded as Signature Version 4 has it, whatever way they were sent."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    encoded = sorted((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)
