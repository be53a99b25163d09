"""What Cognito refuses of an app client and ministack accepts.

docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cognito

from local.emulator.patching import replace
from local.emulator.responses import Response, refusal

_STANDARD_SCOPES = ("phone", "email", "openid", "profile", "aws.cognito.signin.user.admin")


def install() -> None:
    """Check clients when they are created or changed."""
    _check_before(cognito._create_user_pool_client)
    _check_before(cognito._update_user_pool_client)


def _check_before(original: Callable[[Mapping[str, Any]], Response]) -> None:
    def checked(data: Mapping[str, Any]) -> Response:
        pool = cognito._user_pools.get(data.get("UserPoolId"))
        if pool is not None and (refused := _refusal(pool, data)):
            return refused
        return original(data)

    replace(original, checked)


def _refusal(pool: Mapping[str, Any], data: Mapping[str, Any]) -> Response | None:
    known = {
        f"{identifier}/{scope['ScopeName']}"
        for identifier, server in (pool.get("_resource_servers") or {}).items()
        for scope in server.get("Scopes", [])
    }
    missing = [s for s in data.get("AllowedOAuthScopes") or () if s not in known and s not in _STANDARD_SCOPES]
    if missing:
        return refusal("ScopeDoesNotExistException", f"Invalid scopes requested: {', '.join(missing)}")
    if "client_credentials" not in (data.get("AllowedOAuthFlows") or ()):
        return None
    existing = pool["_clients"].get(data.get("ClientId"), {})
    if not data.get("GenerateSecret") and not existing.get("ClientSecret"):
        return refusal(
            "InvalidOAuthFlowException",
            "client_credentials flow can not be selected if client does not have a client secret.",
        )
    return None
