"""Tokens of any OpenID Connect provider: its keys as time passes, what is asked of a token, whom its claims name."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from governance import keys
from governance.caller import Callers
from governance.directory import Directory
from governance.keys import FLOOR_SECONDS, LIFETIME_SECONDS, STALE_SECONDS, KeySource
from governance.settings import TokenSettings
from governance.tokens import LEEWAY_SECONDS, TokenVerifier
from tests.unit.governance_support import (
    AGENTS,
    DISCOVERY_URL,
    EC,
    ENTRY,
    RSA,
    Clock,
    ParameterStore,
    Provider,
    claims_of,
    parameter_store,
    refused,
    token,
    token_settings,
)  # fmt: skip

PERMISSIONS: Any = ENTRY["permissions"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def source(provider: Provider, clock: Clock) -> KeySource:
    return KeySource(DISCOVERY_URL, fetch=provider, clock=clock)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    with parameter_store(monkeypatch) as store:
        yield store


def test_keys_are_fetched_once_while_they_are_fresh(source: KeySource, provider: Provider, clock: Clock) -> None:
    for _ in range(5):
        source.find("rsa")
        clock.now += LIFETIME_SECONDS / 5
    assert provider.asked == 1
    clock.now += 1
    source.find("rsa")
    assert provider.asked == 2


def test_an_unknown_key_is_asked_for_at_most_every_few_seconds(
    source: KeySource, provider: Provider, clock: Clock
) -> None:
    source.find("rsa")
    for _ in range(50):
        assert refused(source.find, "invented") == "token_key"
    assert provider.asked == 1
    clock.now += FLOOR_SECONDS
    for _ in range(50):
        assert refused(source.find, "invented") == "token_key"
    assert provider.asked == 2


def test_a_key_that_was_just_published_is_found(source: KeySource, provider: Provider, clock: Clock) -> None:
    provider.keys = (RSA,)
    source.find("rsa")
    provider.keys = (RSA, EC)
    clock.now += FLOOR_SECONDS
    assert source.find("ec")[1].algorithms == {"ES256"}


def test_a_key_that_was_withdrawn_is_good_no_longer(source: KeySource, provider: Provider, clock: Clock) -> None:
    source.find("rsa")
    provider.keys = (EC,)
    clock.now += LIFETIME_SECONDS + 1
    assert refused(source.find, "rsa") == "token_key"


def test_known_keys_outlast_a_provider_that_is_down_for_a_while(
    source: KeySource, provider: Provider, clock: Clock
) -> None:
    source.find("rsa")
    provider.down = True
    clock.now += STALE_SECONDS
    source.find("rsa")
    clock.now += 1
    assert refused(source.find, "rsa") == "keys_unavailable"


def test_without_keys_nothing_is_let_through(source: KeySource, provider: Provider) -> None:
    provider.down = True
    assert refused(source.find, "rsa") == "keys_unavailable"


@pytest.mark.parametrize(
    "documents",
    [
        {DISCOVERY_URL: "[]"}, {DISCOVERY_URL: "{"}, {DISCOVERY_URL: "{}"},
        {DISCOVERY_URL: '{"issuer": 1, "jwks_uri": "https://a"}'},
        {DISCOVERY_URL: '{"issuer": "i", "jwks_uri": "https://a"}', "https://a": "{}"},
        {DISCOVERY_URL: '{"issuer": "i", "jwks_uri": "https://a"}', "https://a": '{"keys": {}}'},
    ],
)  # fmt: skip
def test_a_provider_that_says_nothing_usable_gives_no_keys(documents: dict[str, str]) -> None:
    source = KeySource(DISCOVERY_URL, fetch=lambda url: documents[url].encode())
    assert refused(source.find, "rsa") == "keys_unavailable"


def test_of_a_key_set_only_what_signs_is_used() -> None:
    entries: list[Any] = [
        "text", {}, {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}, {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "EC", "crv": "secp256k1", "kid": "curve"}, {**EC.as_dict(private=False), "alg": "ES512"},
    ]  # fmt: skip
    assert keys.public_keys({"keys": entries}) == {}


def test_private_members_of_a_key_are_not_taken() -> None:
    found = keys.public_keys({"keys": [RSA.as_dict(private=True)]})
    assert not found["rsa"].key.is_private


@pytest.mark.parametrize("url", ["http://idp.example.com", "file:///etc/passwd", "ftp://a", ""])
def test_keys_come_over_https_alone(url: str) -> None:
    with pytest.raises(ValueError, match="not an https URL"):
        keys.https(url)


def verifier(provider: Provider, clock: Any = time.time, **settings: Any) -> TokenVerifier:
    form = json.loads(token_settings(**settings))
    found = TokenSettings(
        form["discovery_url"],
        {"client_id": "client_id", "scope": "scope", **form["claims"]},
        frozenset(form["audience"]),
        frozenset(form["clients"]),
        frozenset(form["scopes"]),
    )
    return TokenVerifier(found, KeySource(DISCOVERY_URL, fetch=provider), clock=clock)


@pytest.mark.parametrize(("late", "taken"), [(LEEWAY_SECONDS - 1, True), (LEEWAY_SECONDS + 1, False)])
def test_clocks_may_differ_a_little(provider: Provider, late: float, taken: bool) -> None:
    now = 1_800_000_000
    for claim, seconds, reason in (("exp", now, "token_expired"), ("nbf", now + 2 * late, "token_not_yet_valid")):
        claims: dict[str, Any] = {"exp": now + 3600, claim: seconds}
        bearer = f"Bearer {token(**claims)}"
        tokens = verifier(provider, lambda: now + late)
        if taken:
            assert tokens.verify(bearer)
        else:
            assert refused(tokens.verify, bearer) == reason


@pytest.mark.parametrize(
    ("settings", "claims", "reason"),
    [
        ({"audience": ["api"]}, {"aud": "api"}, ""), ({"audience": ["api"]}, {"aud": ["x", "api"]}, ""),
        ({"audience": ["api"]}, {}, "token_audience"), ({"audience": ["api"]}, {"aud": "api2"}, "token_audience"),
        ({"clients": ["client-1"]}, {}, ""), ({"clients": ["client-2"]}, {}, "token_client"),
        ({"clients": ["client-1"]}, {"client_id": None}, "token_client"),
        ({"scopes": []}, {"scope": None}, ""), ({"scopes": ["a/read"]}, {"scope": None, "scp": ["a/read"]}, ""),
        ({"scopes": ["a/read"]}, {"scope": None, "scp": "b/read a/read"}, ""),
    ],
)  # fmt: skip
def test_a_token_has_what_the_settings_ask_for(
    provider: Provider, settings: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    tokens = verifier(provider, **{"scopes": [], **settings})
    bearer = f"Bearer {token(**claims)}"
    assert (refused(tokens.verify, bearer) if reason else tokens.verify(bearer) and "") == reason


def callers(**claims: str) -> Callers:
    settings = TokenSettings(DISCOVERY_URL, {"client_id": "cid", "scope": "scp", "tenant_id": "org", **claims})
    return Callers(settings, Directory(AGENTS, environment="dev", keep_seconds=300), environment="dev")


def test_another_providers_claims_go_by_their_own_names(store: ParameterStore) -> None:
    found = callers().of(claims_of(cid="client-1", org="acme-corp", scp=["aws-operations/read"]))
    assert (found.tenant_id, found.client_id, found.agent_id) == ("acme-corp", "client-1", ENTRY["agent_id"])
    assert found.permissions == tuple(PERMISSIONS)
    assert found.scopes == ("aws-operations/read",)


def test_a_claim_that_is_not_mapped_is_not_read(store: ParameterStore) -> None:
    forged = {"permissions": ["*/*", "mcp:*"], "groups": ["admin"], "agent_id": "acme-corp/other"}
    found = callers().of(claims_of(cid="client-1", org="acme-corp", **forged))
    assert (found.permissions, found.agent_id) == (tuple(PERMISSIONS), ENTRY["agent_id"])


@pytest.mark.parametrize(
    ("claims", "entry", "reason"),
    [
        ({"cid": "client-1"}, {}, "claims_missing"), ({"org": "acme-corp"}, {}, "claims_missing"),
        ({"cid": "client-1", "org": "globex"}, {}, "claims_disagree"),
        ({"cid": "nobody", "org": "acme-corp"}, {}, "claims_missing"),
        ({"cid": "../client-1", "org": "acme-corp"}, {}, "claims_missing"),
        ({"cid": "client-1", "org": "acme-corp"}, {"suspended": True}, "suspended"),
        ({"cid": "client-1", "org": "acme-corp"}, {"environment": "prod"}, "claims_malformed"),
    ],
)  # fmt: skip
def test_what_claims_and_directory_do_not_agree_on_is_refused(
    store: ParameterStore, claims: dict[str, Any], entry: dict[str, Any], reason: str
) -> None:
    store.values[f"{AGENTS}/client-1"] = json.dumps({**ENTRY, **entry})
    assert refused(callers().of, claims_of(**claims)) == reason


def test_no_directory_no_caller(store: ParameterStore) -> None:
    store.down = True
    assert refused(callers().of, claims_of(cid="client-1", org="acme-corp")) == "directory_unavailable"
