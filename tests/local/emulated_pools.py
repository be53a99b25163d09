"""Asking the emulated Cognito for tokens as a machine does."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import Stack


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool with a domain and one client that may read."""

    emulator: Emulator
    id: str
    client_id: str
    issuer: str
    stack: Stack

    @property
    def api(self) -> Any:
        return self.emulator.client("cognito-idp")

    def describe(self) -> dict[str, Any]:
        described = self.api.describe_user_pool_client(UserPoolId=self.id, ClientId=self.client_id)
        client: dict[str, Any] = described["UserPoolClient"]
        return client

    def secrets(self) -> list[dict[str, Any]]:
        answer = self.api.list_user_pool_client_secrets(UserPoolId=self.id, ClientId=self.client_id)
        listed: list[dict[str, Any]] = answer["ClientSecrets"]
        return listed

    def add(self, **own: str) -> dict[str, Any]:
        answer = self.api.add_user_pool_client_secret(UserPoolId=self.id, ClientId=self.client_id, **own)
        added: dict[str, Any] = answer["ClientSecretDescriptor"]
        return added

    def delete(self, secret_id: str) -> None:
        self.api.delete_user_pool_client_secret(UserPoolId=self.id, ClientId=self.client_id, ClientSecretId=secret_id)

    def token(
        self, secret: str, *, post: bool = False, host: str = "tokens-test", form: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """A client credentials request with client_secret_basic, or client_secret_post."""
        body = {"grant_type": "client_credentials", **(form or {})}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if post:
            body |= {"client_id": self.client_id, "client_secret": secret}
        else:
            pair = f"{self.client_id}:{secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return self.fetch(f"https://{host}.auth.us-east-1.amazoncognito.com/oauth2/token", body, headers)

    def fetch(self, url: str, form: dict[str, str] | None = None, headers: Any = None) -> tuple[int, Any]:
        """Status and JSON of a request through the edge."""
        context = ssl.create_default_context(cafile=str(self.emulator.ca))
        proxy = urllib.request.ProxyHandler({"https": self.emulator.edge_url})
        opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=context))
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with opener.open(urllib.request.Request(url, data, headers or {})) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
