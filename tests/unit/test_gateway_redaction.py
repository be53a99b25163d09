"""What is a secret or personal goes, what only looks like it stays, and JSON stays JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gateway_response.redaction import redact

R = "[redacted]"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

SECRETS = {
    "key AKIAIOSFODNN7EXAMPLE used": f"key {R} used",
    "ASIAIOSFODNN7EXAMPLE": R,
    f"a {PEM} b": f"a {R} b",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz": R,
    f"token {JWT}.": f"token {R}.",
    "Authorization: Bearer abcdefghijklmnop1234": f"Authorization: Bearer {R}",
    "password=hunter2 user=ann": f"password={R} user=ann",
    "PASSWORD: hunter2": f"PASSWORD: {R}",
    "DB_PASSWORD='a b c'": f"DB_PASSWORD={R}",
    '{"a": 1} password: "x y"': f'{{"a": 1}} password: {R}',
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": f"aws_secret_access_key = {R}",
    "postgres://ann:hunter2@db:5432/x": f"postgres://ann:{R}@db:5432/x",
    "https://api?api_key=abc&x=1": f"https://api?api_key={R}&x=1",
}

PERSONAL = {
    "ask ann.smith+x@mail.example.co.uk now": f"ask {R} now",
    "call +49 30 1234567": f"call {R}",
    "call +1 (555) 123-4567.": f"call {R}.",
    "(030) 123-4567": R,
    "card 4111 1111 1111 1111": f"card {R}",
    "5555-5555-5555-4444": R,
    "378282246310005": R,
}

KEPT = [
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:foundation/dev/agent-AbCdEf",
    "arn:aws:iam::123456789012:role/reader",
    "2026-11-25T10:30:00.123Z",
    "1764066600123",
    "10.0.1.100",
    "4111 1111 1111 1112",
    "i-0123456789abcdef0",
    "6f3a8f0e-7f3d-4c8e-9b1a-0d8e6f3a8f0e",
    "PasswordPolicy and secrets",
    "the bearer of this",
    "v1.2.3+45",
    "user@localhost",
    "next_page_token: eyJ2IjoxfQ==",
    "",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_goes(text: str) -> None:
    assert redact(text, ("secrets",)) == SECRETS[text]


@pytest.mark.parametrize("text", PERSONAL)
def test_what_is_personal_goes(text: str) -> None:
    assert redact(text, ("personal",)) == PERSONAL[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert redact(text, ("secrets", "personal")) == text


@pytest.mark.parametrize("text", [*SECRETS, *PERSONAL])
def test_nothing_goes_without_a_rule(text: str) -> None:
    assert redact(text, ()) == text


def test_a_member_that_names_a_secret_loses_its_text_and_nothing_else() -> None:
    value = {
        "password": "hunter2",
        "DbPassword": "x",
        "client_secret": "y",
        "password_enabled": "true",
        "api_key": None,
    }
    cleaned = {"password": R, "DbPassword": R, "client_secret": R, "password_enabled": "true", "api_key": None}
    assert redact(value, ("secrets",)) == cleaned
    assert redact({"next_page_token": "abc", "NextToken": "d"}, ("secrets",)) == {
        "next_page_token": "abc",
        "NextToken": "d",
    }


def test_a_json_text_stays_one() -> None:
    value = {"log": 'line with "password": "hun\\"ter2"', "user": {"password": "x"}, "n": 1.5}
    found = json.loads(redact(json.dumps(value), ("secrets",)))
    assert found["user"] == {"password": R}
    assert "ter2" not in found["log"]
    assert found["n"] == 1.5


def test_a_json_text_without_a_secret_stays_as_it_is() -> None:
    text = '{"a":  1,\n "b": [1.0]}'
    assert redact(text, ("secrets", "personal")) == text


def test_a_member_given_twice_hides_nothing() -> None:
    found = redact('{"a": "AKIAIOSFODNN7EXAMPLE", "a": "x"}', ("secrets",))
    assert "AKIA" not in found
    assert json.loads(found) == {"a": "x"}


def test_names_are_redacted_and_stay_apart() -> None:
    found = redact({"ann@example.com": 1, "bob@example.com": 2}, ("personal",))
    assert found == {R: 1, f"{R}+": 2}


def test_the_bytes_of_a_picture_stay() -> None:
    picture = {"type": "image", "data": "AKIAIOSFODNN7EXAMPLE", "mimeType": "image/png"}
    assert redact(picture, ("secrets",)) == picture


HARD: list[Any] = [
    "a" * 200_000, "password" * 25_000, "+1 " * 70_000, "1 " * 100_000, "a@" * 100_000, "." * 200_000, "eyJ" * 70_000,
    "-----BEGIN " * 20_000, "a://" * 50_000, "password=" * 20_000, "4" * 200_000, "(12) " * 40_000, "{" * 200_000,
    "[" * 200_000, '{"a":' * 100_000, "password=\"" + "\\" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HARD)))
def test_no_text_takes_long(number: int) -> None:
    begin = time.process_time()
    redact(HARD[number], ("secrets", "personal"))
    assert time.process_time() - begin < 3
