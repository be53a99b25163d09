"""The ports on AWS: Secrets Manager, Cognito and its token endpoint."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from secret_rotation.ports import PENDING, AgentSecret, RotationError, SecretState, TokenRefusedError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_secretsmanager import SecretsManagerClient

CLIENT_ID_TAG = "foundation:client-id"
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class SecretsManager:
    """The port `SecretStore` on a boto3 client."""

    client: "SecretsManagerClient"

    def describe(self, secret_id: str) -> SecretState:
        """See `SecretStore`."""
        answer = self.client.describe_secret(SecretId=secret_id)
        tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])}
        return SecretState(
            arn=answer["ARN"],
            client_id=tags.get(CLIENT_ID_TAG, ""),
            rotation_enabled=answer.get("RotationEnabled", False),
            stages={version: frozenset(labels) for version, labels in answer.get("VersionIdsToStages", {}).items()},
        )

    def read(self, secret_id: str, version: str) -> Mapping[str, object] | None:
        """See `SecretStore`."""
        try:
            answer = self.client.get_secret_value(SecretId=secret_id, VersionId=version)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        value: object = json.loads(answer["SecretString"])
        if not isinstance(value, dict):
            raise RotationError(
                f"version {version} of {secret_id} is not a JSON object; put one there and rotate again"
            )
        return value

    def write_pending(self, secret_id: str, version: str, value: AgentSecret) -> None:
        """See `SecretStore`."""
        self.client.put_secret_value(
            SecretId=secret_id,
            ClientRequestToken=version,
            SecretString=json.dumps(value),
            VersionStages=[PENDING],
        )

    def move_label(self, secret_id: str, label: str, *, to: str | None = None, off: str | None = None) -> None:
        """See `SecretStore`."""
        versions = {"MoveToVersionId": to, "RemoveFromVersionId": off}
        self.client.update_secret_version_stage(
            SecretId=secret_id,
            VersionStage=label,
            **{name: version for name, version in versions.items() if version is not None},
        )


@dataclass(frozen=True)
class CognitoClientSecrets:
    """The port `ClientSecrets` on a boto3 client and one user pool."""

    client: "CognitoIdentityProviderClient"
    user_pool_id: str

    def scopes(self, client_id: str) -> list[str]:
        """See `ClientSecrets`; the response holds a client secret, so no part of it but the scopes leaves here."""
        answer = self.client.describe_user_pool_client(UserPoolId=self.user_pool_id, ClientId=client_id)
        return sorted(answer["UserPoolClient"].get("AllowedOAuthScopes", []))

    def live(self, client_id: str) -> list[str]:
        """See `ClientSecrets`; Cognito gives both on one page."""
        answer = self.client.list_user_pool_client_secrets(UserPoolId=self.user_pool_id, ClientId=client_id)
        beginning = datetime.min.replace(tzinfo=UTC)
        oldest_first = sorted(
            answer["ClientSecrets"], key=lambda secret: secret.get("ClientSecretCreateDate", beginning)
        )
        return [secret["ClientSecretId"] for secret in oldest_first]

    def add(self, client_id: str, value: str) -> str:
        """See `ClientSecrets`."""
        answer = self.client.add_user_pool_client_secret(
            UserPoolId=self.user_pool_id, ClientId=client_id, ClientSecret=value
        )
        return answer["ClientSecretDescriptor"]["ClientSecretId"]

    def delete(self, client_id: str, secret_id: str) -> None:
        """See `ClientSecrets`."""
        self.client.delete_user_pool_client_secret(
            UserPoolId=self.user_pool_id, ClientId=client_id, ClientSecretId=secret_id
        )


@dataclass(frozen=True)
class OAuthTokenEndpoint:
    """The port `TokenEndpoint` over HTTPS; proxies and certificate authorities come from the environment.

    Attributes:
        url: The endpoint's address; `https` only.
    """

    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith("https://"):
            raise RotationError(f"the token endpoint {self.url!r} must begin with https://")

    def request(self, *, client_id: str, client_secret: str, scopes: list[str]) -> None:
        """See `TokenEndpoint`: the client-credentials grant (RFC 6749 §4.4.2) with client_secret_basic (§2.3.1)."""
        quote = urllib.parse.quote_plus
        credentials = base64.b64encode(f"{quote(client_id)}:{quote(client_secret)}".encode()).decode("ascii")
        form = {"grant_type": "client_credentials", **({"scope": " ".join(scopes)} if scopes else {})}
        request = urllib.request.Request(  # noqa: S310 - https only, see __post_init__
            self.url,
            data=urllib.parse.urlencode(form).encode("ascii"),
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                answer: Any = json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise TokenRefusedError(f"{self.url} answered {error.code} {_error_code(error)}") from None
        except OSError as error:  # no connection, no name, a timeout
            raise TokenRefusedError(f"{self.url} did not answer: {type(error).__name__}: {error}") from None
        except ValueError:
            raise TokenRefusedError(f"{self.url} did not answer with JSON") from None
        if not isinstance(answer, dict) or not answer.get("access_token"):
            raise TokenRefusedError(f"{self.url} answered without an access token")


def _error_code(error: urllib.error.HTTPError) -> str:
    """The `error` member of RFC 6749 §5.2, so that nothing else of the answer gets into a log."""
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, TypeError):
        return "without an OAuth error code"
