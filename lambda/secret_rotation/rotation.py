"""Rotates an agent's Cognito client secret so that no holder of a labelled version ever fails.

**Promise**: at every moment, the client secret in every version labelled AWSCURRENT or AWSPREVIOUS is live in
Cognito. So an agent may read its secret, keep it until the next rotation has ended and fall back to AWSPREVIOUS;
neither fails. A version written by CloudFormation before the first rotation holds no client secret.

**Means**: Cognito keeps at most two secrets for a client and never deletes the last one
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddUserPoolClientSecret.html and
…/API_DeleteUserPoolClientSecret.html). It lists ids, never values; so a version carries the label
`cognito-<ClientSecretId>` for the Cognito secret whose value it holds. A live id that no version labelled AWSCURRENT
or AWSPREVIOUS carries is *spare*: nobody is promised that it works.

The steps are those of https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html;
every one of them begins by looking at the state and may be killed anywhere and run again:

| Killed after | State left behind | What the same step does when run again |
|---|---|---|
| create: value written | pending has a value | nothing |
| set: AWSPREVIOUS taken off | its Cognito secret is spare | deletes it |
| set: spare deleted | one live secret | adds the pending value |
| set: added | a spare secret has the pending value | deletes the newest spare secret, adds it again, labels it |
| set: labelled | pending is labelled, its id is live | nothing |
| test | unchanged | asks for a token again |
| finish: AWSCURRENT moved | spare secrets and stale labels may remain | tidies up, AWSPENDING last |
| a rotation given up anywhere | perhaps a spare secret | the next rotation deletes it |

In the first rotation the only live secret is the one that Cognito generated with the client. No one knows it; it is
spare and `finish` deletes it. Before a secret that agents could read is deleted, the step waits `grace_seconds`, for
an agent that has read AWSPREVIOUS just before its label went and is about to use it.

**Scopes**: each rotation writes the scopes that the client has at that time into the new version. After an agent's
scopes were changed, rotate its secret once (`aws secretsmanager rotate-secret`): until then the secret still lists
the old ones, and Cognito refuses a request for a scope that was taken away.

One function serves all agents. Secrets Manager invokes it synchronously, one step of a rotation after the other
(https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html), and refuses a second rotation of a secret
while one is open; so no two steps of one secret run at a time, unless somebody invokes the function by hand.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from secret_rotation.ports import (
    COGNITO_LABEL,
    CURRENT,
    PENDING,
    PREVIOUS,
    AgentSecret,
    ClientSecrets,
    RotationError,
    SecretState,
    SecretStore,
    TokenEndpoint,
    TokenRefusedError,
)

MAX_LIVE = 2
TEST_DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 16.0)
"""Pauses between the attempts of testSecret: a new client secret, and in a new environment the pool's domain, may take
up to a minute to work everywhere."""


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """The four steps.

    Attributes:
        store: Secrets Manager.
        clients: Cognito.
        tokens: The token endpoint.
        sleep: Waits some seconds.
        grace_seconds: How long an agent may take from reading a secret to using it.
    """

    store: SecretStore
    clients: ClientSecrets
    tokens: TokenEndpoint
    sleep: Callable[[float], None]
    grace_seconds: float = 5.0

    def run(self, *, step: str, secret_id: str, version: str) -> None:
        """Run one step.

        Args:
            step: createSecret, setSecret, testSecret or finishSecret.
            secret_id: The secret's ARN.
            version: The version that is to become current (the event's ClientRequestToken).

        Raises:
            RotationError: The secret is in no state to be rotated.
            TokenRefusedError: The new client secret does not work.
        """
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        if step not in steps:
            raise RotationError(f"the rotation step {step!r} is unknown; it must be one of {', '.join(steps)}")
        secret = self.store.describe(secret_id)
        labels = _checked_labels(secret, version)
        if CURRENT in labels and step != "finishSecret":
            return  # a late repetition; the version is already in use
        steps[step](secret, version)

    def _create(self, secret: SecretState, version: str) -> None:
        if self.store.read(secret.arn, version) is not None:
            return
        value = AgentSecret(
            client_id=secret.client_id,
            client_secret=secrets.token_hex(32),  # 64 characters, the most that Cognito takes, all of them \w
            token_endpoint=self.tokens.url,
            scopes=self.clients.scopes(secret.client_id),
        )
        self.store.write_pending(secret.arn, version, value)

    def _set(self, secret: SecretState, version: str) -> None:
        live = self.clients.live(secret.client_id)
        if secret.cognito_ids(version) & set(live):
            return
        value = self._pending_value(secret, version)
        protected = self._protected_ids(secret)
        if len(live) >= MAX_LIVE:
            self._free_a_place(secret, live, protected)
        new_id = self.clients.add(secret.client_id, value["client_secret"])
        self.store.move_label(secret.arn, f"{COGNITO_LABEL}{new_id}", to=version)

    def _test(self, secret: SecretState, version: str) -> None:
        value = self._pending_value(secret, version)
        for pause in (*TEST_DELAYS_SECONDS, None):
            try:
                self.tokens.request(
                    client_id=value["client_id"], client_secret=value["client_secret"], scopes=value["scopes"]
                )
                return
            except TokenRefusedError:
                if pause is None:
                    raise
                self.sleep(pause)

    def _finish(self, secret: SecretState, version: str) -> None:
        live = self.clients.live(secret.client_id)
        if not secret.cognito_ids(version) & set(live):
            raise RotationError(
                f"version {version} of {secret.arn} holds no live client secret, so it cannot become current; "
                "rotate the secret again"
            )
        if CURRENT not in secret.stages[version]:
            self.store.move_label(secret.arn, CURRENT, to=version, off=secret.version(CURRENT))
            secret = self.store.describe(secret.arn)
        self._delete_spare(secret, live)
        self._remove_stale_labels(secret)
        if PENDING in secret.stages[version]:
            self.store.move_label(secret.arn, PENDING, off=version)

    def _pending_value(self, secret: SecretState, version: str) -> AgentSecret:
        value = self.store.read(secret.arn, version)
        if value is None:
            raise RotationError(
                f"version {version} of {secret.arn} has no value; the step createSecret must come first"
            )
        return cast(AgentSecret, value)  # written by _create: a version's value never changes

    def _protected_ids(self, secret: SecretState) -> frozenset[str]:
        """The Cognito secrets that must stay live."""
        protected: frozenset[str] = frozenset()
        for label in (CURRENT, PREVIOUS):
            version = secret.version(label)
            if version is None:
                continue
            ids = secret.cognito_ids(version)
            if not ids and "client_secret" in (self.store.read(secret.arn, version) or {}):
                raise RotationError(
                    f"version {version} of {secret.arn} ({label}) holds a client secret that no rotation wrote, so it "
                    "is unknown which of Cognito's secrets must stay; put the label "
                    f"{COGNITO_LABEL}<ClientSecretId> on that version (aws secretsmanager update-secret-version-stage) "
                    "and rotate again"
                )
            protected |= ids
        return protected

    def _free_a_place(self, secret: SecretState, live: list[str], protected: frozenset[str]) -> None:
        """Delete one live secret: a spare one, else that of AWSPREVIOUS after its label is gone."""
        spare = [secret_id for secret_id in live if secret_id not in protected]
        if not spare:
            previous = secret.version(PREVIOUS)
            spare = [secret_id for secret_id in live if secret_id in secret.cognito_ids(previous)]
            if previous is None or not spare:
                raise RotationError(
                    f"AWSCURRENT of {secret.arn} carries both of its client's secrets; remove one label"
                )
            self.store.move_label(secret.arn, PREVIOUS, off=previous)
        self._delete(secret, spare[-1])  # the newest: it may be an unlabelled copy of the pending value

    def _delete_spare(self, secret: SecretState, live: list[str]) -> None:
        protected = self._protected_ids(secret)
        for secret_id in live:
            if secret_id not in protected:
                self._delete(secret, secret_id)

    def _delete(self, secret: SecretState, secret_id: str) -> None:
        if secret.version(f"{COGNITO_LABEL}{secret_id}") is not None:
            self.sleep(self.grace_seconds)
        self.clients.delete(secret.client_id, secret_id)

    def _remove_stale_labels(self, secret: SecretState) -> None:
        """Unlabelled versions are Secrets Manager's to delete."""
        live = self.clients.live(secret.client_id)
        for version in secret.stages:
            for secret_id in secret.cognito_ids(version) - set(live):
                self.store.move_label(secret.arn, f"{COGNITO_LABEL}{secret_id}", off=version)


def _checked_labels(secret: SecretState, version: str) -> frozenset[str]:
    """The version's labels, when the secret can be rotated to it."""
    if not secret.rotation_enabled:
        raise RotationError(f"{secret.arn} is not enabled for rotation; give it a rotation schedule")
    if not secret.client_id:
        raise RotationError(f"{secret.arn} has no tag foundation:client-id, which names the Cognito client it is for")
    labels = secret.stages.get(version, frozenset())
    if not labels & {CURRENT, PENDING}:
        raise RotationError(
            f"version {version} of {secret.arn} is not labelled {PENDING}; only Secrets Manager starts a rotation "
            "(aws secretsmanager rotate-secret)"
        )
    return labels
