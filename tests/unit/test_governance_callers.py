"""Whoever issued the token: a caller is a registered agent of its tenant, in groups that it can be in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from governance.caller import Caller, Callers
from governance.directory import Directory, MalformedEntryError, read_entry
from governance.refusals import RefusedError
from governance.settings import SettingsError, TokenSettings
from tests.unit.governance_support import (
    AGENTS,
    DISCOVERY_URL,
    ENTRY,
    NAMES,
    ParameterStore,
    claims_of,
    parameter_store,
    token_settings,
)  # fmt: skip


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    with parameter_store(monkeypatch) as store:
        yield store


def caller(*, registered: bool = False, **claims: Any) -> Caller:
    """The caller of a token whose claims say everything."""
    names = {name: name for name in NAMES}
    settings = TokenSettings(
        DISCOVERY_URL, {"client_id": "client_id", "scope": "scope", **names}, registered=registered
    )
    directory = Directory(AGENTS, environment="dev", keep_seconds=300)
    return Callers(settings, directory, environment="dev").of(claims_of(**claims))


def refused(**given: Any) -> str:
    with pytest.raises(RefusedError) as error:
        caller(**given)
    return error.value.reason


GROUPS_OF_NOBODY = [
    "acme-corp/finance-analysts",
    'x","acme-corp/finance-analysts',
    "Admin",
    "globex/",
    "/x",
    "globex/a/b",
    "GLOBEX/x",
    "",
    "a b",
    "globex/x\n",
]


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("group", GROUPS_OF_NOBODY)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_group_is_the_platforms_or_the_tenants_own(
    store: ParameterStore, registered: bool, group: str, as_text: bool
) -> None:
    globex = {"tenant_id": "globex", "agent_id": "globex/bot", "groups": ["admin", "globex/readers"]}
    store.values[f"{AGENTS}/client-1"] = json.dumps({**ENTRY, **globex})
    assert caller(registered=registered, **globex).groups == ("admin", "globex/readers")
    groups: Any = ["admin", "globex/readers", group]
    claim = {**globex, "groups": json.dumps(groups) if as_text else groups}
    assert refused(registered=registered, **claim) in ("claims_malformed", "claims_disagree")
    with pytest.raises(MalformedEntryError):
        read_entry(json.dumps({**ENTRY, **globex, "groups": groups}), environment="dev")


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize(
    "claims",
    [
        {"agent_id": "acme-corp/Finance-Agent"},
        {"agent_id": "Acme-Corp/finance-agent"},
        {"agent_id": "acme-corp/"},
        {"agent_id": "acme-corp/a/b"},
        {"agent_id": "globex/finance-agent"},
        {"agent_id": 7},
        {"tenant_id": "ACME-CORP"},
        {"tenant_id": ["acme-corp"]},
        {"organization_id": "Org Finance"},
        {"organization_id": ""},
    ],
)
def test_names_have_one_form(store: ParameterStore, registered: bool, claims: dict[str, Any]) -> None:
    if not registered and "organization_id" in claims:
        return  # the directory's counts
    assert refused(registered=registered, **claims) in ("claims_malformed", "claims_disagree")


def test_a_client_that_nobody_registered_is_nobody_whatever_its_token_says(store: ParameterStore) -> None:
    store.values.clear()
    assert refused() == "claims_missing"
    assert caller(registered=True).agent_id == ENTRY["agent_id"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"tenant_id": "globex", "agent_id": "globex/bot", "groups": []}, "claims_disagree"),
        ({"agent_id": "acme-corp/another"}, "claims_disagree"),
        ({"groups": ["admin"]}, "claims_disagree"),
        ({"groups": ["admin", "acme-corp/finance-analysts", "acme-corp/more"]}, "claims_disagree"),
    ],
)
def test_another_providers_token_must_say_what_the_directory_says(
    store: ParameterStore, claims: dict[str, Any], reason: str
) -> None:
    assert refused(**claims) == reason


def test_what_the_directory_says_counts(store: ParameterStore) -> None:
    found = caller(permissions=["mcp:*"], groups=["acme-corp/finance-analysts", "admin"], organization_id="other")
    assert found.permissions == tuple(ENTRY["permissions"])  # type: ignore[arg-type]
    assert found.organization_id == ENTRY["organization_id"]
    assert found.groups == tuple(ENTRY["groups"])  # type: ignore[arg-type]
    store.values[f"{AGENTS}/client-1"] = json.dumps({**ENTRY, "suspended": True})
    assert refused() == "suspended"


@pytest.mark.parametrize(("given", "expected"), [({}, False), ({"registered": True}, True)])
def test_a_provider_asks_the_directory_only_when_the_settings_say_so(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], expected: bool
) -> None:
    form = json.loads(token_settings())
    del form["registered"]
    monkeypatch.setenv("FOUNDATION_TOKENS", json.dumps({**form, **given}))
    assert TokenSettings.from_environment().registered is expected
    monkeypatch.setenv("FOUNDATION_TOKENS", json.dumps({**form, "registered": "yes"}))
    with pytest.raises(SettingsError, match="registered is 'yes'; write true or false"):
        TokenSettings.from_environment()


@pytest.mark.parametrize(
    "name", ["tenant_id", "X-Tenant-ID", "x-tenant-id", "tenant.id", "tenantId", ":tenant_id", "x_tenant", "Tenant ID"]
)
def test_an_argument_names_no_other_tenant_however_it_is_spelt(store: ParameterStore, name: str) -> None:
    found = caller()
    for other in ("globex", {"S": "globex"}, {"S": "acme-corp", "N": "1"}, ["acme-corp"], {"id": "acme-corp"}, ""):
        assert found.contradicted_by({"key": [{name: other}]}), other
    for own in ("acme-corp", {"S": "acme-corp"}, None):
        assert not found.contradicted_by({"key": [{name: own}]}), own
    assert not found.contradicted_by({"tenants_like": "globex", "x": {"id": "globex"}})


def test_an_issue_that_no_clock_shows_is_unknown(store: ParameterStore) -> None:
    assert caller(iat=10**400).issued_at is None
    assert caller(iat=5).issued_at == 5.0
