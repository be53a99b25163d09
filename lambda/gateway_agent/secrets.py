"""An agent's credentials, as the rotation writes them into Secrets Manager (docs/decisions/client-secrets.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gateway_agent.errors import SecretError, SecretWaitingError

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An OAuth client (RFC 6749 §2.3). Representations leave the secret value out.

    Attributes:
        client_id: Its id.
        client_secret: Its secret.
        token_endpoint: Where it gets tokens; https, or loopback.
        scopes: What it may ask for.
    """

    client_id: str
    client_secret: str = field(repr=False)
    token_endpoint: str
    scopes: tuple[str, ...]

    @classmethod
    def read(cls, secrets: SecretsManagerClient, secret_id: str) -> Self:
        """Read an agent's secret.

        Args:
            secrets: Secrets Manager.
            secret_id: The secret's name or ARN.

        Raises:
            SecretWaitingError: It waits for its first rotation.
            SecretError: It is not there, may not be read, or holds something else.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only who reads needs botocore

        try:
            text = secrets.get_secret_value(SecretId=secret_id)["SecretString"]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error without a code")
            raise SecretError(
                f"Secrets Manager answered {code} for the secret {secret_id}: see that it is deployed, and that this "
                "process runs under the agent's own role, which alone may read it."
            ) from None
        except BotoCoreError as error:
            raise SecretError(f"Secrets Manager cannot be asked for {secret_id}: {type(error).__name__}.") from None
        except KeyError:
            raise SecretError(f"The secret {secret_id} holds bytes and no text; rotate it.") from None
        return cls._parsed(text, secret_id)

    @classmethod
    def _parsed(cls, text: str, secret_id: str) -> Self:
        try:
            value: Any = json.loads(text)
        except ValueError:
            value = None  # the error would quote the text
        if not isinstance(value, dict):
            raise SecretError(f"The secret {secret_id} is no JSON object; rotate it.")
        if "client_secret" not in value and "status" in value:
            raise SecretWaitingError(
                f"The secret {secret_id} waits for its first rotation, which starts with it: try again in seconds; "
                "if it stays so, read the log of the rotation function."
            )
        names = ("client_id", "client_secret", "token_endpoint")
        scopes = value.get("scopes")
        texts = [*(value.get(name) for name in names), *(scopes if isinstance(scopes, list) else [None])]
        if not all(isinstance(text, str) for text in texts):
            raise SecretError(f"The secret {secret_id} lacks {', '.join(names)} or scopes as texts; rotate it.")
        return cls(**{name: value[name] for name in names}, scopes=tuple(value["scopes"]))
