"""The pre token generation trigger of the client credentials grant, which ministack runs without its rules.

docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html: version V3_0 runs for
machines ("Excluded claims and scopes": what it cannot change). …/cognito-user-pools-working-with-lambda-triggers.html:
Cognito must be allowed to invoke the function, and a function that raises ends the request. The token endpoint then
answers `invalid_request` with the function's own message, as it does for sign-ins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import cognito

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.patching import replace

_SERVICE = "cognito-idp.amazonaws.com"
_MACHINE = "TokenGeneration_ClientCredentials"
_VERSION = "V3_0"
_FIXED = frozenset(
    {"acr", "amr", "at_hash", "auth_time", "azp", "client_id", "device_key", "event_id", "exp", "iat", "iss", "jti"}
    | {"nbf", "nonce", "origin_jti", "scope", "sub", "token_use", "username", "version"}
)
_RESERVED = ("cognito:", "dev:")

Claims = dict[str, Any]


class TriggerError(Exception):
    """The trigger gave no token; the text is what the client is told."""


def install() -> None:
    """Run the trigger by Cognito's rules for machines; sign-ins of users stay as they are."""
    original = cognito._apply_pretoken_trigger

    def apply_pretoken_trigger(pool_id: str, claims: Claims, token_type: str, trigger_source: str, **rest: Any) -> Any:
        if trigger_source != _MACHINE:
            return original(pool_id, claims, token_type, trigger_source, **rest)
        trigger = (cognito._user_pools[pool_id].get("LambdaConfig") or {}).get("PreTokenGenerationConfig") or {}
        if trigger.get("LambdaVersion") != _VERSION or "LambdaArn" not in trigger:
            return claims
        return _customized(claims, _ask(trigger["LambdaArn"], _event(pool_id, **rest), cognito._pool_arn(pool_id)))

    replace(original, apply_pretoken_trigger)


def _event(pool_id: str, **details: Any) -> Mapping[str, Any]:
    event: Mapping[str, Any] = cognito._build_pretoken_event(
        pool_id=pool_id, trigger_source=_MACHINE, version=_VERSION, **details
    )
    return event


def _ask(function_arn: str, event: Mapping[str, Any], pool_arn: str) -> Mapping[str, Any]:
    """What the function answers for the access token. Raises TriggerError."""
    if not authorization.service_may_invoke(_SERVICE, function_arn, source_arn=pool_arn):
        raise TriggerError("PreTokenGeneration invocation failed due to error AccessDeniedException.")
    answer = client("lambda").invoke(FunctionName=function_arn, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise TriggerError(f"PreTokenGeneration failed with error {_message(payload)}.")
    details = payload.get("response", {}).get("claimsAndScopeOverrideDetails") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(details, Mapping | None):
        raise TriggerError("Unrecognizable lambda output")
    generation: Mapping[str, Any] = (details or {}).get("accessTokenGeneration") or {}
    return generation


def _message(payload: Any) -> str:
    return str(payload.get("errorMessage", "")) if isinstance(payload, dict) else str(payload)


def _customized(claims: Claims, generation: Mapping[str, Any]) -> Claims:
    added = generation.get("claimsToAddOrOverride") or {}
    suppressed = {name for name in generation.get("claimsToSuppress") or () if _may_change(name)}
    scopes = [scope for scope in claims["scope"].split() if scope not in (generation.get("scopesToSuppress") or ())]
    scopes += [scope for scope in generation.get("scopesToAdd") or () if scope not in scopes]
    changed = {
        **claims,
        **{name: value for name, value in added.items() if _may_change(name)},
        "scope": " ".join(scopes),
    }
    return {name: value for name, value in changed.items() if name not in suppressed}


def _may_change(claim: str) -> bool:
    return claim not in _FIXED and not claim.startswith(_RESERVED)
