"""What goes wrong is said in a sentence with the way out, and with its exit code."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from foundation_client.failure import CommandError, Exit
from foundation_client.local_platform import LocalPlatform
from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.service import Service
from foundation_client.turn import Turn
from tests.client.fake_service import FakeService, Fault, conversation_id, iam_refusal, problem

_HTML = Fault(200, b"<html>Sign in to the hotel's wifi</html>", {"content-type": "text/html"})

REFUSALS = {
    "IAM": (iam_refusal(), Exit.CREDENTIALS, "managed policy foundation-dev-acme-corp-finance-agent-caller"),
    "the service": (
        problem(403, "caller_refused", "role/x may not."),
        Exit.CREDENTIALS,
        "not among the agent's `callers`",
    ),
    "an expired session": (
        iam_refusal("The security token included in the request is expired"),
        Exit.CREDENTIALS,
        "session has expired: run `aws sso login`",
    ),
    "an unknown key": (
        iam_refusal("The security token included in the request is invalid."),
        Exit.CREDENTIALS,
        "does not accept the signature of profile acme",
    ),
    "an unknown conversation": (
        problem(404, "conversation_not_found", "There is none."),
        Exit.AGENT,
        "`foundation conversations` lists yours",
    ),
    "an old client": (problem(400, "invalid_request", "Unknown key."), Exit.AGENT, "may be older than the service"),
    "a portal": (_HTML, Exit.UNREACHABLE, "is no agent's service"),
    "another service": (
        Fault(404, b"nope", {"content-type": "text/plain"}),
        Exit.UNREACHABLE,
        "status 404, text/plain",
    ),
    "a redirection": (Fault(302, b"x", {"location": "https://elsewhere.example/"}), Exit.UNREACHABLE, "status 302"),
    "a broken problem": (
        Fault(500, b"{", {"content-type": "application/problem+json"}),
        Exit.UNREACHABLE,
        "is no agent's service",
    ),
}


@pytest.mark.parametrize("who", REFUSALS)
def test_a_refusal_is_explained(fake: FakeService, service: Service, who: str) -> None:
    fault, code, words = REFUSALS[who]
    fake.faults.append(fault)
    with pytest.raises(CommandError) as caught:
        list(Turn(service, "question", None).events())
    assert words in str(caught.value)
    assert caught.value.code == code
    assert "session-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("minutes", "words"), [(42, "is 42 minutes behind AWS's"), (-42, "is 42 minutes ahead of AWS's")]
)
def test_a_wrong_clock_is_told(fake: FakeService, service: Service, minutes: int, words: str) -> None:
    # By AWS's clock, half a minute more or less does not change the rounded difference.
    date = datetime.now(UTC) + timedelta(minutes=minutes)
    fake.faults.append(iam_refusal(date=format_datetime(date, usegmt=True)))
    with pytest.raises(CommandError, match=words) as caught:
        service.tools()
    assert caught.value.code == Exit.CREDENTIALS


@pytest.mark.parametrize("who", ["IAM", "a portal", "another service"])
def test_a_refused_listing_is_explained_alike(fake: FakeService, service: Service, who: str) -> None:
    fault, code, words = REFUSALS[who]
    fake.faults.append(fault)
    with pytest.raises(CommandError) as caught:
        service.conversations(5)
    assert words in str(caught.value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "frames", [b"event: text\ndata: no json\n\n", b"event: text\ndata: {}\n\n", b"event: done\ndata: []\n\n"]
)
def test_a_malformed_event_is_no_reason_to_try_again(fake: FakeService, service: Service, frames: bytes) -> None:
    fake.faults.append(Fault(frames=frames))
    with pytest.raises(CommandError, match="update the client"):
        list(Turn(service, "question", None).events())
    assert len(fake.bodies) == 1


def test_a_wrong_key_is_found_by_the_signature(fake: FakeService, place: Place, patience: Patience) -> None:
    wrong = replace(place, credentials=Credentials("AKIAIOSFODNN7EXAMPLE", "another", "session-token"))
    with (
        Service(wrong, patience=patience) as service,
        pytest.raises(CommandError, match="does not accept the signature"),
    ):
        service.tools()
    assert fake.bad_signatures == ["another signature"]


def test_nobody_there_is_tried_again_and_then_told(place: Place, patience: Patience, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        Service(replace(place, url=f"http://127.0.0.1:{port}"), patience=patience) as service,
        pytest.raises(CommandError, match="cannot be reached") as caught,
    ):
        service.tools()
    assert caught.value.code == Exit.UNREACHABLE
    assert len(waits) == patience.attempts - 1


def test_a_certificate_of_an_unknown_authority_is_told_at_once(
    place: Place, patience: Patience, waits: list[float], untrusted_server: int
) -> None:
    with (
        Service(replace(place, url=f"https://localhost:{untrusted_server}"), patience=patience) as service,
        pytest.raises(CommandError, match=r"not to be trusted \(.*\): .*AWS_CA_BUNDLE") as caught,
    ):
        service.tools()
    assert caught.value.code == Exit.UNREACHABLE
    assert waits == []


def test_a_local_platform_has_its_own_way_out(fake: FakeService, place: Place, patience: Patience) -> None:
    local = LocalPlatform(
        environment="dev",
        region="us-east-1",
        endpoint_url="http://127.0.0.1:4566",
        proxy="http://127.0.0.1:4570",
        ca_file=Path("ca.pem"),
        credentials_file=Path("credentials"),
        profile="finance-team",
        agent=None,
    )
    fake.faults.append(iam_refusal("The security token included in the request is expired"))
    with (
        Service(replace(place, local=local), patience=patience) as service,
        pytest.raises(CommandError, match="`make local`"),
    ):
        service.tools()


def test_a_deletion_whose_answer_was_lost_counts(fake: FakeService, service: Service) -> None:
    fake.conversations[conversation_id(1)] = [("user", "hello")]
    fake.faults.append(Fault(502, b"Internal Server Error", {"content-type": "text/plain"}))
    fake.conversations.clear()
    service.delete(conversation_id(1))
    with pytest.raises(CommandError, match="There is no conversation"):
        service.delete(conversation_id(1))


@pytest.mark.parametrize("typed", ["../tools/fetch", "a/b", "", "a b", "6f1c2d9e", "%2e%2e"])
def test_an_id_that_is_cut_or_would_lead_elsewhere_is_not_sent(fake: FakeService, service: Service, typed: str) -> None:
    with pytest.raises(CommandError, match="`foundation conversations` lists them") as caught:
        service.delete(typed)
    assert caught.value.code == Exit.USAGE
    assert fake.requests == []


def test_long_lists_come_page_by_page(fake: FakeService, service: Service) -> None:
    ids = [conversation_id(number) for number in range(7)]
    for name in ids:
        fake.conversations[name] = [("user", f"question {name}")]
    assert [row.conversation_id for row in service.conversations(5)] == ids[:1:-1]
    assert len(service.conversations(100)) == 7
    texts = [str(number) for number in range(500)]
    fake.conversations[ids[1]] = [("user", text) for text in texts]
    assert [message.content[0]["text"] for message in service.messages(ids[1])] == texts
    assert fake.bad_signatures == []
