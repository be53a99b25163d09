"""Who may call the local gateway: every way a token can be wrong, and the answer that AgentCore gives to it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from local.gateway.authorizer import Authorizer, RefusedError
from local.gateway.configuration import CustomClaim, JwtAuthorizer
from local.gateway.keys import REFRESH_INTERVAL_SECONDS, KeySource, ProviderUnavailableError
from tests.unit.local_gateway_support import (
    AUTHORIZER,
    CLIENT,
    DISCOVERY,
    ISSUER,
    JWKS,
    SIGNING_KEY,
    FakeProvider,
    claims,
    token,
)

SAME_KEY = RSAKey.import_key(SIGNING_KEY.as_pem(private=True), {"kid": "first"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, private=True)


def _authorizer(
    provider: FakeProvider, configuration: JwtAuthorizer = AUTHORIZER, clock: Callable[[], float] = time.monotonic
) -> Authorizer:
    keys = KeySource(discovery_url=DISCOVERY, http=provider.client(), clock=clock)
    return Authorizer(configuration=configuration, keys=keys)


async def _refused(
    *authorization: str, provider: FakeProvider | None = None, configuration: JwtAuthorizer = AUTHORIZER
) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        await _authorizer(provider or FakeProvider(), configuration).authorize(authorization)
    return refused.value


def _segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(algorithm: str) -> str:
    return f"{_segment({'alg': algorithm, 'kid': 'first', 'typ': 'JWT'})}.{_segment(claims())}."


def _hmac_with_public_key() -> str:
    # By hand: the library refuses to sign like that, an attacker does not.
    signed = f"{_segment({'alg': 'HS256', 'kid': 'first'})}.{_segment(claims())}"
    signature = hmac.digest(SIGNING_KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{_segment(signature)}"


def _tampered() -> str:
    header, _, signature = token().split(".")
    return f"{header}.{_segment(claims(scope='aws-operations/write admin'))}.{signature}"


def _deep() -> str:
    return f"{_segment({'alg': 'RS256', 'kid': 'first'})}.{_segment(b'[' * 60_000)}.{_segment(b'x' * 256)}"


async def test_a_token_of_an_allowed_client_with_an_allowed_scope_passes() -> None:
    principal = await _authorizer(FakeProvider()).authorize([f"Bearer {token()}"])
    assert principal.client_id == CLIENT
    assert principal.claims["scope"] == "aws-operations/read"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_case_insensitive(scheme: str) -> None:
    assert await _authorizer(FakeProvider()).authorize([f"{scheme} {token()}"])


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param((), id="no header"),
        pytest.param(("",), id="empty header"),
        pytest.param(("Bearer",), id="scheme alone"),
        pytest.param(("Bearer ",), id="scheme and space"),
        pytest.param((f"Basic {token()}",), id="Basic"),
        pytest.param((f"Token {token()}",), id="another scheme"),
        pytest.param((token(),), id="token without scheme"),
        pytest.param((f"Bearer {token()}, Bearer {token()}",), id="two tokens in one header"),
        pytest.param(("Bearer a b",), id="token with a space"),
    ],
)
async def test_a_request_without_a_bearer_token_is_unauthorized(authorization: tuple[str, ...]) -> None:
    refused = await _refused(*authorization)
    assert (refused.status, refused.error, refused.message) == (401, "invalid_token", "Missing Bearer token")


async def test_two_authorization_headers_are_refused_even_if_both_are_good() -> None:
    refused = await _refused(f"Bearer {token()}", f"Bearer {token()}")
    assert (refused.status, refused.error) == (401, "invalid_token")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda: "garbage", id="garbage"),
        pytest.param(lambda: "a.b", id="two parts"),
        pytest.param(lambda: "a.b.c", id="three parts that decode to nothing"),
        pytest.param(lambda: "....", id="dots"),
        pytest.param(lambda: "e30.e30.e30", id="empty objects"),
        pytest.param(lambda: f"{_segment([])}.{_segment({})}.AAAA", id="header is a list"),
        pytest.param(lambda: token()[:-6], id="signature cut short"),
        pytest.param(lambda: token().rsplit(".", 1)[0] + ".", id="signature left out"),
        pytest.param(_tampered, id="claims changed after signing"),
        pytest.param(_deep, id="claims nested too deep"),
        pytest.param(lambda: f"{_segment(b'[' * 60_000)}.AAAA.AAAA", id="header nested too deep"),
        pytest.param(lambda: _unsigned("none"), id="alg none"),
        pytest.param(lambda: _unsigned("None"), id="alg None"),
        pytest.param(lambda: _unsigned("RS256"), id="alg RS256 without signature"),
        pytest.param(_hmac_with_public_key, id="HS256 with the public key as secret"),
        pytest.param(
            lambda: token(key=SAME_KEY, header={"alg": "RS512"}), id="an algorithm the provider does not announce"
        ),
        pytest.param(lambda: token(key=OTHER_KEY), id="another key under the same name"),
        pytest.param(lambda: token(header={"kid": "unheard-of"}), id="unknown kid"),
        pytest.param(lambda: token(header={"crit": ["b64"], "b64": False}), id="critical header not understood"),
        pytest.param(lambda: token(exp=int(time.time()) - 1), id="expired"),
        pytest.param(lambda: token(exp=int(time.time())), id="expires now"),
        pytest.param(lambda: token(exp=None), id="no expiry"),
        pytest.param(lambda: token(exp="tomorrow"), id="expiry is no number"),
        pytest.param(lambda: token(nbf=int(time.time()) + 60), id="not yet valid"),
        pytest.param(lambda: token(iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"), id="issuer"),
        pytest.param(lambda: token(iss=f"{ISSUER}/"), id="issuer with a slash more"),
        pytest.param(lambda: token(iss=[ISSUER]), id="issuer is a list"),
        pytest.param(lambda: token(iss=None), id="no issuer"),
    ],
)
async def test_a_token_that_proves_nothing_is_unauthorized(bad: Callable[[], str]) -> None:
    refused = await _refused(f"Bearer {bad()}")
    assert (refused.status, refused.error, refused.message) == (401, "invalid_token", "Invalid Bearer token")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": "2other"}, id="another client"),
        pytest.param({"client_id": None}, id="no client (an ID token)"),
        pytest.param({"client_id": [CLIENT]}, id="client is a list"),
        pytest.param({"client_id": CLIENT.upper()}, id="client in another case"),
        pytest.param({"scope": "other/read"}, id="another scope"),
        pytest.param({"scope": "aws-operations/reader"}, id="scope that begins like an allowed one"),
        pytest.param({"scope": "aws-operations"}, id="resource server alone"),
        pytest.param({"scope": ""}, id="empty scope"),
        pytest.param({"scope": None}, id="no scope"),
        pytest.param({"scope": {"aws-operations/read": True}}, id="scope is an object"),
    ],
)
async def test_a_genuine_token_without_the_configured_claims_is_forbidden(changes: dict[str, Any]) -> None:
    refused = await _refused(f"Bearer {token(**changes)}")
    assert (refused.status, refused.error, refused.message) == (403, "insufficient_scope", "Insufficient scope")


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "other/read aws-operations/write"},
        {"scope": None, "scp": ["aws-operations/read"]},
        {"scope": None, "scp": "aws-operations/read other"},
    ],
)
async def test_any_one_of_the_allowed_scopes_is_enough(changes: dict[str, Any]) -> None:
    assert await _authorizer(FakeProvider()).authorize([f"Bearer {token(**changes)}"])


@pytest.mark.parametrize(
    ("aud", "passes"), [("gw", True), (["x", "gw"], True), ("x", False), ([], False), (None, False)]
)
async def test_allowed_audience_refuses_tokens_without_it_such_as_cognitos(aud: object, passes: bool) -> None:
    configuration = replace(AUTHORIZER, allowed_audience=("gw",))
    header = f"Bearer {token(aud=aud)}"
    if passes:
        assert await _authorizer(FakeProvider(), configuration).authorize([header])
    else:
        assert (await _refused(header, configuration=configuration)).status == 403


@pytest.mark.parametrize(
    ("rule", "value", "passes"),
    [
        (("STRING", "EQUALS", ("acme",)), "acme", True),
        (("STRING", "EQUALS", ("acme",)), "acme-corp", False),
        (("STRING", "EQUALS", ("acme",)), ["acme"], False),
        (("STRING", "EQUALS", ("acme",)), None, False),
        (("STRING_ARRAY", "CONTAINS", ("ops",)), ["dev", "ops"], True),
        (("STRING_ARRAY", "CONTAINS", ("ops",)), ["dev"], False),
        (("STRING_ARRAY", "CONTAINS", ("ops",)), "ops", False),
        (("STRING_ARRAY", "CONTAINS_ANY", ("ops", "sec")), ["sec"], True),
        (("STRING_ARRAY", "CONTAINS_ANY", ("ops", "sec")), ["dev"], False),
        (("STRING_ARRAY", "CONTAINS_ANY", ("ops", "sec")), None, False),
    ],
)
async def test_custom_claims_are_enforced(rule: tuple[str, str, tuple[str, ...]], value: object, passes: bool) -> None:
    kind, operator, values = rule
    claim = CustomClaim(name="tenant", value_type=kind, operator=operator, values=values)  # type: ignore[arg-type]
    configuration = replace(AUTHORIZER, custom_claims=(claim,))
    header = f"Bearer {token(tenant=value)}"
    if passes:
        assert await _authorizer(FakeProvider(), configuration).authorize([header])
    else:
        assert (await _refused(header, configuration=configuration)).status == 403


async def test_a_rotated_key_is_found_without_a_restart() -> None:
    provider = FakeProvider()
    now = [0.0]
    authorizer = _authorizer(provider, clock=lambda: now[0])
    await authorizer.authorize([f"Bearer {token()}"])
    second = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"}, private=True)
    provider.keys.append(second)
    now[0] += REFRESH_INTERVAL_SECONDS
    assert await authorizer.authorize([f"Bearer {token(key=second)}"])


async def test_invented_key_names_do_not_make_the_gateway_ask_again_and_again() -> None:
    provider = FakeProvider()
    now = [0.0]
    authorizer = _authorizer(provider, clock=lambda: now[0])
    await authorizer.authorize([f"Bearer {token()}"])
    for number in range(20):
        now[0] += 0.1
        with pytest.raises(RefusedError):
            await authorizer.authorize([f"Bearer {token(header={'kid': f'invented-{number}'})}"])
    assert provider.asked == [DISCOVERY, JWKS]


async def test_keys_are_fetched_once_for_many_requests() -> None:
    provider = FakeProvider()
    authorizer = _authorizer(provider)
    for _ in range(5):
        await authorizer.authorize([f"Bearer {token()}"])
    assert provider.asked == [DISCOVERY, JWKS]


async def test_without_a_key_name_the_only_key_is_meant_and_none_of_several() -> None:
    assert await _authorizer(FakeProvider()).authorize([f"Bearer {token(header={'kid': None})}"])
    two = FakeProvider(keys=[SIGNING_KEY, RSAKey.generate_key(2048, {"kid": "second"}, private=True)])
    assert (await _refused(f"Bearer {token(header={'kid': None})}", provider=two)).status == 401


async def test_a_symmetric_key_in_the_key_set_is_never_used() -> None:
    shared = OctKey.import_key(b"a secret that somebody published by mistake", {"kid": "shared", "use": "sig"})
    provider = FakeProvider(keys=[SIGNING_KEY], algorithms=None)
    provider.keys.append(shared)
    assert (await _refused(f"Bearer {token(key=shared, header={'alg': 'HS256'})}", provider=provider)).status == 401


async def test_other_signatures_pass_when_the_provider_announces_them() -> None:
    elliptic = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}, private=True)
    provider = FakeProvider(keys=[elliptic], algorithms=["RS256", "ES256"])
    assert await _authorizer(provider).authorize([f"Bearer {token(key=elliptic, header={'alg': 'ES256'})}"])


async def test_a_provider_that_announces_hmac_or_none_is_not_followed() -> None:
    provider = FakeProvider(algorithms=["none", "HS256"])
    for bad in (_unsigned("none"), _hmac_with_public_key(), token()):
        assert (await _refused(f"Bearer {bad}", provider=provider)).status == 401


async def test_nobody_passes_while_the_identity_provider_is_down() -> None:
    with pytest.raises(ProviderUnavailableError, match="does not answer"):
        await _authorizer(FakeProvider(down=True)).authorize([f"Bearer {token()}"])


async def test_a_provider_that_is_down_is_asked_again_only_after_a_while() -> None:
    provider, now = FakeProvider(down=True), [0.0]
    authorizer = _authorizer(provider, clock=lambda: now[0])
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError, match="openid-configuration does not answer"):
            await authorizer.authorize([f"Bearer {token()}"])
    assert provider.asked == [DISCOVERY]
    provider.down = False
    now[0] += REFRESH_INTERVAL_SECONDS
    assert await authorizer.authorize([f"Bearer {token()}"])
    assert provider.asked == [DISCOVERY, DISCOVERY, JWKS]


async def test_invented_key_names_do_not_reach_a_provider_that_went_down() -> None:
    provider, now = FakeProvider(), [0.0]
    authorizer = _authorizer(provider, clock=lambda: now[0])
    await authorizer.authorize([f"Bearer {token()}"])
    provider.down, now[0] = True, REFRESH_INTERVAL_SECONDS
    for number in range(5):
        with pytest.raises(ProviderUnavailableError):
            await authorizer.authorize([f"Bearer {token(header={'kid': f'invented-{number}'})}"])
    assert provider.asked == [DISCOVERY, JWKS, DISCOVERY]
    assert await authorizer.authorize([f"Bearer {token()}"]), "the cached keys still serve"


async def test_the_reason_for_the_log_holds_neither_token_nor_claims() -> None:
    secret = token(client_id="2other", exp=int(time.time()) + 60)
    refused = await _refused(f"Bearer {secret}")
    assert secret.split(".")[1] not in refused.reason
    assert "2other" not in refused.reason
