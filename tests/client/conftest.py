"""What the client's tests share: a service that may fail, and a place that leads to it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.service import Service
from tests.client.fake_service import KEY, REGION, SECRET, TOKEN, FakeService, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """What serves it, once for all tests."""
    with Server() as server:
        yield server


@pytest.fixture
def fake(server: Server) -> FakeService:
    """The service, listening."""
    return server.serve(FakeService())


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


@pytest.fixture
def untrusted_server(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # the test is over
                    return
                with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
