"""Secrets rotate while agents request tokens all the time, and no request fails: not in a rotation that goes through,
and not in one that stops between two of its steps and is taken up again."""

from __future__ import annotations

import contextlib
import json
import secrets
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from local.agent import SECRET_PREFIX, Account, Credentials
from tests.local.local_run import LocalRun

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
KEPT_SECONDS = 3.0
"""How long an agent that keeps its secret in memory uses it; the rotation allows for five seconds."""


@dataclass
class Load:
    """Agents that request tokens again and again, and what they met."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    secrets_used: set[str] = field(default_factory=set, repr=False)

    def wait_until_used(self, count: int) -> None:
        """Wait until requests were made with `count` different secrets."""
        deadline = time.monotonic() + 60
        while len(self.secrets_used) < count:
            assert time.monotonic() < deadline, f"{len(self.secrets_used)} of {count} secrets used after a minute"
            time.sleep(0.05)

    def run(self, local_run: LocalRun, read: Callable[[], Credentials], stop: threading.Event) -> None:
        """Request tokens until told to stop, each over a connection of its own, with the secret that `read` gives."""
        tls = ssl.create_default_context(cafile=str(local_run.platform.layout.ca_file))
        while not stop.is_set():
            agent = read()
            with httpx2.Client(proxy=local_run.ports.edge_url, verify=tls, trust_env=False, timeout=30) as http:
                answer = http.post(
                    agent.token_endpoint,
                    data={"grant_type": "client_credentials", "scope": " ".join(agent.scopes)},
                    auth=(agent.client_id, agent.client_secret),
                )
            self.requests += 1
            self.secrets_used.add(agent.client_secret)
            if answer.status_code != 200:
                self.failures.append(f"{answer.status_code} {answer.text} at {time.strftime('%H:%M:%S')}")
            time.sleep(0.02)


@contextlib.contextmanager
def load(local_run: LocalRun, agent: str) -> Iterator[Load]:
    """Load on the token endpoint: an agent that reads its secret for each request, and one that keeps it a while."""
    met, stop = Load(), threading.Event()
    readers = (reader(local_run.platform.account, agent, kept) for kept in (0, KEPT_SECONDS))
    threads = [threading.Thread(target=met.run, args=(local_run, read, stop)) for read in readers]
    for thread in threads:
        thread.start()
    try:
        yield met
        time.sleep(KEPT_SECONDS)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def reader(account: Account, agent: str, kept_seconds: float) -> Callable[[], Credentials]:
    """Reads the agent's secret, and uses what it read for some seconds."""
    value: Credentials | None = None
    read_at = 0.0

    def read() -> Credentials:
        nonlocal value, read_at
        if value is None or time.monotonic() - read_at > kept_seconds:
            read_at, value = time.monotonic(), account.credentials(agent)
        assert value
        return value

    return read


@dataclass(frozen=True)
class Rotation:
    """An agent's secret and the calls that rotate it, as an administrator makes them."""

    secret_id: str
    manager: Any
    functions: Any

    @classmethod
    def of(cls, local_run: LocalRun, agent: str) -> Rotation:
        """The rotation of an agent's secret on the platform."""
        return cls(SECRET_PREFIX + agent, local_run.client("secretsmanager"), local_run.client("lambda"))

    def start(self) -> str:
        """RotateSecret; the id of the version that it makes."""
        return str(self.manager.rotate_secret(SecretId=self.secret_id)["VersionId"])

    def take_up_again(self) -> None:
        """RotateSecret while a rotation is unfinished, which Secrets Manager tries again instead."""
        with pytest.raises(self.manager.exceptions.InvalidRequestException, match="will be reattempted"):
            self.manager.rotate_secret(SecretId=self.secret_id)

    def stop_after(self, last_step: str) -> str:
        """Run the rotation function as Secrets Manager does, up to a step; the id of the version that it was for."""
        version = str(uuid.uuid4())
        self._label(version)
        for step in STEPS[: STEPS.index(last_step) + 1]:
            event = {"Step": step, "SecretId": self._description()["ARN"], "ClientRequestToken": version}
            function = self._description()["RotationLambdaARN"]
            answer = self.functions.invoke(FunctionName=function, Payload=json.dumps(event))
            assert "FunctionError" not in answer, answer["Payload"].read()
        return version

    def wait_until_current(self, version: str) -> None:
        """Wait until a version is the one that agents read, and its rotation has ended."""
        deadline = time.monotonic() + 60
        while set(self.labels(version)) & {"AWSCURRENT", "AWSPENDING"} != {"AWSCURRENT"}:
            assert time.monotonic() < deadline, f"{version} is {self.labels(version)} after a minute"
            time.sleep(0.1)

    def labels(self, version: str) -> list[str]:
        """The labels of a version."""
        found: dict[str, list[str]] = self._description()["VersionIdsToStages"]
        return found.get(version, [])

    def _description(self) -> dict[str, Any]:
        description: dict[str, Any] = self.manager.describe_secret(SecretId=self.secret_id)
        return description

    def _label(self, version: str) -> None:
        """Make the pending version that Secrets Manager makes before the first step, with the value of createSecret.

        Only Secrets Manager itself can make one without a value.
        """
        current = json.loads(self.manager.get_secret_value(SecretId=self.secret_id)["SecretString"])
        self.manager.put_secret_value(
            SecretId=self.secret_id,
            ClientRequestToken=version,
            SecretString=json.dumps(current | {"client_secret": secrets.token_hex(32)}),
            VersionStages=["AWSPENDING"],
        )


@pytest.mark.parametrize("agent", ["acme-corp/finance-agent"])
def test_no_request_fails_while_secrets_rotate(local_run: LocalRun, agent: str) -> None:
    rotation = Rotation.of(local_run, agent)
    with load(local_run, agent) as met:
        for rotated in range(2):
            met.wait_until_used(1 + rotated)
            rotation.wait_until_current(rotation.start())
        for rotated, step in enumerate(("createSecret", "setSecret", "testSecret"), start=2):
            met.wait_until_used(1 + rotated)
            version = rotation.stop_after(step)
            rotation.take_up_again()
            rotation.wait_until_current(version)
        met.wait_until_used(6)
    assert met.failures == []
    assert met.requests > 100
