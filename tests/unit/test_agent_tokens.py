"""An agent's token: got once, shared, replaced in time, and got through rotations and troubles of the endpoint."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from gateway_agent import tokens as module
from gateway_agent.errors import (
    AgentError,
    SecretError,
    SecretWaitingError,
    TokenRefusedError,
    TokenUnavailableError,
)
from gateway_agent.retries import Backoff, retry_after
from gateway_agent.tokens import TokenSource
from tests.unit.agent_services import SCOPES, SECRET, AgentServices, agent_services, status


@pytest.fixture(scope="module")
def running() -> Iterator[AgentServices]:
    with agent_services() as found:
        yield found


@pytest.fixture
def services(running: AgentServices) -> AgentServices:
    """The services, with nothing left of an earlier test."""
    running.reset()
    return running


@pytest.fixture
def waits() -> list[float]:
    """The pauses between attempts, which no test waits for."""
    return []


@pytest.fixture
def source(services: AgentServices, waits: list[float]) -> TokenSource:
    return made(services, waits)


def made(services: AgentServices, waits: list[float], *, secret_id: str = SECRET, **options: Any) -> TokenSource:
    return TokenSource(
        secret_id, secrets=services.client("secretsmanager"), http=services.http(), sleep=waits.append, **options
    )


class Clocks:
    """Both clocks of the module, set by the test."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 500.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(module, "time", clocks)
    return clocks


def test_the_secret_becomes_a_token_with_its_scopes(services: AgentServices, source: TokenSource) -> None:
    assert source.token() == "token-1"
    assert services.token_requests == [{"grant_type": ["client_credentials"], "scope": [" ".join(SCOPES)]}]


def test_a_token_is_kept(services: AgentServices, source: TokenSource) -> None:
    assert {source.token() for _ in range(5)} == {"token-1"}
    assert services.secret_reads == len(services.token_requests) == 1


def test_a_token_is_replaced_before_it_expires_and_the_secret_is_not_read_for_that(
    services: AgentServices, source: TokenSource, clocks: Clocks
) -> None:
    source.token()
    clocks.pass_by(839)
    assert source.token() == "token-1"
    clocks.pass_by(2)
    assert source.token() == "token-2"
    assert services.secret_reads == 1


@pytest.mark.parametrize("clock", ["wall", "steady"])
def test_a_token_is_old_when_either_clock_says_so(source: TokenSource, clocks: Clocks, clock: str) -> None:
    source.token()
    setattr(clocks, clock, getattr(clocks, clock) + 900)
    assert source.token() == "token-2"


def test_a_token_of_a_short_life_is_kept_for_most_of_it(
    services: AgentServices, source: TokenSource, clocks: Clocks
) -> None:
    services.lifetime = 30
    source.token()
    clocks.pass_by(26)
    assert source.token() == "token-1"
    clocks.pass_by(2)
    assert source.token() == "token-2"


def test_threads_share_one_request(services: AgentServices, source: TokenSource) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(_request: Any) -> Any:
        asked.set()
        answer.wait(timeout=10)
        services.given.append("token-of-all")
        return status(200, {"access_token": "token-of-all", "expires_in": 900})(_request)

    services.token_answers.append(slow)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(source.token) for _ in range(20)]
        assert asked.wait(timeout=10)
        answer.set()
        assert {future.result(timeout=10) for future in waiting} == {"token-of-all"}
    assert len(services.token_requests) == 1


def test_a_failure_reaches_all_who_wait_and_the_next_call_asks_again(
    services: AgentServices, source: TokenSource
) -> None:
    services.secret["client_secret"] = "wrong"
    with pytest.raises(TokenRefusedError):
        source.token()
    services.secret["client_secret"] = "secret-1"
    assert source.token() == "token-1"


def test_a_kept_secret_that_is_refused_is_read_anew(
    services: AgentServices, source: TokenSource, clocks: Clocks
) -> None:
    source.token()
    services.rotate("secret-3", live={"secret-2", "secret-3"})
    clocks.pass_by(900)
    assert source.token() == "token-2"
    assert services.secret_reads == 2


def test_a_rotation_that_keeps_the_old_secret_is_not_noticed(
    services: AgentServices, source: TokenSource, clocks: Clocks
) -> None:
    source.token()
    services.rotate("secret-2", live={"secret-1", "secret-2"})
    clocks.pass_by(900)
    assert source.token() == "token-2"
    assert services.secret_reads == 1


def test_a_refused_token_is_forgotten_and_got_with_the_secret_read_anew(
    services: AgentServices, source: TokenSource
) -> None:
    refused = source.token()
    source.forget(refused)
    assert source.token() == "token-2"
    source.forget(refused)  # of a call that was slower
    assert source.token() == "token-2"
    assert services.secret_reads == 2


def test_an_endpoint_that_is_busy_is_asked_again_after_what_it_says(
    services: AgentServices, source: TokenSource, waits: list[float]
) -> None:
    services.token_answers += [status(429, retry_after="3"), status(503), status(500)]
    assert source.token() == "token-1"
    assert len(waits) == 3
    assert waits[0] == 3
    assert waits[1] <= 0.5
    assert waits[2] <= 1.0


def test_an_endpoint_that_stays_busy_is_not_asked_for_ever(
    services: AgentServices, source: TokenSource, waits: list[float]
) -> None:
    services.token_answers += [status(503)] * 10
    with pytest.raises(TokenUnavailableError, match="answered 503, at attempt 4"):
        source.token()
    assert len(services.token_requests) == 4


def test_a_token_that_still_holds_is_used_while_the_endpoint_is_down(
    services: AgentServices, source: TokenSource, clocks: Clocks
) -> None:
    source.token()
    services.token_answers += [status(503)] * 8
    clocks.pass_by(850)
    assert source.token() == "token-1"
    clocks.pass_by(60)
    with pytest.raises(TokenUnavailableError):
        source.token()


def test_an_endpoint_that_cannot_be_reached_is_told_with_its_address(
    services: AgentServices, source: TokenSource, waits: list[float]
) -> None:
    services.secret["token_endpoint"] = "http://127.0.0.1:9/oauth2/token"
    with pytest.raises(TokenUnavailableError, match=r"127\.0\.0\.1:9/oauth2/token did not answer \(ConnectError\)"):
        source.token()
    assert len(waits) == 3


def test_a_secret_that_waits_for_its_first_rotation_is_told_and_read_again(
    services: AgentServices, source: TokenSource
) -> None:
    written = dict(services.secret)
    services.secret.clear()
    services.secret.update({"status": "waiting for its first rotation", "placeholder": "x"})
    with pytest.raises(SecretWaitingError, match="waits for its first rotation"):
        source.token()
    services.secret.clear()
    services.secret.update(written)
    assert source.token() == "token-1"


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "token_endpoint", "scopes"])
def test_a_secret_that_lacks_a_member_is_told(services: AgentServices, source: TokenSource, missing: str) -> None:
    del services.secret[missing]
    with pytest.raises(SecretError, match="lacks client_id, client_secret, token_endpoint or scopes"):
        source.token()


def test_a_secret_that_is_not_there_is_told_by_its_name(services: AgentServices, waits: list[float]) -> None:
    with pytest.raises(SecretError, match="ResourceNotFoundException for the secret nobody"):
        made(services, waits, secret_id="nobody").token()


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": 1}, {"access_token": "t", "expires_in": "soon"}, []]
)
def test_an_answer_without_a_token_is_none(services: AgentServices, source: TokenSource, body: Any) -> None:
    services.token_answers.append(status(200, body))
    with pytest.raises(TokenUnavailableError, match="answered 200 without an access token"):
        source.token()


def test_neither_secret_nor_token_is_in_a_representation_an_error_or_a_log(
    services: AgentServices, source: TokenSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # botocore's own DEBUG lines hold whole answers
    source.token()
    services.secret["client_secret"] = "secret-that-is-wrong"
    source.forget("token-1")
    with pytest.raises(AgentError) as raised:
        source.token()
    texts = [repr(source), str(raised.value), *(record.getMessage() for record in caplog.records)]
    texts += [repr(vars(source))]
    assert not [text for text in texts if "secret-1" in text or "secret-that" in text or "token-1" in text]


def test_a_wait_that_a_server_asks_for_is_never_cut_short() -> None:
    backoff = Backoff(attempts=3, first=1, longest=8)
    assert backoff.seconds(1, asked=7.5) == 7.5
    assert backoff.seconds(1, asked=9) is None
    assert backoff.seconds(3) is None
    assert all(0 <= (backoff.seconds(2) or 0) <= 2 for _ in range(100))


def test_retry_after_is_seconds_or_a_date() -> None:
    in_a_minute = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    assert retry_after("5") == 5
    assert 58 <= (retry_after(in_a_minute) or 0) <= 61
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is retry_after(None) is None


def test_the_secrets_client_id_and_value_are_form_encoded_in_the_header(waits: list[float]) -> None:
    """RFC 6749 §2.3.1; Cognito's own are of letters and digits, another provider's may hold anything."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return httpx2.Response(200, json={"access_token": "t", "expires_in": 60})

    found = {"client_id": "a:b", "client_secret": "c d/", "token_endpoint": "https://x/", "scopes": []}
    secrets: Any = SimpleNamespace(get_secret_value=lambda **_: {"SecretString": json.dumps(found)})
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    assert TokenSource("s", secrets=secrets, http=http).token() == "t"
    assert httpx2.BasicAuth("a%3Ab", "c+d%2F")._auth_header == seen[0]
