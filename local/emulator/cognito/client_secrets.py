"""An app client's secrets: at most two live, the last one stays, a value is told once at most.

docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddUserPoolClientSecret.html,
API_ListUserPoolClientSecrets.html and API_DeleteUserPoolClientSecret.html.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import cognito

from local.emulator.patching import replace
from local.emulator.responses import Response, answer, refusal

_MOST = 2
_VALUE = re.compile(r"[\w+]{24,64}")
_GENERATED_LENGTH = 52
_CHARACTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, kw_only=True)
class ClientSecret:
    """One live secret of a client; `id` is `<client id>--<creation time in ms>`."""

    id: str
    value: str
    created: float

    def described(self) -> dict[str, Any]:
        """The descriptor without the value."""
        return {"ClientSecretId": self.id, "ClientSecretCreateDate": self.created}


_live: dict[str, list[ClientSecret]] = {}


def install() -> None:
    """Add the three operations, and let the token endpoint accept every live secret."""
    _serve_operations()
    _generate_as_aws_does()
    original = cognito._authenticate_client

    def authenticate_client(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str]:
        client_id, presented = original(headers, form)
        _, _, client = cognito._find_pool_by_client_id(client_id)
        if client and presented and any(_same(secret.value, presented) for secret in _secrets(client)):
            # ministack compares with the one secret that it knows.
            return client_id, client["ClientSecret"]
        return client_id, presented

    replace(original, authenticate_client)


def _generate_as_aws_does() -> None:
    """Give clients secrets of the characters and length that Cognito's have; ministack's are base64."""
    original = cognito._client_secret
    replace(original, _generate)


def _serve_operations() -> None:
    operations = {
        "AddUserPoolClientSecret": _add,
        "ListUserPoolClientSecrets": _list,
        "DeleteUserPoolClientSecret": _delete,
    }
    original = cognito._dispatch_idp

    async def dispatch_idp(action: str, data: Mapping[str, Any]) -> Response:
        if action not in operations:
            response: Response = await original(action, data)
            return response
        pool, error = cognito._resolve_pool(data.get("UserPoolId"))
        if error:
            return error[0], error[1], error[2]
        client = pool["_clients"].get(data.get("ClientId"))
        if client is None:
            return refusal("ResourceNotFoundException", f"User pool client {data.get('ClientId')} does not exist.")
        return operations[action](client, data)

    replace(original, dispatch_idp)


def _secrets(client: Mapping[str, Any]) -> list[ClientSecret]:
    """The client's live secrets, oldest first; the one it was created with has its creation time."""
    if client["ClientId"] not in _live:
        first = client.get("ClientSecret")
        _live[client["ClientId"]] = [_secret(client, first, client["CreationDate"])] if first else []
    return _live[client["ClientId"]]


def _secret(client: Mapping[str, Any], value: str, created: float) -> ClientSecret:
    return ClientSecret(id=f"{client['ClientId']}--{int(created * 1000)}", value=value, created=created)


def _add(client: dict[str, Any], data: Mapping[str, Any]) -> Response:
    live = _secrets(client)
    own_value = data.get("ClientSecret")
    if not live:
        return refusal("InvalidParameterException", "The app client has no client secret: it is a public client.")
    if own_value is not None and not _VALUE.fullmatch(own_value):
        return refusal(
            "InvalidParameterException",
            "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member must have "
            r"24 to 64 characters and satisfy regular expression pattern: [\w+]+",
        )
    if len(live) >= _MOST:
        return refusal("LimitExceededException", f"An app client has at most {_MOST} client secrets.")
    # Ids end in the creation time: never the same twice.
    created = max(time.time(), live[-1].created + 0.001)
    secret = _secret(client, own_value or _generate(), created)
    live.append(secret)
    told = {} if own_value else {"ClientSecretValue": secret.value}
    return answer({"ClientSecretDescriptor": {**secret.described(), **told}})


def _list(client: dict[str, Any], _: Mapping[str, Any]) -> Response:
    return answer({"ClientSecrets": [secret.described() for secret in _secrets(client)]})


def _delete(client: dict[str, Any], data: Mapping[str, Any]) -> Response:
    live = _secrets(client)
    doomed = next((secret for secret in live if secret.id == data.get("ClientSecretId")), None)
    if doomed is None:
        return refusal("ResourceNotFoundException", f"Client secret {data.get('ClientSecretId')} does not exist.")
    if len(live) == 1:
        return refusal("InvalidParameterException", "The last client secret of an app client cannot be deleted.")
    live.remove(doomed)
    client["ClientSecret"] = live[0].value
    return answer({})


def _generate() -> str:
    return "".join(secrets.choice(_CHARACTERS) for _ in range(_GENERATED_LENGTH))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
