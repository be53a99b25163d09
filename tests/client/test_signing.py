"""Requests are signed anew each time they are sent, with credentials that are fresh then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from foundation_client.failure import CommandError, Exit
from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.service import Service
from foundation_client.turn import Turn
from tests.client.fake_service import KEY, SECRET, TOKEN, FakeService, Fault, conversation_id


def test_every_request_of_the_client_is_signed_with_its_body(fake: FakeService, service: Service) -> None:
    list(Turn(service, "hello, 世界", None).events())
    service.conversations(1)
    service.messages(conversation_id(1))
    service.tools()
    service.delete(conversation_id(1))
    assert len(fake.requests) == 5
    assert fake.bad_signatures == []
    for headers in fake.headers:
        assert "x-amz-security-token" in headers["authorization"]  # the token is signed too
        assert headers["user-agent"].startswith("foundation-client/")


def test_credentials_that_expire_are_refreshed_between_two_tries(
    fake: FakeService, place: Place, patience: Patience
) -> None:
    given = []

    def refresh() -> dict[str, str]:
        given.append(1)
        expiry = datetime.now(UTC) + timedelta(seconds=-1 if len(given) == 1 else 3600)
        return {"access_key": KEY, "secret_key": SECRET, "token": TOKEN, "expiry_time": expiry.isoformat()}

    credentials = RefreshableCredentials.create_from_metadata(refresh(), refresh, "sso")
    given.clear()
    given.append(1)
    place = Place(**{**place.__dict__, "credentials": credentials})
    fake.faults.append(Fault(503, b"x", {"content-type": "text/plain"}))
    with Service(place, patience=patience) as service:
        service.tools()
    assert len(given) == 2
    assert fake.bad_signatures == []


def test_a_session_that_ends_amid_a_conversation_is_told(place: Place, patience: Patience) -> None:
    def refresh() -> dict[str, str]:
        raise CredentialRetrievalError(provider="sso", error_msg="the session is over")

    expired = {"access_key": KEY, "secret_key": SECRET, "token": TOKEN, "expiry_time": "2020-01-01T00:00:00Z"}
    credentials = RefreshableCredentials.create_from_metadata(expired, refresh, "sso")
    with (
        Service(Place(**{**place.__dict__, "credentials": credentials}), patience=patience) as service,
        pytest.raises(CommandError, match="the session is over") as caught,
    ):
        service.tools()
    assert caught.value.code == Exit.CREDENTIALS
