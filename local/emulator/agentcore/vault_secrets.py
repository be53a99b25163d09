"""Where the token vault keeps a credential: a secret of its own in Secrets Manager, or one that the customer names.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateApiKeyCredentialProvider.html
(`apiKeySecretSource`, `apiKeySecretConfig`); the name's prefix is that of
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.emulator.agentcore.errors import invalid
from local.emulator.aws import client

_PREFIX = "bedrock-agentcore-identity!default"


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A credential in a request: its value for a managed secret, or the secret and key where the customer has it."""

    value: str | None
    reference: Mapping[str, str] | None

    @classmethod
    def of(cls, request: Mapping[str, Any], member: str) -> Credential:
        """Read `member`, `<member>SecretConfig`/`<member>Config` and the source. Raises ValidationException."""
        stem = member if member.endswith("Secret") else f"{member}Secret"
        value, reference = request.get(member), request.get(f"{stem}Config")
        source = request.get(f"{stem}Source", "MANAGED" if reference is None else "EXTERNAL")
        wanted, other = (f"{stem}Config", member) if source == "EXTERNAL" else (member, f"{stem}Config")
        if not request.get(wanted):
            raise invalid(f"{wanted} is required when {stem}Source is {source}")
        if request.get(other):
            raise invalid(f"{other} is not allowed when {stem}Source is {source}")
        return cls(value=value or None, reference=reference)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The secret and the key in its JSON text that hold a credential."""

    secret_arn: str
    json_key: str
    source: str

    def read(self) -> str:
        """The credential. Raises ValidationException when the secret has no such key."""
        try:
            text = client("secretsmanager").get_secret_value(SecretId=self.secret_arn)["SecretString"]
            value = json.loads(text)[self.json_key]
        except (ClientError, KeyError, TypeError, ValueError) as error:
            raise invalid(
                f"The secret {self.secret_arn} cannot be read or has no JSON key {self.json_key}: give it a JSON "
                "object with this key"
            ) from error
        return str(value)

    def forget(self) -> None:
        """Remove a secret that the vault made; the customer's stays."""
        if self.source == "MANAGED":
            client("secretsmanager").delete_secret(SecretId=self.secret_arn, ForceDeleteWithoutRecovery=True)


def keep(credential: Credential, *, path: str, json_key: str, earlier: Place | None = None) -> Place:
    """Store a credential and give its place; `earlier` is what an update replaces.

    A managed secret is called `<prefix>/<path>` and has the credential under `json_key`. Raises ValidationException
    when the customer's secret cannot be read.
    """
    api = client("secretsmanager")
    if credential.reference is not None:
        place = _external(credential.reference)
        if earlier is not None:
            earlier.forget()
        return place
    text = json.dumps({json_key: credential.value})
    if earlier is not None and earlier.source == "MANAGED":
        api.put_secret_value(SecretId=earlier.secret_arn, SecretString=text)
        return earlier
    arn = api.create_secret(Name=f"{_PREFIX}/{path}", SecretString=text)["ARN"]
    return Place(secret_arn=arn, json_key=json_key, source="MANAGED")


def _external(reference: Mapping[str, str]) -> Place:
    try:
        arn = client("secretsmanager").describe_secret(SecretId=reference["secretId"])["ARN"]
    except ClientError as error:
        raise invalid(f"The secret {reference['secretId']} does not exist") from error
    place = Place(secret_arn=arn, json_key=reference["jsonKey"], source="EXTERNAL")
    place.read()
    return place
