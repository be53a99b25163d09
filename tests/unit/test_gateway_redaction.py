"""What is a secret or personal goes, what only looks like it stays, and JSON stays JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from gateway_response.redaction import redact

R = "[redacted]"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
ENCRYPTED = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\nMIIE\n"
    "-----END RSA PRIVATE KEY-----"
)
PGP = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: a-b\n\nlQdG\n-----END PGP PRIVATE KEY BLOCK-----"
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
    "x:password=hunter2": f"x:password={R}",
    "a:secret:hunter2": f"a:secret:{R}",
    'password="hunter2': f"password={R}",
    'said {\\"password\\": \\"hunter2\\"}': f'said {{\\"password\\": {R}\\"}}',
    '"SecretString": "hunter2"': f'"SecretString": {R}',
    "passwords: hunter2": f"passwords: {R}",
    "password => hunter2": f"password => {R}",
    f"password={'a' * 9000} b": f"password={R} b",
    "Authorization: Basic YW5uOmh1bnRlcjI=": f"Authorization: Basic {R}",
    '"authorization": "basic YTpi"': f'"authorization": "basic {R}"',
    "Bearer\tabcdefghijklmnop1234": f"Bearer\t{R}",
    f"id-{JWT}": f"id-{R}",
    f"a {ENCRYPTED} b": f"a {R} b",
    f"a {PGP} b": f"a {R} b",
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


PICTURE = {"type": "image", "data": "AKIAIOSFODNN7EXAMPLE", "mimeType": "image/png"}


def test_the_bytes_of_a_picture_stay() -> None:
    answer = {"content": [PICTURE, {**PICTURE, "type": "audio"}]}
    assert redact(answer, ("secrets",)) == answer


@pytest.mark.parametrize(
    "value",
    [
        PICTURE,
        {"content": [{**PICTURE, "type": "text"}]},
        {"content": [{**PICTURE, "data": "AKIAIOSFODNN7EXAMPLE and more"}]},
        {"content": [[PICTURE]]},
        {"structuredContent": {"content": [PICTURE], "rows": [PICTURE]}},
        {"content": [{"type": "text", "text": json.dumps({"rows": [PICTURE]})}]},
    ],
)
def test_what_only_calls_itself_a_picture_is_redacted(value: Any) -> None:
    assert "AKIA" not in json.dumps(redact(value, ("secrets",)))


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ({"pin": 1, "password": 123456}, {"pin": 1, "password": R}),
        ({"secret": 1.5, "password": True, "pwd": ""}, {"secret": R, "password": True, "pwd": ""}),
        ({"passwords": ["a", 7, None]}, {"passwords": [R, R, None]}),
        ({"credentials": {"user": "ann", "tries": 3}}, {"credentials": {"user": R, "tries": R}}),
        ({"password": {"S": "hunter2"}}, {"password": {"S": R}}),
        ({"SecretString": "{\"a\": 1}", "SecretBinary": "YQ=="}, {"SecretString": R, "SecretBinary": R}),
        ({"DB_PASSWORD": "x", "password_2": "y"}, {"DB_PASSWORD": R, "password_2": R}),
        ({"Authorization": "Basic YTpi"}, {"Authorization": R}),
        ({"name": "DB_PASSWORD", "value": "x"}, {"name": "DB_PASSWORD", "value": R}),
        ({"Value": "x", "Key": "api-key"}, {"Value": R, "Key": "api-key"}),
        (
            {"ParameterKey": "DbPassword", "ParameterValue": "x", "ResolvedValue": "y"},
            {"ParameterKey": "DbPassword", "ParameterValue": R, "ResolvedValue": R},
        ),
        (
            {"parameter_name": "/app/secret", "parameter_value": {"deep": [1]}},
            {"parameter_name": "/app/secret", "parameter_value": {"deep": [R]}},
        ),
        ({"Name": "x", "Type": "SecureString", "Value": "v"}, {"Name": "x", "Type": "SecureString", "Value": R}),
        ({"Name": "colour", "Value": "blue"}, {"Name": "colour", "Value": "blue"}),
    ],
)  # fmt: skip
def test_whatever_goes_by_the_name_of_a_secret_goes_in_its_shape(value: Any, cleaned: Any) -> None:
    assert redact(value, ("secrets",)) == cleaned
    assert json.loads(redact(json.dumps(value), ("secrets",))) == cleaned


def test_names_inside_a_secret_are_redacted_as_well() -> None:
    assert redact({"credentials": {"AKIAIOSFODNN7EXAMPLE": 1}}, ("secrets",)) == {"credentials": {R: R}}


@pytest.mark.parametrize("kind", ["AWS_IAM", "NONE", "CUSTOM_JWT"])
def test_how_callers_are_checked_is_no_secret(kind: str) -> None:
    assert redact({"authorization": kind}, ["secrets"]) == {"authorization": kind}


@pytest.mark.parametrize("number", [4111111111111111, 4111111111111111.0, 378282246310005])
def test_a_card_number_goes_as_a_number_too(number: float) -> None:
    assert redact({"paid_with": [number]}, ("personal",)) == {"paid_with": [R]}
    assert json.loads(redact(json.dumps({"n": number}), ("personal",))) == {"n": R}


@pytest.mark.parametrize(
    "number", [1764066600123, 4111111111111112, 1e300, float("inf"), float("nan"), True, -5, 10**400]
)
def test_other_numbers_stay(number: float) -> None:
    assert redact([number], ("secrets", "personal"))[0] is number


HARD: dict[str, Callable[[int], str]] = {
    "letters": lambda n: "a" * n,
    "names": lambda n: "password" * (n // 8),
    "phones": lambda n: "+1 " * (n // 3),
    "digits": lambda n: "1 " * (n // 2),
    "cards": lambda n: "4" * n,
    "mails": lambda n: "a@" * (n // 2),
    "dots": lambda n: "." * n,
    "tokens": lambda n: "eyJ" * (n // 3),
    "hyphened tokens": lambda n: "x " + "eyJ-" * (n // 4),
    "dotted tokens": lambda n: "eyJaaaaa." * (n // 9),
    "keys": lambda n: "-----BEGIN " * (n // 11),
    "keys without an end": lambda n: "-----BEGIN PRIVATE KEY-----" * (n // 27),
    "ends": lambda n: "-----BEGIN PRIVATE KEY-----" + "-----END " * (n // 9),
    "addresses": lambda n: "a://" * (n // 4),
    "pairs": lambda n: "password=" * (n // 9),
    "quotes": lambda n: 'password="' * (n // 10),
    "backslashes": lambda n: 'password="' + "\\" * n,
    "escaped quotes": lambda n: 'password=\\"' * (n // 11),
    "bearers": lambda n: "bearer\t" * (n // 7),
    "authorizations": lambda n: "authorization: basic " * (n // 21),
    "areas": lambda n: "(12) " * (n // 5),
    "braces": lambda n: "{" * n,
    "brackets": lambda n: "[" * n,
    "objects": lambda n: '{"a":' * (n // 5),
}


def _seconds(text: str) -> float:
    begin = time.process_time()
    redact(text, ("secrets", "personal"))
    return time.process_time() - begin


@pytest.mark.parametrize("kind", HARD)
def test_time_grows_with_the_text_and_not_with_its_square(kind: str) -> None:
    small, large = (min(_seconds(HARD[kind](size)) for _ in range(3)) for size in (16_000, 128_000))
    # Eight times the text: a square takes 64 times as long. Below two milliseconds it is the clock that is measured.
    assert large < 24 * max(small, 0.002)
