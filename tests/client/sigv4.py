"""Signature Version 4, computed anew from a request as it arrived: an implementation apart from the client's.

Follows docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/"
    r"(?P<scope>\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request),"
    r" ?SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def wrong_with(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, *, key: str, secret: str, region: str
) -> str | None:
    """What is wrong with the signature of a request; None when it is right. Header names are in lower case."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return "no signature"
    if (found["key"], found["region"], found["service"]) != (key, region, "lambda"):
        return f"scope {found['key']}/{found['scope']}"
    names = found["names"].split(";")
    if missing := {"host", "x-amz-date", "x-amz-content-sha256"} - set(names):
        return f"unsigned {', '.join(sorted(missing))}"
    payload = hashlib.sha256(body).hexdigest()
    if headers["x-amz-content-sha256"] != payload:
        return "the hash of another body"
    canonical = "\n".join(
        (
            method,
            quote(path, safe="/-_.~"),
            "&".join(sorted(query.split("&"))) if query else "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            found["names"],
            payload,
        )
    )
    to_sign = "\n".join(
        ("AWS4-HMAC-SHA256", headers["x-amz-date"], found["scope"], hashlib.sha256(canonical.encode()).hexdigest())
    )
    signing_key = f"AWS4{secret}".encode()
    for part in found["scope"].split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    right = hmac.new(signing_key, to_sign.encode(), "sha256").hexdigest()
    return None if hmac.compare_digest(right, found["signature"]) else "another signature"
