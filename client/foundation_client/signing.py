"""Signs requests to a function URL with the caller's credentials (AWS Signature Version 4).

The signer is botocore's. The service name of a function URL is `lambda`
(docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html); the payload's hash is signed and sent along.
"""

from __future__ import annotations

from collections.abc import Generator
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from botocore.credentials import Credentials

SERVICE = "lambda"
_ADDED = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256")


class Signature(httpx2.Auth):
    """Signs each request at the moment it is sent, so that a retry has a date of its own.

    Credentials that expire are refreshed by botocore before they are used; its errors pass through.
    """

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the signature's headers to a request."""
        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={
                "Host": request.headers["Host"],
                "X-Amz-Content-SHA256": sha256(request.content).hexdigest(),
                **{name: request.headers[name] for name in ("Content-Type",) if name in request.headers},
            },
        )
        SigV4Auth(self._credentials.get_frozen_credentials(), SERVICE, self._region).add_auth(signed)
        for name in _ADDED:
            if name in signed.headers:
                request.headers[name] = signed.headers[name]
        yield request
