"""Cognito: a client's two secrets, and tokens as AWS gives them at the pool's domain."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.local.conftest import Emulator
from tests.local.emulated_pools import Pool
from tests.local.emulator_stacks import StackFailedError, get_att, machine_client, outputs, ref, stack, user_pool

POOL = user_pool("tokens-test", "read", "write")


def client(*scopes: str, **changes: Any) -> dict[str, Any]:
    lifetime = {"AccessTokenValidity": 10, "TokenValidityUnits": {"AccessToken": "minutes"}}
    return machine_client(*scopes, **{**lifetime, **changes})


@pytest.fixture
def pool(emulator: Emulator) -> Iterator[Pool]:
    with stack(emulator, "cognito") as made:
        told = made.create(
            {**POOL, "Client": client("tools/read")},
            Outputs=outputs(Pool=ref("Pool"), Client=ref("Client"), Issuer=get_att("Pool", "ProviderURL")),
        )
        yield Pool(emulator=emulator, id=told["Pool"], client_id=told["Client"], issuer=told["Issuer"], stack=made)


def test_a_new_client_has_one_secret_whose_value_is_not_listed(pool: Pool) -> None:
    (only,) = pool.secrets()
    assert only.keys() == {"ClientSecretId", "ClientSecretCreateDate"}
    assert only["ClientSecretId"].startswith(f"{pool.client_id}--")


def test_both_secrets_give_tokens_until_one_is_deleted(pool: Pool) -> None:
    first_value = pool.describe()["ClientSecret"]
    (first,) = pool.secrets()
    second = pool.add()
    assert [secret["ClientSecretId"] for secret in pool.secrets()] == [
        first["ClientSecretId"],
        second["ClientSecretId"],
    ]
    for value in (first_value, second["ClientSecretValue"]):
        for post in (False, True):
            assert pool.token(value, post=post)[0] == 200
    pool.delete(first["ClientSecretId"])
    assert pool.token(first_value) == (
        400,
        {"error": "invalid_client", "error_description": "Invalid client credentials."},
    )
    assert pool.token(second["ClientSecretValue"])[0] == 200


def test_a_chosen_value_works_and_is_not_told(pool: Pool) -> None:
    chosen = "my_own_secret_0123456789abc"
    assert "ClientSecretValue" not in pool.add(ClientSecret=chosen)
    assert pool.token(chosen)[0] == 200


def test_a_third_secret_is_one_too_many(pool: Pool) -> None:
    pool.add()
    with pytest.raises(pool.api.exceptions.LimitExceededException):
        pool.add()
    assert len(pool.secrets()) == 2


def test_the_last_secret_stays(pool: Pool) -> None:
    (only,) = pool.secrets()
    with pytest.raises(pool.api.exceptions.InvalidParameterException, match="last client secret"):
        pool.delete(only["ClientSecretId"])


def test_an_unknown_secret_or_client(pool: Pool) -> None:
    pool.add()
    with pytest.raises(pool.api.exceptions.ResourceNotFoundException):
        pool.delete("no-such-secret")
    with pytest.raises(pool.api.exceptions.ResourceNotFoundException):
        pool.api.list_user_pool_client_secrets(UserPoolId=pool.id, ClientId="nobody")


def test_a_secret_must_be_long_and_plain(pool: Pool) -> None:
    for value in ("x" * 24 + "/", "-" * 30):
        with pytest.raises(pool.api.exceptions.InvalidParameterException):
            pool.add(ClientSecret=value)


def test_the_token_is_what_cognito_gives(pool: Pool) -> None:
    before = int(time.time())
    status, answer = pool.token(pool.describe()["ClientSecret"])
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 600)
    discovery = pool.fetch(f"{pool.issuer}/.well-known/openid-configuration")[1]
    assert discovery["issuer"] == pool.issuer
    assert discovery["token_endpoint"] == "https://tokens-test.auth.us-east-1.amazoncognito.com/oauth2/token"
    keys = KeySet.import_key_set(pool.fetch(discovery["jwks_uri"])[1])
    claims = jwt.decode(answer["access_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == pool.issuer
    assert claims["client_id"] == claims["sub"] == pool.client_id
    assert claims["scope"] == "tools/read"
    assert claims["token_use"] == "access"
    assert claims["exp"] == claims["iat"] + 600
    assert claims["iat"] >= before
    assert "aud" not in claims


def test_httpx_with_the_variables_of_the_environment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, pool.emulator.environment[name])
    answer = httpx2.get(f"{pool.issuer}/.well-known/jwks.json")
    assert len(answer.json()["keys"]) == 2


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "tools/write"}, "invalid_grant"),
        ({"scope": "tools/none"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_what_the_client_may_not_have(pool: Pool, form: dict[str, str], error: str) -> None:
    status, answer = pool.token(pool.describe()["ClientSecret"], form=form)
    assert (status, answer["error"]) == (400, error)


def test_tokens_are_given_at_the_pools_own_domain_only(pool: Pool) -> None:
    secret = pool.describe()["ClientSecret"]
    assert pool.token(secret, host="nobody")[0] == 404
    with stack(pool.emulator, "other") as other:
        resources = {
            **POOL,
            "Domain": {**POOL["Domain"], "Properties": {"Domain": "other-test", "UserPoolId": ref("Pool")}},
        }
        other.create(resources)
        assert pool.token(secret, host="other-test") == (400, {"error": "invalid_client"})
    direct = urllib.request.Request(f"{pool.emulator.endpoint_url}/oauth2/token", b"grant_type=client_credentials")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(direct)


def test_a_scope_that_no_server_has(pool: Pool) -> None:
    with pytest.raises(StackFailedError, match="tools/admin"):
        pool.stack.update({**POOL, "Client": client("tools/read", "tools/admin")})
    assert pool.describe()["AllowedOAuthScopes"] == ["tools/read"]


def test_client_credentials_need_a_secret(pool: Pool) -> None:
    with pytest.raises(StackFailedError, match="does not have a client secret"):
        pool.stack.update(
            {**POOL, "Client": client("tools/read"), "Public": client("tools/read", GenerateSecret=False)}
        )
