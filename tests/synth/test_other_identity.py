"""An identity provider of the settings in the pool's place: no pool, no clients, no secrets, the same checks (R21)."""

import json

import pytest
import yaml

from tests.synth.apps import copy_of_the_settings, templates
from tests.templates import Json, Template

URL = "https://example.okta.com/oauth2/default/.well-known/openid-configuration"
PROVIDER = {
    "kind": "oidc",
    "discovery_url": URL,
    "allowed_audience": ["api://foundation"],
    "allowed_clients": ["0oa1", "0oa2"],
    "scopes": ["tools"],
    "claims": {"tenant_id": "tenant", "environment": "stage"},
}


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
        "AllowedClients": ["0oa1", "0oa2"],
        "AllowedScopes": ["tools"],
    }
    assert claim["InboundTokenClaimName"] == "stage"
    assert claim["AuthorizingClaimMatchValue"]["ClaimMatchValue"] == {"MatchValueString": "dev"}


def test_the_interceptors_know_the_same_and_the_names_of_claims(stacks: dict[str, Json]) -> None:
    gateway = Template("gateway", stacks["foundation-dev-gateway"])
    [function] = [
        function
        for function in gateway.properties("AWS::Lambda::Function")
        if function["Handler"] == "gateway_request.handler.handler"
    ]
    tokens = json.loads(function["Environment"]["Variables"]["FOUNDATION_TOKENS"])
    assert (tokens["discovery_url"], tokens["audience"], tokens["clients"]) == (
        URL,
        ["api://foundation"],
        ["0oa1", "0oa2"],
    )
    assert tokens["registered"] is False
    assert tokens["claims"]["tenant_id"] == "tenant"
    assert tokens["claims"]["agent_id"] == "agent_id"


def test_limits_count_by_the_providers_claim(stacks: dict[str, Json]) -> None:
    limits = Template("gateway", stacks["foundation-dev-gateway"]).properties("AWS::BedrockAgentCore::GatewayRateLimit")
    assert {tuple(limit["DimensionKeys"]) for limit in limits} == {
        ("$.context.jwt.tenant",),
        ("$.context.jwt.agent_id",),
        ("toolName",),
    }
