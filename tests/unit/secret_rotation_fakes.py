"""Secrets Manager, Cognito and the token endpoint in memory, with the documented rules and a place to be killed at."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from secret_rotation.ports import CURRENT, PENDING, PREVIOUS, AgentSecret, SecretState, TokenRefusedError

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:foundation/dev/agents/acme-corp/finance-agent-AbCdEf"
CLIENT = "client1"
TOKEN_ENDPOINT = "https://foundation.example/oauth2/token"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PLACEHOLDER = {"status": "waiting for its first rotation"}


Result = TypeVar("Result")


class KilledError(BaseException):
    """The function was killed; no `except Exception` may catch it."""


@dataclass
class Platform:
    """The state of the outside, and a watch that looks at it around every call.

    Attributes:
        kill: Decides from the call's number and whether it has taken effect if the function dies there.
        values: Version ids to values; a version that a rotation announced has none yet.
        stages: Version ids to labels.
        cognito: Live client secrets, id to value, oldest first.
    """

    kill: Callable[[int, bool], bool] = lambda number, done: False
    values: dict[str, Mapping[str, object]] = field(default_factory=lambda: {"v0": PLACEHOLDER})
    stages: dict[str, set[str]] = field(default_factory=lambda: {"v0": {CURRENT}})
    cognito: dict[str, str] = field(default_factory=lambda: {f"{CLIENT}--0": "generated-by-cognito"})
    scopes: list[str] = field(default_factory=lambda: ["aws-operations/read"])
    calls: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, name: str, effect: Callable[[], Result]) -> Result:
        """Run one call of a port, watching before and after."""
        number = len(self.calls)
        self.calls.append(name)
        if self.kill(number, False):
            raise KilledError
        result = effect()
        self.check_promise()
        if self.kill(number, True):
            raise KilledError
        return result

    def check_promise(self) -> None:
        """Every client secret in a version labelled AWSCURRENT or AWSPREVIOUS is live."""
        for version, labels in self.stages.items():
            if labels & {CURRENT, PREVIOUS} and "client_secret" in self.values[version]:
                secret = self.values[version]["client_secret"]
                assert secret in self.cognito.values(), f"{version} {labels} is dead after {self.calls}"

    def with_label(self, label: str) -> str | None:
        return next((version for version, labels in self.stages.items() if label in labels), None)

    def announce(self, version: str) -> None:
        """What RotateSecret does before it calls the function."""
        self._move(PENDING, to=version)

    def _move(self, label: str, *, to: str | None = None, off: str | None = None) -> None:
        holder = self.with_label(label)
        assert off is None or holder == off, f"{label} is on {holder}, not on {off}"
        if label == CURRENT and holder is not None and to != holder:
            self._move(PREVIOUS, to=holder)
        for labels in self.stages.values():
            labels.discard(label)
        if to is not None:
            self.stages.setdefault(to, set()).add(label)


@dataclass
class FakeStore:
    platform: Platform
    client_id: str = CLIENT
    rotation_enabled: bool = True

    def describe(self, secret_id: str) -> SecretState:
        stages = {version: frozenset(labels) for version, labels in self.platform.stages.items() if labels}
        state = SecretState(ARN, self.client_id, self.rotation_enabled, stages)
        return self.platform.call("describe", lambda: state)

    def read(self, secret_id: str, version: str) -> Mapping[str, object] | None:
        return self.platform.call("read", lambda: self.platform.values.get(version))

    def write_pending(self, secret_id: str, version: str, value: AgentSecret) -> None:
        def effect() -> None:
            assert version not in self.platform.values, "a version's value cannot change"
            self.platform.values[version] = dict(value)
            self.platform.announce(version)

        self.platform.call("write_pending", effect)

    def move_label(self, secret_id: str, label: str, *, to: str | None = None, off: str | None = None) -> None:
        holder = self.platform.with_label(label)
        # "If the staging label is already attached to a different version, you must also specify RemoveFromVersionId"
        assert to is None or holder in (None, to) or off == holder, f"{label} sits on {holder}"
        assert to is not None or off is not None
        self.platform.call(f"move_label {label}", lambda: self.platform._move(label, to=to, off=off))


@dataclass
class FakeClients:
    platform: Platform

    def scopes(self, client_id: str) -> list[str]:
        return self.platform.call("scopes", lambda: list(self.platform.scopes))

    def live(self, client_id: str) -> list[str]:
        return self.platform.call("live", lambda: list(self.platform.cognito))

    def add(self, client_id: str, value: str) -> str:
        def effect() -> str:
            assert len(self.platform.cognito) < 2, "LimitExceededException"
            # Cognito does not document what it does here, so the rotation must not come to it.
            assert value not in self.platform.cognito.values(), "the value is live already"
            new_id = f"{CLIENT}--{next(self.platform.ids)}"
            self.platform.cognito[new_id] = value
            return new_id

        return self.platform.call("add", effect)

    def delete(self, client_id: str, secret_id: str) -> None:
        def effect() -> None:
            assert len(self.platform.cognito) > 1, "the last secret cannot be deleted"
            del self.platform.cognito[secret_id]

        self.platform.call("delete", effect)


@dataclass
class FakeTokens:
    platform: Platform
    refusals: int = 0
    url: str = TOKEN_ENDPOINT

    def request(self, *, client_id: str, client_secret: str, scopes: list[str]) -> None:
        def effect() -> None:
            if self.refusals > 0:
                self.refusals -= 1
                raise TokenRefusedError("invalid_client")
            if client_secret not in self.platform.cognito.values() or set(scopes) - set(self.platform.scopes):
                raise TokenRefusedError("invalid_client")

        self.platform.call("token", effect)
