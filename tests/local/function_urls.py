"""Web functions and their Function URLs for tests, and signed requests to them."""

from __future__ import annotations

import io
import ssl
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
APPLICATION = Path(__file__).parents[1] / "fixtures" / "web_application"
PUBLIC_LAYER = f"arn:aws:lambda:{REGION}:753240598075:layer:LambdaAdapterLayerArm64:30"


def application_zip(**more: str) -> bytes:
    """The bundle of the application, its start script executable, and further files by name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for file in sorted(APPLICATION.iterdir()):
            if file.is_file():
                entry = zipfile.ZipInfo(file.name)
                entry.external_attr = (0o755 if file.suffix == ".sh" else 0o644) << 16
                package.writestr(entry, file.read_bytes())
        for name, content in more.items():
            package.writestr(name, content)
    return archive.getvalue()


def signed(
    method: str,
    url: str,
    credentials: Mapping[str, str],
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    service: str = "lambda",
    region: str = REGION,
) -> dict[str, str]:
    """The headers of a request as botocore signs it; `credentials` as STS answers them."""
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    keys = Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken") or None
    )
    SigV4Auth(keys, service, region).add_auth(request)
    return dict(request.headers.items())


class Caller:
    """Somebody who calls Function URLs through the edge, trusting its authority alone."""

    def __init__(self, *, edge_url: str, ca: Path, credentials: Mapping[str, str]) -> None:
        self.credentials = credentials
        tls = ssl.create_default_context(cafile=str(ca))
        self.http = httpx2.Client(proxy=edge_url, verify=tls, trust_env=False, timeout=30)

    def request(self, method: str, url: str, *, body: bytes = b"", **options: Any) -> httpx2.Response:
        """One signed request; `options` of `signed`."""
        headers = signed(method, url, self.credentials, body=body, **options)
        return self.http.request(method, url, content=body, headers=headers)

    @contextmanager
    def stream(self, method: str, url: str, *, body: bytes = b"", **options: Any) -> Iterator[httpx2.Response]:
        """One signed request, whose answer is read as it comes."""
        headers = signed(method, url, self.credentials, body=body, **options)
        with self.http.stream(method, url, content=body, headers=headers) as response:
            yield response
