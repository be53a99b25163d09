"""The token of an agent: got with its secret, kept until shortly before it expires, got anew after a rotation.

Two client secrets of an agent are live at any time (docs/decisions/client-secrets.md), so a rotation is noticed only by
who kept a secret over two of them: the endpoint refuses it, it is read anew, and the request is made once more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import httpx2

from gateway_agent.errors import TokenRefusedError, TokenUnavailableError
from gateway_agent.retries import TRANSIENT, Backoff, retry_after
from gateway_agent.secrets import Credentials

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_MARGIN_SECONDS = 60.0
"""A token is replaced this long before it expires, or after nine tenths of its life when that is later."""
_UNKNOWN_LIFE_SECONDS = 60.0
"""How long a token counts whose endpoint does not say (RFC 6749 §5.1 only recommends `expires_in`)."""


@dataclass(frozen=True, kw_only=True)
class _Token:
    """An access token and when it was asked for, by two clocks.

    While Lambda freezes an environment the steady clock may stand still, and the wall clock may be set back: a token is
    old when either says so.
    """

    value: str = field(repr=False)
    wall: float
    steady: float
    life: float

    def left(self) -> float:
        """Seconds until it expires."""
        return self.life - max(time.time() - self.wall, time.monotonic() - self.steady)

    def is_young(self) -> bool:
        """Whether it need not be replaced yet."""
        return self.left() > min(_MARGIN_SECONDS, self.life / 10)


class TokenSource:
    """Gives an agent's access token. Safe for any number of threads, of which one asks the endpoint at a time.

    Args:
        secret_id: Name or ARN of the agent's secret.
        secrets: Secrets Manager, as the agent.
        http: Client for the token endpoint; its timeouts count.
        backoff: When the endpoint is asked again that is busy or does not answer.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        secret_id: str,
        *,
        secrets: SecretsManagerClient,
        http: httpx2.Client,
        backoff: Backoff | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secret_id, self._secrets, self._http = secret_id, secrets, http
        self._backoff, self._sleep = backoff or Backoff(), sleep
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._token: _Token | None = None
        self._flight: Future[str] | None = None

    def __repr__(self) -> str:
        """Names the secret and nothing that it holds."""
        return f"TokenSource({self._secret_id!r})"

    def token(self) -> str:
        """The access token; it blocks while it has to be got.

        Raises:
            SecretError: The secret cannot be used; SecretWaitingError while its first rotation is awaited.
            TokenRefusedError: The endpoint refuses the client, with the secret read anew too.
            TokenUnavailableError: The endpoint gives no answer that counts.
        """
        with self._lock:
            if self._token and self._token.is_young():
                return self._token.value
            flight, leads = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = Future()
        if leads:
            self._fly(flight)
        return flight.result()

    def forget(self, token: str) -> None:
        """Tell that the gateway refused a token: the next one is got with the secret read anew.

        A token that has been replaced meanwhile changes nothing, so that many calls refused together cost one request.
        """
        with self._lock:
            if self._token and self._token.value == token:
                self._token = self._credentials = None

    def _fly(self, flight: Future[str]) -> None:
        """Get a token for all who wait for it."""
        try:
            token = self._renewed()
        except BaseException as error:
            with self._lock:
                self._flight = None
            flight.set_exception(error)
        else:
            with self._lock:
                self._token, self._flight = token, None
            flight.set_result(token.value)

    def _renewed(self) -> _Token:
        try:
            return self._requested_twice()
        except TokenUnavailableError:
            held = self._token
            if held and held.left() > 0:  # the margin is there to bridge such a time
                return held
            raise

    def _requested_twice(self) -> _Token:
        kept = self._credentials
        if kept is None:
            return self._requested(self._read())
        try:
            return self._requested(kept)
        except TokenRefusedError:
            return self._requested(self._read())

    def _read(self) -> Credentials:
        self._credentials = Credentials.read(self._secrets, self._secret_id)
        return self._credentials

    def _requested(self, credentials: Credentials) -> _Token:
        """The client-credentials grant (RFC 6749 §4.4.2) with client_secret_basic (§2.3.1)."""
        for attempt in range(1, self._backoff.attempts + 1):
            asked_at = (time.time(), time.monotonic())
            try:
                answer = self._http.post(
                    credentials.token_endpoint,
                    data={
                        "grant_type": "client_credentials",
                        **({"scope": " ".join(credentials.scopes)} if credentials.scopes else {}),
                    },
                    auth=(quote_plus(credentials.client_id), quote_plus(credentials.client_secret)),
                )
            except httpx2.TransportError as error:
                trouble, asked = f"did not answer ({type(error).__name__})", None
            else:
                if answer.status_code not in TRANSIENT:
                    return _token(answer, *asked_at)
                trouble, asked = f"answered {answer.status_code}", retry_after(answer.headers.get("retry-after"))
            pause = self._backoff.seconds(attempt, asked=asked)
            if pause is None:
                break
            self._sleep(pause)
        raise TokenUnavailableError(f"{credentials.token_endpoint} {trouble}, at attempt {attempt} too.")


def _token(answer: httpx2.Response, wall: float, steady: float) -> _Token:
    """The token of an answer (RFC 6749 §5.1).

    Raises:
        TokenRefusedError: It holds an error (§5.2), of which only the code is told.
        TokenUnavailableError: It is no answer of a token endpoint.
    """
    try:
        body: Any = answer.json()
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {}
    if answer.status_code != 200:
        code = said.get("error")
        raise TokenRefusedError(
            f"{answer.url} answered {answer.status_code} ({code if isinstance(code, str) else 'no OAuth error code'}): "
            "rotate the agent's secret (aws secretsmanager rotate-secret) and see that its client exists."
        )
    value, life = said.get("access_token"), said.get("expires_in", _UNKNOWN_LIFE_SECONDS)
    if not isinstance(value, str) or not value or not isinstance(life, int | float):
        raise TokenUnavailableError(f"{answer.url} answered 200 without an access token.")
    return _Token(value=value, wall=wall, steady=steady, life=float(life))
