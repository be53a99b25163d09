"""What EKS Pod Identity's agent gives a pod: a role's credentials, at an address that its SDK asks.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.http_server import JsonHandler, listening

_TOKEN = "token-of-the-pod"


@contextmanager
def pod_identity(credentials: dict[str, Any], folder: Path) -> Iterator[dict[str, str]]:
    """Serve credentials, as STS answers them, to whoever has the pod's token; gives the pod's variables."""
    answer = {
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "Token": credentials["SessionToken"],
        "Expiration": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == _TOKEN and self.path == "/v1/credentials"
            self.answer(200 if known else 400, answer if known else {})

    token_file = folder / "pod-identity-token"
    token_file.write_text(_TOKEN)
    with listening(Handler) as port:
        yield {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token_file),
        }
