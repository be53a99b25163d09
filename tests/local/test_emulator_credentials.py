"""AgentCore Identity: credentials are kept in Secrets Manager and given to whom IAM allows it, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import ACCOUNT_TRUST, StackFailedError, allow, get_att, outputs, ref, role, stack
from tests.local.stand_ins import CLIENT, SECRET, authorization_server

PREFIX = "arn:aws:bedrock-agentcore:us-east-1:123456789012"
DIRECTORY = f"{PREFIX}:workload-identity-directory/default"
IDENTITY = f"{DIRECTORY}/workload-identity/agent"
VAULT = f"{PREFIX}:token-vault/default"
KEY_PROVIDER = f"{VAULT}/apikeycredentialprovider/orders"
OAUTH_PROVIDER = f"{VAULT}/oauth2credentialprovider/orders"
ANY_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:bedrock-agentcore-identity!*"
TOKEN = allow("bedrock-agentcore:GetWorkloadAccessToken", resource=[DIRECTORY, IDENTITY])
READ_SECRET = allow("secretsmanager:GetSecretValue", resource=ANY_SECRET)


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
    """The control plane's client, with one workload identity; what a test leaves is removed."""
    client = emulator.client("bedrock-agentcore-control")
    client.create_workload_identity(name="agent")
    yield client
    for identity in client.list_workload_identities()["workloadIdentities"]:
        client.delete_workload_identity(name=identity["name"])
    for provider in client.list_api_key_credential_providers()["credentialProviders"]:
        client.delete_api_key_credential_provider(name=provider["name"])
    for provider in client.list_oauth2_credential_providers()["credentialProviders"]:
        client.delete_oauth2_credential_provider(name=provider["name"])
    assert [s["Name"] for s in emulator.client("secretsmanager").list_secrets()["SecretList"]] == []


Acting = Callable[..., Any]


@pytest.fixture
def acting_with(emulator: Emulator) -> Iterator[Acting]:
    """A data plane client that acts as a role with the given statements."""
    with stack(emulator, "acting") as made:

        def client(*statements: Mapping[str, Any]) -> Any:
            acting = {"Role": role(ACCOUNT_TRUST, *statements)}
            arn = made.create(acting, Outputs=outputs(Role=get_att("Role", "Arn")))["Role"]
            return emulator.client_as(arn, "bedrock-agentcore")

        yield client


def oauth2(discovery_url: str, **changes: Any) -> dict[str, Any]:
    config = {
        "oauthDiscovery": {"discoveryUrl": discovery_url},
        "clientId": CLIENT,
        "clientSecret": SECRET,
        **changes,
    }
    given = {name: value for name, value in config.items() if value is not None}
    return {
        "name": "orders",
        "credentialProviderVendor": "CustomOauth2",
        "oauth2ProviderConfigInput": {"customOauth2ProviderConfig": given},
    }


def on_provider(action: str, provider: str, *without: str) -> dict[str, Any]:
    needed = [provider, VAULT, DIRECTORY, IDENTITY]
    resources = [resource for resource in needed if resource not in without]
    return allow(f"bedrock-agentcore:{action}", resource=resources)


def api_key_of(client: Any) -> str:
    token = client.get_workload_access_token(workloadName="agent")["workloadAccessToken"]
    answer = client.get_resource_api_key(workloadIdentityToken=token, resourceCredentialProviderName="orders")
    return str(answer["apiKey"])


def token_of(client: Any, *scopes: str, **more: Any) -> str:
    token = client.get_workload_access_token(workloadName="agent")["workloadAccessToken"]
    answer = client.get_resource_oauth2_token(
        workloadIdentityToken=token,
        resourceCredentialProviderName="orders",
        scopes=list(scopes),
        oauth2Flow="M2M",
        **more,
    )
    return str(answer["accessToken"])


def test_an_api_key_lies_in_secrets_manager_and_is_told_by_no_answer(emulator: Emulator, control: Any) -> None:
    created = control.create_api_key_credential_provider(name="orders", apiKey="k-1", tags={"team": "one"})
    assert created["credentialProviderArn"] == KEY_PROVIDER
    arn = created["apiKeySecretArn"]["secretArn"]
    secret = emulator.client("secretsmanager").get_secret_value(SecretId=arn)
    assert secret["Name"] == "bedrock-agentcore-identity!default/apikey/orders"
    assert json.loads(secret["SecretString"]) == {created["apiKeySecretJsonKey"]: "k-1"}
    found = control.get_api_key_credential_provider(name="orders")
    assert "k-1" not in str((created, found, control.list_api_key_credential_providers()))
    assert control.list_tags_for_resource(resourceArn=KEY_PROVIDER)["tags"] == {"team": "one"}

    changed = control.update_api_key_credential_provider(name="orders", apiKey="k-2")
    assert changed["apiKeySecretArn"]["secretArn"] == arn
    assert "k-2" in emulator.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]


def test_a_name_is_taken_once(control: Any) -> None:
    control.create_api_key_credential_provider(name="orders", apiKey="k")
    with pytest.raises(control.exceptions.ConflictException):
        control.create_api_key_credential_provider(name="orders", apiKey="k")


def test_the_customers_secret_is_read_and_never_removed(emulator: Emulator, control: Any, acting_with: Acting) -> None:
    secrets = emulator.client("secretsmanager")
    arn = secrets.create_secret(Name="orders-key", SecretString='{"key": "k-1"}')["ARN"]
    config = {"secretId": "orders-key", "jsonKey": "key"}
    try:
        created = control.create_api_key_credential_provider(
            name="orders", apiKeySecretConfig=config, apiKeySecretSource="EXTERNAL"
        )
        assert created["apiKeySecretArn"]["secretArn"] == arn
        use = on_provider("GetResourceApiKey", KEY_PROVIDER)
        client = acting_with(TOKEN, use, allow("secretsmanager:GetSecretValue", resource=arn))
        assert api_key_of(client) == "k-1"
        secrets.put_secret_value(SecretId=arn, SecretString='{"key": "k-2"}')
        assert api_key_of(client) == "k-2", "a rotated secret counts at once"
        control.delete_api_key_credential_provider(name="orders")
        assert secrets.describe_secret(SecretId=arn)["Name"] == "orders-key"
    finally:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "apiKey is required when apiKeySecretSource is MANAGED"),
        ({"apiKey": "k", "apiKeySecretConfig": {"secretId": "x", "jsonKey": "y"}}, "apiKey is not allowed"),
        ({"apiKeySecretConfig": {"secretId": "gone", "jsonKey": "key"}}, "The secret gone does not exist"),
    ],
)
def test_a_credential_is_given_in_one_way(control: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(control.exceptions.ValidationException, match=message):
        control.create_api_key_credential_provider(name="orders", **changes)


def test_a_role_with_every_permission_gets_the_key(control: Any, acting_with: Acting) -> None:
    control.create_api_key_credential_provider(name="orders", apiKey="k-1")
    client = acting_with(TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER), READ_SECRET)
    assert api_key_of(client) == "k-1"


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([], "GetWorkloadAccessToken"),
        ([allow("bedrock-agentcore:GetWorkloadAccessToken", resource=[IDENTITY])], "GetWorkloadAccessToken"),
        ([TOKEN, READ_SECRET], "GetResourceApiKey"),
        ([TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER)], "secretsmanager:GetSecretValue"),
        ([TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER, KEY_PROVIDER), READ_SECRET], "GetResourceApiKey"),
        ([TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER, VAULT), READ_SECRET], "GetResourceApiKey"),
        ([TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER, IDENTITY), READ_SECRET], "GetResourceApiKey"),
        ([TOKEN, on_provider("GetResourceApiKey", KEY_PROVIDER, DIRECTORY), READ_SECRET], "GetResourceApiKey"),
    ],
)
def test_each_missing_permission_refuses_the_key(
    control: Any, acting_with: Acting, statements: list[Mapping[str, Any]], missing: str
) -> None:
    control.create_api_key_credential_provider(name="orders", apiKey="k-1")
    with pytest.raises(ClientError, match=missing) as error:
        api_key_of(acting_with(*statements))
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


def test_an_unknown_workload_token_is_refused(emulator: Emulator, control: Any) -> None:
    control.create_api_key_credential_provider(name="orders", apiKey="k")
    client = emulator.client("bedrock-agentcore")
    with pytest.raises(client.exceptions.UnauthorizedException):
        client.get_resource_api_key(workloadIdentityToken="made-up", resourceCredentialProviderName="orders")


def test_a_token_is_really_asked_for_and_kept_until_it_expires(emulator: Emulator, control: Any) -> None:
    client = emulator.client("bedrock-agentcore")
    with authorization_server() as server:
        told = control.create_oauth2_credential_provider(**oauth2(server.discovery_url))
        assert SECRET not in str((told, control.get_oauth2_credential_provider(name="orders")))
        assert token_of(client, "read", "write", customParameters={"tenant": "a"}) == "token-1"
        asked = {"grant_type": "client_credentials", "scope": "read write", "tenant": "a"}
        assert server.asked == [asked]
        assert token_of(client, "read", "write", customParameters={"tenant": "a"}) == "token-1"
        assert token_of(client, "read") == "token-2", "other scopes are another token"
        assert token_of(client, "read", forceAuthentication=True) == "token-3"
        assert token_of(client, "read") == "token-3"


def test_a_token_near_its_end_is_asked_for_again(emulator: Emulator, control: Any) -> None:
    with authorization_server(lifetime=20) as server:
        control.create_oauth2_credential_provider(**oauth2(server.discovery_url))
        client = emulator.client("bedrock-agentcore")
        assert [token_of(client, "read"), token_of(client, "read")] == ["token-1", "token-2"]


def test_a_client_that_the_authorization_server_refuses(emulator: Emulator, control: Any) -> None:
    with authorization_server() as server:
        control.create_oauth2_credential_provider(**oauth2(server.discovery_url, clientSecret="wrong-one"))
        client = emulator.client("bedrock-agentcore")
        with pytest.raises(client.exceptions.ValidationException, match="HTTP 401, invalid_client") as error:
            token_of(client, "read")
        assert "Basic" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://login.example.com", "login.example.com is not part of the local run"),
        ("http://login.example.com", "is no https URL"),
        ("http://127.0.0.1:9", "does not answer"),
    ],
)
def test_no_other_machine_is_asked_for_a_token(emulator: Emulator, control: Any, url: str, message: str) -> None:
    control.create_oauth2_credential_provider(**oauth2(f"{url}/.well-known/openid-configuration"))
    client = emulator.client("bedrock-agentcore")
    with pytest.raises(client.exceptions.ValidationException, match=message):
        token_of(client, "read")


def test_a_role_needs_the_permission_for_tokens(control: Any, acting_with: Acting) -> None:
    with authorization_server() as server:
        control.create_oauth2_credential_provider(**oauth2(server.discovery_url))
        use = on_provider("GetResourceOauth2Token", OAUTH_PROVIDER)
        assert token_of(acting_with(TOKEN, use, READ_SECRET), "read") == "token-1"


def test_a_role_with_the_permission_for_keys_gets_no_token(control: Any, acting_with: Acting) -> None:
    with authorization_server() as server:
        control.create_oauth2_credential_provider(**oauth2(server.discovery_url))
        client = acting_with(TOKEN, on_provider("GetResourceApiKey", OAUTH_PROVIDER), READ_SECRET)
        with pytest.raises(ClientError, match="GetResourceOauth2Token"):
            token_of(client, "read")
        assert server.asked == []


def test_what_the_local_run_cannot_do_is_refused_when_it_is_declared(control: Any) -> None:
    google = {"clientId": "c", "clientSecret": "s"}
    with pytest.raises(control.exceptions.ValidationException, match="reaches no vendor's own servers"):
        control.create_oauth2_credential_provider(
            name="google",
            credentialProviderVendor="GoogleOauth2",
            oauth2ProviderConfigInput={"googleOauth2ProviderConfig": google},
        )
    signed = oauth2("https://a.example/.well-known/openid-configuration", clientAuthenticationMethod="PRIVATE_KEY_JWT")
    with pytest.raises(control.exceptions.ValidationException, match="with a client secret only"):
        control.create_oauth2_credential_provider(**signed)


def providers(secret_key: str = "key", *, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    tag_list = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    return {
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"SecretString": '{"key": "k-1", "other": "k-2"}'},
        },
        "Key": {
            "Type": "AWS::BedrockAgentCore::ApiKeyCredentialProvider",
            "Properties": {
                "Name": "orders",
                "ApiKeySecretSource": "EXTERNAL",
                "ApiKeySecretConfig": {"SecretId": ref("Secret"), "JsonKey": secret_key},
                "Tags": tag_list,
            },
        },
        "Oauth": {
            "Type": "AWS::BedrockAgentCore::OAuth2CredentialProvider",
            "Properties": {
                "Name": "orders",
                "CredentialProviderVendor": "CustomOauth2",
                "Oauth2ProviderConfigInput": {
                    "CustomOauth2ProviderConfig": {
                        "ClientId": CLIENT,
                        "ClientSecret": "{{resolve:secretsmanager:orders-client:SecretString:secret}}",
                        "OauthDiscovery": {"DiscoveryUrl": "https://a.example/.well-known/openid-configuration"},
                    }
                },
            },
        },
        "Identity": {"Type": "AWS::BedrockAgentCore::WorkloadIdentity", "Properties": {"Name": "worker"}},
    }


def test_a_stack_with_credential_providers(emulator: Emulator, control: Any) -> None:
    secrets = emulator.client("secretsmanager")
    arn = secrets.create_secret(Name="orders-client", SecretString=json.dumps({"secret": SECRET}))["ARN"]
    shown = {
        "Key": ref("Key"),
        "KeySecret": get_att("Key", "ApiKeySecretArn.SecretArn"),
        "Secret": ref("Secret"),
        "Oauth": ref("Oauth"),
        "OauthSecret": get_att("Oauth", "ClientSecretArn.SecretArn"),
        "Identity": ref("Identity"),
        "IdentityArn": get_att("Identity", "WorkloadIdentityArn"),
    }
    try:
        with stack(emulator, "providers") as made:
            told = made.create(providers(), Outputs=outputs(**shown))
            assert told["Key"] == KEY_PROVIDER
            assert told["KeySecret"] == told["Secret"]
            assert told["Oauth"] == OAUTH_PROVIDER
            kept = json.loads(secrets.get_secret_value(SecretId=told["OauthSecret"])["SecretString"])
            assert list(kept.values()) == [SECRET], "the dynamic reference is resolved"
            assert (told["Identity"], told["IdentityArn"]) == ("worker", f"{DIRECTORY}/workload-identity/worker")

            made.update(providers("other", tags={"team": "one"}))
            found = control.get_api_key_credential_provider(name="orders")
            assert found["apiKeySecretJsonKey"] == "other"
            assert control.list_tags_for_resource(resourceArn=KEY_PROVIDER)["tags"] == {"team": "one"}
        assert control.list_oauth2_credential_providers()["credentialProviders"] == []
    finally:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_a_stack_whose_secret_has_not_the_key_fails(emulator: Emulator, control: Any) -> None:
    resources = providers("absent")
    del resources["Oauth"], resources["Identity"]
    with stack(emulator, "providers") as made, pytest.raises(StackFailedError, match="has no JSON key absent"):
        made.create(resources)
    assert control.list_api_key_credential_providers()["credentialProviders"] == []
