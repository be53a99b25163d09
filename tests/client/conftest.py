"""What the client's tests share: a service that may fail, and a place that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.service import Service
from tests.client.fake_service import KEY, REGION, SECRET, TOKEN, FakeService, running


@pytest.fixture
def fake() -> Iterator[FakeService]:
    """The service, listening."""
    with running(FakeService()) as service:
        yield service


@pytest.fixture
def place(fake: FakeService) -> Place:
    """The way to it."""
    return Place(
        url=fake.url,
        region=REGION,
        credentials=Credentials(KEY, SECRET, TOKEN),
        as_whom="profile acme",
        title="acme-corp/finance-agent in dev",
        policy="foundation-dev-acme-corp-finance-agent-caller",
    )


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client would have waited."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    """Patience that takes no time: its clock goes on by what it waits, and jitter is all there is to draw."""
    return Patience(sleep=waits.append, uniform=lambda _, most: most, now=lambda: sum(waits))


@pytest.fixture
def service(place: Place, patience: Patience) -> Iterator[Service]:
    """The client's side of it."""
    with Service(place, patience=patience) as service:
        yield service


@pytest.fixture
def environment(fake: FakeService, tmp_path: Path) -> dict[str, str]:
    """Variables for a process of the client: they lead to the service, and to nothing of this machine."""
    return client_variables(fake.url, tmp_path)


def client_variables(url: str, folder: Path) -> dict[str, str]:
    """The same for any folder."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "FOUNDATION_URL": url,
        "FOUNDATION_AGENT": "acme-corp/finance-agent",
        "FOUNDATION_ENV": "dev",
    }
