"""What the rotation needs from the outside, so that its logic can be tried in every state without AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypedDict

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"
COGNITO_LABEL = "cognito-"
"""A version with the label `cognito-<ClientSecretId>` holds the value of that Cognito client secret."""


class RotationError(Exception):
    """The rotation cannot go on; the message names the secret, what is wrong and the way out, and no value."""


class TokenRefusedError(Exception):
    """The token endpoint gave no token; the message has its error code, and no value."""


class AgentSecret(TypedDict):
    """What an agent reads from its secret: these four members and no others."""

    client_id: str
    client_secret: str
    token_endpoint: str
    scopes: list[str]


@dataclass(frozen=True)
class SecretState:
    """A secret without its values.

    Attributes:
        arn: The secret's ARN.
        client_id: The Cognito app client it is for, from its tag `foundation:client-id`; empty without the tag.
        rotation_enabled: Whether Secrets Manager rotates it.
        stages: Version ids to staging labels; versions without labels are absent.
    """

    arn: str
    client_id: str
    rotation_enabled: bool
    stages: Mapping[str, frozenset[str]]

    def version(self, label: str) -> str | None:
        """The version with a label; a label is on one version at most."""
        return next((version for version, labels in self.stages.items() if label in labels), None)

    def cognito_ids(self, version: str | None) -> frozenset[str]:
        """The ids of the Cognito client secrets whose value a version holds; stale ids may be among them."""
        labels = self.stages.get(version, frozenset()) if version else frozenset()
        return frozenset(label.removeprefix(COGNITO_LABEL) for label in labels if label.startswith(COGNITO_LABEL))


class SecretStore(Protocol):
    """Secrets Manager."""

    def describe(self, secret_id: str) -> SecretState:
        """The secret's state."""

    def read(self, secret_id: str, version: str) -> Mapping[str, object] | None:
        """A version's value, or None when the version has none yet."""

    def write_pending(self, secret_id: str, version: str, value: AgentSecret) -> None:
        """Give a version its value and the label AWSPENDING."""

    def move_label(self, secret_id: str, label: str, *, to: str | None = None, off: str | None = None) -> None:
        """Put a label on the version `to` and take it off the version `off`, in one step.

        Moving AWSCURRENT puts AWSPREVIOUS on the version that it came from.
        """


class ClientSecrets(Protocol):
    """The secrets of Cognito app clients: one or two for each client."""

    def scopes(self, client_id: str) -> list[str]:
        """The scopes that a client may ask for."""

    def live(self, client_id: str) -> list[str]:
        """The ids of a client's live secrets, oldest first."""

    def add(self, client_id: str, value: str) -> str:
        """Make a value one of the client's secrets; gives its id. Fails when two are live."""

    def delete(self, client_id: str, secret_id: str) -> None:
        """Delete a live secret. Fails for the last one."""


class TokenEndpoint(Protocol):
    """Where agents get their tokens."""

    @property
    def url(self) -> str:
        """Its address."""

    def request(self, *, client_id: str, client_secret: str, scopes: list[str]) -> None:
        """Ask for a token and throw it away.

        Raises:
            TokenRefusedError: There was none.
        """
