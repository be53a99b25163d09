"""What an earlier step of a request leaves in its ASGI scope for a later one: who calls, and what was let through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from local.gateway.authorizer import Principal

_PRINCIPAL = "foundation.principal"
_ALLOWED_CALL = "foundation.allowed_call"


def set_principal(scope: Scope, principal: Principal) -> None:
    """Note who calls."""
    scope[_PRINCIPAL] = principal


def principal_of(scope: Scope) -> Principal:
    """Return who calls; raises KeyError for a request that did not pass the authorizer."""
    principal: Principal = scope[_PRINCIPAL]
    return principal


def allow_call(scope: Scope, tool: str, arguments: Mapping[str, Any]) -> None:
    """Note that the policy was asked about this call, and let it through."""
    scope[_ALLOWED_CALL] = (tool, dict(arguments))


def call_is_allowed(scope: Scope, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Say whether it was this call, with these arguments, that the policy let through."""
    return bool(scope.get(_ALLOWED_CALL) == (tool, dict(arguments)))
