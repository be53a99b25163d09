"""An identity provider of the settings in the pool's place: no pool, no clients, no secrets, the same checks (R21)."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from governance.caller import Caller, Callers
from governance.directory import Directory
from governance.keys import KeySource
from governance.refusals import RefusedError
from governance.settings import TokenSettings
from governance.tokens import TokenVerifier
from tests.synth.apps import copy_of_the_settings, templates
from tests.templates import Json, Template
from tests.unit.governance_support import DISCOVERY_URL as URL, Provider, parameter_store, token

PROVIDER = {
    "kind": "oidc",
    "discovery_url": URL,
    "allowed_audience": ["api://foundation"],
    "scopes": ["tools"],
    "claims": {"tenant_id": "tenant", "environment": "stage", "client_id": "cid", "scope": "scp"},
}
OKTAS: Mapping[str, Any] = {
    "client_id": None,
    "scope": None,
    "token_use": None,
    **dict.fromkeys(("organization_id", "agent_type", "agent_version", "permissions", "tenant_id", "environment")),
    "aud": "api://foundation",
    "cid": "client-of-support-agent",
    "sub": "client-of-support-agent",
    "scp": ["tools"],
    "tenant": "globex",
    "stage": "dev",
    "agent_id": "globex/support-agent",
    "groups": ["service-desk", "globex/on-call"],
}
"""What Okta's token has where the kit's own has something else, with the claims that the provider has to be told of
(https://developer.okta.com/docs/reference/api/oidc/#access-token-payload)."""


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """Dev with a provider of its own, and two tenants whose agents have clients there."""
    folder = tmp_path_factory.mktemp("okta")
    root = copy_of_the_settings(folder / "root")
    dev = root / "config" / "dev.yaml"
    dev.write_text(yaml.safe_dump(yaml.safe_load(dev.read_text()) | {"identity": {"provider": PROVIDER}}))
    for file in (root / "config" / "tenants").glob("*.yaml"):
        tenant = yaml.safe_load(file.read_text())
        for name, agent in tenant["agents"].items():
            agent["client_id"] = f"client-of-{name}"
            del agent["scopes"]
            agent.pop("conversation", None)  # such an agent reads a secret of the kit's own
        file.write_text(yaml.safe_dump(tenant))
    return templates(root, folder / "out")


def test_there_is_no_pool_and_nothing_that_belongs_to_one(stacks: dict[str, Json]) -> None:
    assert "foundation-dev-identity" not in stacks
    types = {resource["Type"] for stack in stacks.values() for resource in stack["Resources"].values()}
    assert {kind for kind in types if "Cognito" in kind or "SecretsManager" in kind} == set()


def test_the_directory_goes_by_the_clients_of_the_settings(stacks: dict[str, Json]) -> None:
    tenant = Template("tenant", stacks["foundation-dev-tenant-globex"])
    entries = {p["Name"]: json.loads(p["Value"])["agent_id"] for p in tenant.properties("AWS::SSM::Parameter")}
    assert entries == {
        "/foundation/dev/agents/client-of-support-agent": "globex/support-agent",
        "/foundation/dev/agents/client-of-delivery-agent": "globex/delivery-agent",
    }


def test_a_tenant_keeps_its_key_and_its_records(stacks: dict[str, Json]) -> None:
    tenant = Template("tenant", stacks["foundation-dev-tenant-globex"])
    assert tenant.only("AWS::Logs::LogGroup")["KmsKeyId"] == {"Fn::GetAtt": [tenant.id_of("AWS::KMS::Key"), "Arn"]}
    sids = [statement.get("Sid") for statement in tenant.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]]
    assert "Rotation" not in sids


def test_the_authorizer_asks_for_what_the_settings_say_and_for_this_environment(stacks: dict[str, Json]) -> None:
    gateway = Template("gateway", stacks["foundation-dev-gateway"]).only("AWS::BedrockAgentCore::Gateway")
    authorizer = gateway["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    [claim] = authorizer.pop("CustomClaims")
    assert authorizer == {
        "DiscoveryUrl": URL,
        "AllowedAudience": ["api://foundation"],
        "AllowedScopes": ["tools"],
    }
    assert claim["InboundTokenClaimName"] == "stage"
    assert claim["AuthorizingClaimMatchValue"]["ClaimMatchValue"] == {"MatchValueString": "dev"}


def tokens_variable(stacks: dict[str, Json]) -> str:
    """What the request interceptor is told of tokens."""
    gateway = Template("gateway", stacks["foundation-dev-gateway"])
    [function] = [
        function
        for function in gateway.properties("AWS::Lambda::Function")
        if function["Handler"] == "gateway_request.handler.handler"
    ]
    variable: str = function["Environment"]["Variables"]["FOUNDATION_TOKENS"]
    return variable


def test_the_interceptors_know_the_same_and_the_names_of_claims(stacks: dict[str, Json]) -> None:
    tokens = json.loads(tokens_variable(stacks))
    assert tokens["registered"] is False
    known = {key: tokens[key] for key in ("discovery_url", "audience", "clients", "scopes")}
    assert known == {"discovery_url": URL, "audience": ["api://foundation"], "clients": [], "scopes": ["tools"]}
    assert {name: tokens["claims"][name] for name in ("tenant_id", "agent_id", "client_id", "scope")} == {
        "tenant_id": "tenant",
        "agent_id": "agent_id",
        "client_id": "cid",
        "scope": "scp",
    }


def caller_of(stacks: dict[str, Json], monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Caller:
    """Whom the interceptors take for the caller with a token of Okta's, by what the templates tell them."""
    monkeypatch.setenv("FOUNDATION_TOKENS", tokens_variable(stacks))
    tenant = Template("tenant", stacks["foundation-dev-tenant-globex"])
    entries = {entry["Name"]: entry["Value"] for entry in tenant.properties("AWS::SSM::Parameter")}
    settings = TokenSettings.from_environment()
    directory = Directory("/foundation/dev/agents", environment="dev", keep_seconds=0)
    with parameter_store(monkeypatch) as store:
        store.values.update(entries)
        verifier = TokenVerifier(settings, KeySource(URL, fetch=Provider()))
        claims = verifier.verify(f"Bearer {token(**{**OKTAS, **changes})}")
        return Callers(settings, directory, environment="dev").of(claims)


def test_the_interceptors_take_a_token_as_okta_writes_it(
    stacks: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = caller_of(stacks, monkeypatch)
    assert (caller.client_id, caller.scopes) == ("client-of-support-agent", ("tools",))
    assert (caller.tenant_id, caller.agent_id) == ("globex", "globex/support-agent")
    assert set(caller.groups) == {"service-desk", "globex/on-call"}
    assert caller.permissions, "the directory says what the token does not"
    assert (caller.organization_id, caller.agent_type) == ("org-customer-care", "support-assistant")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scp": ["other"]}, "token_scope"),
        ({"cid": None, "client_id": "client-of-support-agent"}, "claims_missing"),
        ({"tenant": "acme-corp"}, "claims_disagree"),
        ({"stage": "prod"}, "claims_environment"),
    ],
)
def test_the_interceptors_refuse_what_else_okta_signs(
    stacks: dict[str, Json], monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        caller_of(stacks, monkeypatch, **changes)
    assert refused.value.reason == reason


def test_limits_count_by_the_providers_claim(stacks: dict[str, Json]) -> None:
    limits = Template("gateway", stacks["foundation-dev-gateway"]).properties("AWS::BedrockAgentCore::GatewayRateLimit")
    assert {tuple(limit["DimensionKeys"]) for limit in limits} == {
        ("$.context.jwt.tenant",),
        ("$.context.jwt.agent_id",),
        ("toolName",),
    }
