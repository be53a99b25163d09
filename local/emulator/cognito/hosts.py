"""Tokens are given at the pool's domain and checked against the issuer's host, as on AWS.

docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html and
docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from local.emulator.cognito.pre_token import TriggerError
from local.emulator.patching import replace
from local.emulator.responses import Response
from local.emulator.settings import REGION

_ISSUER_HOST = f"cognito-idp.{REGION}.amazonaws.com"
_DOMAIN = re.compile(rf"(?P<domain>[a-z0-9-]+)\.auth\.{REGION}\.amazoncognito\.com(:443)?")


def install() -> None:
    """Bind the token endpoint to the pool's domain and let the discovery document say where it is."""
    _bind_token_endpoint()
    _name_real_hosts()


def _bind_token_endpoint() -> None:
    original = cognito.handle_oauth2_token

    async def handle_oauth2_token(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Response:
        host = headers.get("host", "").lower()
        match = _DOMAIN.fullmatch(host)
        pool_id = cognito._pool_domain_map.get(match["domain"]) if match else None
        if pool_id is None:
            return _oauth_error(
                404,
                "not_found",
                f"{host} is no domain of a user pool: ask https://<domain>.auth.{REGION}.amazoncognito.com, "
                "through the edge proxy",
            )
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        client_id, _ = cognito._authenticate_client(headers, form)
        if cognito._find_pool_by_client_id(client_id)[0] != pool_id:
            return _oauth_error(400, "invalid_client", None)
        try:
            response: Response = await original(method, path, headers, body, query)
        except TriggerError as error:
            return _oauth_error(400, "invalid_request", str(error))
        return response

    replace(original, handle_oauth2_token)


def _name_real_hosts() -> None:
    original = cognito.well_known_openid_configuration

    def well_known_openid_configuration(pool_id: str, *rest: Any) -> Response:
        status, headers, body = original(pool_id, *rest)
        document = json.loads(body)
        document["jwks_uri"] = f"https://{_ISSUER_HOST}/{pool_id}/.well-known/jwks.json"
        domain = next((name for name, owner in cognito._pool_domain_map.items() if owner == pool_id), None)
        paths = {
            "authorization_endpoint": "/oauth2/authorize",
            "token_endpoint": "/oauth2/token",
            "userinfo_endpoint": "/oauth2/userInfo",
            "end_session_endpoint": "/logout",
        }
        for name, path in paths.items():
            if domain is None:
                document.pop(name, None)
            else:
                document[name] = f"https://{domain}.auth.{REGION}.amazoncognito.com{path}"
        return status, headers, json.dumps(document).encode()

    replace(original, well_known_openid_configuration)


def _oauth_error(status: int, error: str, description: str | None) -> Response:
    body = {"error": error, **({"error_description": description} if description else {})}
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()
