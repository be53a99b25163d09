"""The rotation's ports on AWS say what the services' API models take, and keep secrets out of errors."""

import base64
import json
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.stub import Stubber
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto import mock_aws

import secret_rotation.handler as entry
from secret_rotation.adapters import CognitoClientSecrets, OAuthTokenEndpoint, SecretsManager
from secret_rotation.ports import CURRENT, PENDING, PREVIOUS, AgentSecret, RotationError, TokenRefusedError
from secret_rotation.rotation import Rotation
from tests.http_server import Handler, listening
from tests.unit.secret_rotation_fakes import ARN, FakeClients, FakeStore, FakeTokens, Platform

POOL = "us-east-1_AbCdEfGhI"
VERSIONS = [f"{number:0>32}" for number in range(3)]


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield SecretsManager(boto3.client("secretsmanager", region_name="us-east-1"))


@pytest.fixture
def cognito() -> Iterator[tuple[CognitoClientSecrets, Stubber]]:
    client = boto3.client(
        "cognito-idp", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubber:
        yield CognitoClientSecrets(client, POOL), stubber
        stubber.assert_no_pending_responses()


def agent_secret(value: str) -> AgentSecret:
    return {"client_id": "client1", "client_secret": value, "token_endpoint": "https://t.example", "scopes": ["a/b"]}


def test_secrets_manager_keeps_versions_values_and_labels(secrets_manager: SecretsManager) -> None:
    created = secrets_manager.client.create_secret(
        Name="foundation/dev/agents/acme-corp/finance-agent",
        SecretString='{"status": "waiting for its first rotation"}',
        ClientRequestToken=VERSIONS[0],
        Tags=[{"Key": "foundation:client-id", "Value": "client1"}],
    )
    arn = created["ARN"]
    assert secrets_manager.read(arn, VERSIONS[0]) == {"status": "waiting for its first rotation"}
    assert secrets_manager.read(arn, VERSIONS[1]) is None
    secrets_manager.write_pending(arn, VERSIONS[1], agent_secret("s" * 64))
    secrets_manager.move_label(arn, "cognito-client1--1", to=VERSIONS[1])
    secrets_manager.move_label(arn, CURRENT, to=VERSIONS[1], off=VERSIONS[0])
    secrets_manager.move_label(arn, PENDING, off=VERSIONS[1])
    assert secrets_manager.read(arn, VERSIONS[1]) == agent_secret("s" * 64)
    state = secrets_manager.describe(arn)
    assert state.arn == arn
    assert state.client_id == "client1"
    assert state.rotation_enabled is False
    assert state.version(CURRENT) == VERSIONS[1]
    assert state.version(PREVIOUS) == VERSIONS[0]
    assert state.version(PENDING) is None
    assert state.cognito_ids(VERSIONS[1]) == {"client1--1"}


def test_a_value_that_is_no_object_is_refused_without_showing_it(secrets_manager: SecretsManager) -> None:
    arn = secrets_manager.client.create_secret(Name="x", SecretString='"hush"', ClientRequestToken=VERSIONS[0])["ARN"]
    with pytest.raises(RotationError, match="is not a JSON object") as error:
        secrets_manager.read(arn, VERSIONS[0])
    assert "hush" not in str(error.value)


def test_cognito_calls_fit_the_api_model(cognito: tuple[CognitoClientSecrets, Stubber]) -> None:
    clients, stubber = cognito
    who = {"UserPoolId": POOL, "ClientId": "client1"}
    older, newer = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    stubber.add_response(
        "list_user_pool_client_secrets",
        {
            "ClientSecrets": [
                {"ClientSecretId": "client1--2", "ClientSecretCreateDate": newer},
                {"ClientSecretId": "client1--1", "ClientSecretCreateDate": older},
            ]
        },
        who,
    )
    stubber.add_response(
        "add_user_pool_client_secret",
        {"ClientSecretDescriptor": {"ClientSecretId": "client1--3", "ClientSecretCreateDate": newer}},
        {**who, "ClientSecret": "s" * 64},
    )
    stubber.add_response("delete_user_pool_client_secret", {}, {**who, "ClientSecretId": "client1--1"})
    stubber.add_response(
        "describe_user_pool_client",
        {"UserPoolClient": {"ClientSecret": "s" * 64, "AllowedOAuthScopes": ["b/write", "a/read"]}},
        who,
    )
    assert clients.live("client1") == ["client1--1", "client1--2"]
    assert clients.add("client1", "s" * 64) == "client1--3"
    clients.delete("client1", "client1--1")
    assert clients.scopes("client1") == ["a/read", "b/write"]


@dataclass
class Endpoint:
    """A token endpoint over TLS with a certificate authority of its own."""

    url: str
    ca: Path
    status: int = 200
    answer: bytes = b'{"access_token": "t0ken", "token_type": "Bearer"}'
    requests: list[tuple[dict[str, str], dict[str, list[str]]]] = field(default_factory=list)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, key_pem


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    ca, key = self_signed(tmp_path)

    class TokenEndpoint(Handler):
        def do_POST(self) -> None:
            served.requests.append((dict(self.headers), parse_qs(self.body().decode())))
            self.send(served.status, served.answer)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    with listening(TokenEndpoint, tls=context) as port:
        served = Endpoint(f"https://localhost:{port}/oauth2/token", ca)
        yield served


def test_a_token_is_asked_for_as_rfc_6749_says(endpoint: Endpoint) -> None:
    OAuthTokenEndpoint(endpoint.url).request(client_id="client1", client_secret="a+b", scopes=["s/read", "s/write"])
    ((headers, form),) = endpoint.requests
    scheme, _, credentials = headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(credentials) == b"client1:a%2Bb"  # form-urlencoded before base64: §2.3.1
    assert form == {"grant_type": ["client_credentials"], "scope": ["s/read s/write"]}


def test_a_refusal_tells_the_error_code_and_nothing_else(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.answer = 400, b'{"error": "invalid_client", "error_description": "secret hush is wrong"}'
    with pytest.raises(TokenRefusedError, match="answered 400 invalid_client") as error:
        OAuthTokenEndpoint(endpoint.url).request(client_id="client1", client_secret="hush", scopes=[])
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"access_token": ""}'])
def test_an_answer_without_a_token_is_a_refusal(endpoint: Endpoint, answer: bytes) -> None:
    endpoint.answer = answer
    with pytest.raises(TokenRefusedError):
        OAuthTokenEndpoint(endpoint.url).request(client_id="client1", client_secret="x", scopes=[])


def test_a_refusal_that_is_no_json_is_named(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.answer = 503, b"<html>"
    with pytest.raises(TokenRefusedError, match="answered 503 without an OAuth error code"):
        OAuthTokenEndpoint(endpoint.url).request(client_id="client1", client_secret="x", scopes=[])


def test_an_endpoint_that_certificate_verification_does_not_know_gets_no_secret(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(TokenRefusedError, match="CERTIFICATE_VERIFY_FAILED"):
        OAuthTokenEndpoint(endpoint.url).request(client_id="client1", client_secret="x", scopes=[])
    assert endpoint.requests == []


def test_an_endpoint_without_tls_is_refused() -> None:
    with pytest.raises(RotationError, match="must begin with https://"):
        OAuthTokenEndpoint("http://localhost/oauth2/token")


def test_the_handler_logs_each_step_without_any_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = Platform()
    rotation = Rotation(
        store=FakeStore(platform), clients=FakeClients(platform), tokens=FakeTokens(platform), sleep=lambda _: None
    )
    lines: list[str] = []
    monkeypatch.setattr(entry, "_rotation", lambda: rotation)
    monkeypatch.setattr(entry.logger.registered_handler, "emit", lambda record: lines.append(formatted(record)))
    platform.announce("v1")
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        entry.handler({"Step": step, "SecretId": ARN, "ClientRequestToken": "v1"}, object())
    with pytest.raises(RotationError):
        entry.handler({"Step": "setSecret", "SecretId": ARN, "ClientRequestToken": "v2"}, object())
    records = [json.loads(line) for line in lines]
    assert [record["step"] for record in records] == [
        *("createSecret", "setSecret", "testSecret", "finishSecret", "setSecret")
    ]
    assert {record["secret"] for record in records} == {ARN}
    assert records[-1]["exception_name"] == "RotationError"
    assert str(platform.values["v1"]["client_secret"]) not in "".join(lines)


def test_the_handler_is_configured_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("USER_POOL_ID", POOL)
    monkeypatch.setenv("TOKEN_ENDPOINT", "https://t.example/oauth2/token")
    rotation = entry._rotation.__wrapped__()
    assert isinstance(rotation.clients, CognitoClientSecrets)
    assert rotation.clients.user_pool_id == POOL
    assert rotation.tokens.url == "https://t.example/oauth2/token"


def formatted(record: logging.LogRecord) -> str:
    return entry.logger.registered_formatter.format(record)
