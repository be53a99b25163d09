"""Attacks on the deployed gateway: each is refused with the right status, tells nothing, and leaves a record."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from joserfc.jwk import RSAKey

from tests.local.attacks import PROTOCOL, TOKENS, TOOLS, Attack, Attacker, Sent
from tests.local.audit_trail import AuditTrail
from tests.local.local_run import AGENT, LocalRun

ATTACKS = (*TOKENS, *TOOLS, *PROTOCOL)
BY_NAME = [pytest.param(attack, id=attack.name) for attack in ATTACKS]
AGENT_OF_ANOTHER_TENANT = "globex/support-agent"
PATIENCE = 60.0
"""Seconds for records to arrive in the store: functions print them, and a delivery stream gathers them first."""


@dataclass(frozen=True)
class Answered:
    """An attack's request and its answer."""

    sent: Sent
    answer: httpx2.Response

    @property
    def message(self) -> dict[str, Any]:
        """The JSON-RPC message of the answer."""
        message: dict[str, Any] = json.loads(self.answer.text)
        return message


@pytest.fixture(scope="module")
def attacker(local_run: LocalRun) -> Attacker:
    account = local_run.platform.account
    (pool,) = local_run.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    keys = local_run.platform.layout.emulator_state / "ministack" / "cognito-pool-keys"
    return Attacker(
        token=account.token(AGENT).value,
        other_token=account.token(AGENT_OF_ANOTHER_TENANT).value,
        key=RSAKey.import_key((keys / f"{pool['Id']}-access.pem").read_text()),
    )


@pytest.fixture(scope="module")
def answers(local_run: LocalRun, attacker: Attacker) -> Mapping[str, Answered]:
    """What each attack was answered, by its name."""
    url = local_run.platform.account.gateway_url()
    with httpx2.Client(trust_env=False, timeout=60) as http:
        sent = {attack.name: attack.send(attacker) for attack in ATTACKS}
        return {
            name: Answered(request, http.post(url, content=request.content, headers=request.all_headers))
            for name, request in sent.items()
        }


@pytest.fixture(scope="module")
def trail(local_run: LocalRun, answers: Mapping[str, Answered]) -> AuditTrail:
    """The audit store, once it holds a record of every attack, or its time is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = AuditTrail.read(local_run)
        if all(found.tells_of(each.sent, each.answer) for each in answers.values()) or time.monotonic() > deadline:
            return found
        time.sleep(1)


def test_the_attacks_are_many() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 40


def test_the_forger_has_the_right_key(local_run: LocalRun, attacker: Attacker) -> None:
    """Else every forged token would be refused for its signature, whatever its claims."""
    request = Sent(attacker.forged(jti="another"))
    url = local_run.platform.account.gateway_url()
    answer = httpx2.post(url, content=request.content, headers=request.all_headers, trust_env=False)
    assert (answer.status_code, "Hello, Ada!" in answer.text) == (200, True)


@pytest.mark.parametrize("attack", BY_NAME)
def test_an_attack_is_refused(answers: Mapping[str, Answered], attack: Attack) -> None:
    answered = answers[attack.name]
    assert answered.answer.status_code == attack.status, answered.answer.text
    assert set(answered.message) == {"jsonrpc", "id", "error"}, "an error and no result"
    if attack.error is not None:
        assert answered.message["error"]["code"] == attack.error
    if attack.status == 401:
        assert answered.answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


@pytest.mark.parametrize("attack", BY_NAME)
def test_a_refusal_repeats_nothing_of_the_request(answers: Mapping[str, Answered], attack: Attack) -> None:
    text = answers[attack.name].answer.text
    for word in ("stranger", "/etc/passwd", "X-Admin", "globex", "us-east-1_SomeoneEls"):
        assert word not in text


@pytest.mark.parametrize("value", ["a\rX-Tenant-ID: globex", "a\0b"])
def test_a_header_that_hides_another_is_no_http(local_run: LocalRun, attacker: Attacker, value: str) -> None:
    """Written to the socket as it is: HTTP libraries would not send it.

    A line feed alone ends a line (RFC 9112 section 2.2): what follows is a header like others, and is overwritten.
    """
    request = Sent(attacker.token)
    lines = [f"{name}: {text}" for name, text in (request.all_headers | {"X-Correlation-ID": value}).items()]
    head = ["POST /mcp HTTP/1.1", f"Host: 127.0.0.1:{local_run.ports.gateway}", *lines]
    head.append(f"Content-Length: {len(request.content)}")
    with socket.create_connection(("127.0.0.1", local_run.ports.gateway), timeout=10) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + request.content)
        answer = connection.recv(65_536)
    assert answer.split(b" ", 2)[1] == b"400"
    assert b"Hello" not in answer


@pytest.mark.parametrize("attack", BY_NAME)
def test_an_attack_leaves_a_record(answers: Mapping[str, Answered], trail: AuditTrail, attack: Attack) -> None:
    answered = answers[attack.name]
    assert trail.tells_of(answered.sent, answered.answer)


def test_no_record_holds_a_token_or_an_argument(trail: AuditTrail, attacker: Attacker) -> None:
    signatures = [token.rpartition(".")[2] for token in (attacker.token, attacker.other_token)]
    for text in trail.lines:
        assert not any(signature in text for signature in signatures)
        assert "eyJ" not in text, "a token"
        assert '"Ada"' not in text, "an argument"
