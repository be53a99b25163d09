"""Gateway targets of every kind: which credentials each takes, and MCP servers that are asked for their tools."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, StackFailedError, allow, get_att, outputs, ref, role, stack
from tests.local.stand_ins import CLIENT, SECRET, authorization_server, known_host, mcp_server

PREFIX = "arn:aws:bedrock-agentcore:us-east-1:123456789012"
DIRECTORY = f"{PREFIX}:workload-identity-directory/default"
VAULT = f"{PREFIX}:token-vault/default"
HOST = "tools.example.com"
ENDPOINT = f"https://{HOST}/mcp"
ROLE = {"credentialProviderType": "GATEWAY_IAM_ROLE"}
SIGNED = {**ROLE, "credentialProvider": {"iamCredentialProvider": {"service": "execute-api"}}}
KEY: dict[str, Any] = {
    "credentialProviderType": "API_KEY",
    "credentialProvider": {
        "apiKeyCredentialProvider": {
            "providerArn": f"{VAULT}/apikeycredentialprovider/tools",
            "credentialParameterName": "X-Key",
            "credentialPrefix": "Key",
        }
    },
}
OAUTH: dict[str, Any] = {
    "credentialProviderType": "OAUTH",
    "credentialProvider": {
        "oauthCredentialProvider": {"providerArn": f"{VAULT}/oauth2credentialprovider/tools", "scopes": ["read"]}
    },
}
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "https://orders.example.com"}],
    "paths": {"/orders": {"get": {"operationId": "listOrders", "responses": {"200": {"description": "ok"}}}}},
}
SMITHY = {"smithy": "2.0", "shapes": {"example#Orders": {"type": "service", "version": "1"}}}

greeter = MCPServer("greeter")


@greeter.tool()
def greet(name: str) -> str:
    """Greets."""
    return f"Hello {name}"


@pytest.fixture(scope="module")
def roles(emulator: Emulator) -> Iterator[dict[str, str]]:
    """A gateway's role that may use the vault, and one that may not."""
    identities = [DIRECTORY, f"{DIRECTORY}/workload-identity/tools-*"]
    providers = [VAULT, f"{VAULT}/apikeycredentialprovider/tools", f"{VAULT}/oauth2credentialprovider/tools"]
    use = allow(
        "bedrock-agentcore:GetResourceApiKey",
        "bedrock-agentcore:GetResourceOauth2Token",
        resource=[*providers, *identities],
    )
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:bedrock-agentcore-identity!*"
    resources = {
        "User": role(
            GATEWAY_TRUST,
            allow("bedrock-agentcore:GetWorkloadAccessToken", resource=identities),
            use,
            allow("secretsmanager:GetSecretValue", resource=secret),
        ),
        "Nobody": role(GATEWAY_TRUST),
    }
    with stack(emulator, "target-roles") as made:
        yield made.create(resources, Outputs=outputs(**{name: get_att(name, "Arn") for name in resources}))


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
    """The control plane's client; what a test leaves is removed."""
    client = emulator.client("bedrock-agentcore-control")
    yield client
    for gateway in client.list_gateways()["items"]:
        for target in client.list_gateway_targets(gatewayIdentifier=gateway["gatewayId"])["items"]:
            client.delete_gateway_target(gatewayIdentifier=gateway["gatewayId"], targetId=target["targetId"])
        client.delete_gateway(gatewayIdentifier=gateway["gatewayId"])
    for provider in client.list_api_key_credential_providers()["credentialProviders"]:
        client.delete_api_key_credential_provider(name=provider["name"])
    for provider in client.list_oauth2_credential_providers()["credentialProviders"]:
        client.delete_oauth2_credential_provider(name=provider["name"])


@pytest.fixture
def gateway(control: Any, roles: dict[str, str]) -> str:
    """A gateway whose role may use the vault."""
    return new_gateway(control, roles["User"])


def new_gateway(control: Any, role_arn: str, **changes: Any) -> str:
    wanted = {"name": "tools", "roleArn": role_arn, "protocolType": "MCP", "authorizerType": "NONE", **changes}
    given = {name: value for name, value in wanted.items() if value is not None}
    return str(control.create_gateway(**given)["gatewayId"])


def add(control: Any, gateway: str, kind: str, settings: Mapping[str, Any], *credentials: Mapping[str, Any]) -> str:
    request: dict[str, Any] = {
        "gatewayIdentifier": gateway,
        "name": "tools",
        "targetConfiguration": {"mcp": {kind: dict(settings)}},
    }
    if credentials:
        request["credentialProviderConfigurations"] = list(credentials)
    return str(control.create_gateway_target(**request)["targetId"])


def settled(control: Any, gateway: str, target: str) -> Any:
    deadline = time.monotonic() + 20
    while True:
        found = control.get_gateway_target(gatewayIdentifier=gateway, targetId=target)
        if found["status"] not in ("CREATING", "UPDATING", "SYNCHRONIZING") or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def inline(document: Any) -> dict[str, str]:
    return {"inlinePayload": json.dumps(document)}


GOOD: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "openApiSchema": (inline(OPENAPI), [None, SIGNED, OAUTH, KEY]),
    "smithyModel": (inline(SMITHY), [ROLE, OAUTH]),
    "mcpServer": ({"endpoint": ENDPOINT, "listingMode": "DYNAMIC"}, [None, SIGNED, OAUTH, KEY]),
}
BAD: dict[str, list[Any]] = {
    "openApiSchema": [ROLE, {"credentialProviderType": "JWT_PASSTHROUGH"}],
    "smithyModel": [None, KEY],
    "mcpServer": [ROLE, {"credentialProviderType": "CALLER_IAM_CREDENTIALS"}],
}


def with_vault(control: Any) -> None:
    control.create_api_key_credential_provider(name="tools", apiKey="k-1")
    discovery = {"discoveryUrl": "https://login.example.com/.well-known/openid-configuration"}
    control.create_oauth2_credential_provider(
        name="tools",
        credentialProviderVendor="CustomOauth2",
        oauth2ProviderConfigInput={
            "customOauth2ProviderConfig": {"oauthDiscovery": discovery, "clientId": CLIENT, "clientSecret": SECRET}
        },
    )


@pytest.mark.parametrize(
    ("kind", "credentials"), [(kind, given) for kind, (_, accepted) in GOOD.items() for given in accepted]
)
def test_credentials_that_a_kind_takes(control: Any, gateway: str, kind: str, credentials: Any) -> None:
    with_vault(control)
    target = add(control, gateway, kind, GOOD[kind][0], *([credentials] if credentials else []))
    found = settled(control, gateway, target)
    assert found["status"] == "READY"
    assert found["credentialProviderConfigurations"] == ([credentials] if credentials else [])


@pytest.mark.parametrize(("kind", "credentials"), [(kind, given) for kind, refused in BAD.items() for given in refused])
def test_credentials_that_a_kind_does_not_take(control: Any, gateway: str, kind: str, credentials: Any) -> None:
    with_vault(control)
    with pytest.raises(control.exceptions.ValidationException, match=r"only, not|needs iamCred|is not defined"):
        add(control, gateway, kind, GOOD[kind][0], *([credentials] if credentials else []))


def test_a_grant_in_which_a_user_takes_part(control: Any, gateway: str) -> None:
    with_vault(control)
    provider = {**OAUTH["credentialProvider"]["oauthCredentialProvider"], "grantType": "AUTHORIZATION_CODE"}
    credentials = {**OAUTH, "credentialProvider": {"oauthCredentialProvider": provider}}
    with pytest.raises(control.exceptions.ValidationException, match="CLIENT_CREDENTIALS, not AUTHORIZATION_CODE"):
        add(control, gateway, "openApiSchema", inline(OPENAPI), credentials)


@pytest.mark.parametrize("credentials", [KEY, OAUTH])
def test_a_provider_that_does_not_exist(control: Any, gateway: str, credentials: Any) -> None:
    with pytest.raises(control.exceptions.ResourceNotFoundException, match="Credential provider"):
        add(control, gateway, "openApiSchema", inline(OPENAPI), credentials)


@pytest.mark.parametrize(
    ("kind", "document", "message"),
    [
        ("openApiSchema", {**OPENAPI, "openapi": "2.0"}, "is not OpenAPI 3.0 or 3.1"),
        ("openApiSchema", {**OPENAPI, "servers": []}, "has no server with a url"),
        ("openApiSchema", {**OPENAPI, "paths": {"/a": {"get": {}}}}, "has no operationId for GET /a"),
        ("openApiSchema", {**OPENAPI, "paths": {}}, "from 1 to 1000 tools, not 0"),
        (
            "openApiSchema",
            {**OPENAPI, "paths": {"/a": {"get": {"operationId": "a"}, "put": {"operationId": "a"}}}},
            "used more than once: a",
        ),
        ("openApiSchema", {**OPENAPI, "info": "x" * 1024 * 1024}, "at most 1048576 are allowed: use S3"),
        ("smithyModel", {"smithy": "2.0"}, "is no JSON AST"),
    ],
)
def test_a_document_that_aws_would_refuse(control: Any, gateway: str, kind: str, document: Any, message: str) -> None:
    with pytest.raises(control.exceptions.ValidationException, match=message):
        add(control, gateway, kind, inline(document), *([ROLE] if kind == "smithyModel" else []))


def test_an_openapi_document_in_s3_may_be_yaml(emulator: Emulator, control: Any, gateway: str) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="documents")
    text = "openapi: 3.1.0\nservers: [{url: 'https://a.example'}]\npaths: {/a: {get: {operationId: a}}}\n"
    s3.put_object(Bucket="documents", Key="orders.yaml", Body=text.encode())
    assert add(control, gateway, "openApiSchema", {"s3": {"uri": "s3://documents/orders.yaml"}})
    s3.delete_object(Bucket="documents", Key="orders.yaml")
    s3.delete_bucket(Bucket="documents")


def test_a_rest_api_whose_stage_does_not_exist(emulator: Emulator, control: Any, gateway: str) -> None:
    tools = {"toolFilters": [{"filterPath": "/orders", "methods": ["GET"]}]}
    api = {"restApiId": "abc123", "stage": "live", "apiGatewayToolConfiguration": tools}
    with pytest.raises(control.exceptions.ValidationException, match="stage live of the REST API abc123"):
        add(control, gateway, "apiGateway", api, ROLE)
    rest = emulator.client("apigateway")
    made = rest.create_rest_api(name="orders")["id"]
    root = rest.get_resources(restApiId=made)["items"][0]["id"]
    rest.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM")
    rest.put_integration(restApiId=made, resourceId=root, httpMethod="GET", type="MOCK")
    rest.create_deployment(restApiId=made, stageName="live")
    assert add(control, gateway, "apiGateway", {**api, "restApiId": made}, ROLE)
    rest.delete_rest_api(restApiId=made)


def test_an_mcp_gateway_takes_no_http_target(control: Any, gateway: str) -> None:
    runtime = {"arn": f"{PREFIX}:runtime/agent-abcdefghij"}
    with pytest.raises(control.exceptions.ValidationException, match="takes no http targets"):
        control.create_gateway_target(
            gatewayIdentifier=gateway,
            name="agent",
            targetConfiguration={"http": {"agentcoreRuntime": runtime}},
            credentialProviderConfigurations=[ROLE],
        )


def test_a_private_endpoint_is_kept(control: Any, gateway: str) -> None:
    place = {"selfManagedLatticeResource": {"resourceConfigurationIdentifier": "rcfg-0123456789abcdef0"}}
    made = control.create_gateway_target(
        gatewayIdentifier=gateway,
        name="inside",
        targetConfiguration={"mcp": {"mcpServer": {"endpoint": ENDPOINT, "listingMode": "DYNAMIC"}}},
        privateEndpoint=place,
    )
    assert settled(control, gateway, made["targetId"])["privateEndpoint"] == place


def test_a_server_is_asked_for_its_tools_with_the_gateways_key(emulator: Emulator, control: Any, gateway: str) -> None:
    with_vault(control)
    with (
        mcp_server(greeter, admits=lambda headers: headers.get("x-key") == "Key k-1") as (port, seen),
        known_host(emulator, HOST, port),
    ):
        target = add(control, gateway, "mcpServer", {"endpoint": ENDPOINT}, KEY)
        created = control.get_gateway_target(gatewayIdentifier=gateway, targetId=target)
        assert created["status"] in ("CREATING", "READY")
        found = settled(control, gateway, target)
        assert (found["status"], found["statusReasons"]) == ("READY", [])
        assert len(seen) == 3, "initialize, initialized, tools/list"
        answer = control.synchronize_gateway_targets(gatewayIdentifier=gateway, targetIdList=[target])
        assert answer["targets"][0]["status"] == "SYNCHRONIZING"
        again = settled(control, gateway, target)
        assert again["status"] == "READY"
        assert again["lastSynchronizedAt"] > found["lastSynchronizedAt"]
        assert len(seen) == 6


def test_a_server_is_asked_with_a_token_of_the_vault(emulator: Emulator, control: Any, gateway: str) -> None:
    with authorization_server() as identity:
        config = {"oauthDiscovery": {"discoveryUrl": identity.discovery_url}, "clientId": CLIENT}
        control.create_oauth2_credential_provider(
            name="tools",
            credentialProviderVendor="CustomOauth2",
            oauth2ProviderConfigInput={"customOauth2ProviderConfig": {**config, "clientSecret": SECRET}},
        )
        with (
            mcp_server(greeter, admits=lambda headers: headers.get("authorization") == "Bearer token-1") as (port, _),
            known_host(emulator, HOST, port),
        ):
            target = add(control, gateway, "mcpServer", {"endpoint": ENDPOINT}, OAUTH)
            assert settled(control, gateway, target)["status"] == "READY"
        assert identity.asked == [{"grant_type": "client_credentials", "scope": "read"}]


def failure(control: Any, gateway: str, *credentials: Mapping[str, Any]) -> str:
    target = add(control, gateway, "mcpServer", {"endpoint": ENDPOINT}, *credentials)
    found = settled(control, gateway, target)
    assert found["status"] == "FAILED"
    return str(found["statusReasons"][0])


def test_a_server_that_refuses_the_gateway(emulator: Emulator, control: Any, gateway: str) -> None:
    with_vault(control)
    with mcp_server(greeter, admits=lambda _: False) as (port, _), known_host(emulator, HOST, port):
        reason = failure(control, gateway, KEY)
    assert "answers initialize with HTTP 401" in reason
    assert "k-1" not in reason


def test_a_server_without_tools(emulator: Emulator, control: Any, gateway: str) -> None:
    with mcp_server(MCPServer("none"), admits=lambda _: True) as (port, _), known_host(emulator, HOST, port):
        assert "from 1 to 1000 tools, not 0" in failure(control, gateway)


def test_a_host_that_no_server_stands_for(control: Any, gateway: str) -> None:
    assert f"{HOST} is not part of the local run" in failure(control, gateway)


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"tools.example.com": "8081"}', '{"tools.example.com": true}'])
def test_a_hosts_file_that_names_no_port(emulator: Emulator, control: Any, gateway: str, text: str) -> None:
    hosts = emulator.state / "hosts.json"
    hosts.write_text(text)
    try:
        assert f"{HOST} is not part of the local run" in failure(control, gateway)
    finally:
        hosts.unlink()


def test_a_role_that_may_not_use_the_vault(control: Any, roles: dict[str, str]) -> None:
    with_vault(control)
    reason = failure(control, new_gateway(control, roles["Nobody"]), KEY)
    assert "GetWorkloadAccessToken" in reason


def test_only_servers_that_list_their_tools_are_synchronized(control: Any, gateway: str) -> None:
    target = add(control, gateway, "openApiSchema", inline(OPENAPI))
    with pytest.raises(control.exceptions.ValidationException, match="Only MCP server targets"):
        control.synchronize_gateway_targets(gatewayIdentifier=gateway, targetIdList=[target])


def test_tools_may_be_given_instead_of_listed(control: Any, gateway: str) -> None:
    schema = inline({"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]})
    with pytest.raises(control.exceptions.ValidationException, match="list of named tools"):
        add(control, gateway, "mcpServer", {"endpoint": ENDPOINT, "mcpToolSchema": inline({"tools": [{}]})})
    target = add(control, gateway, "mcpServer", {"endpoint": ENDPOINT, "mcpToolSchema": schema})
    assert settled(control, gateway, target)["status"] == "READY"


def target_stack(roles: dict[str, str]) -> dict[str, Any]:
    return {
        "Gateway": {
            "Type": "AWS::BedrockAgentCore::Gateway",
            "Properties": {
                "Name": "tools",
                "ProtocolType": "MCP",
                "AuthorizerType": "NONE",
                "RoleArn": roles["User"],
            },
        },
        "Target": {
            "Type": "AWS::BedrockAgentCore::GatewayTarget",
            "Properties": {
                "GatewayIdentifier": ref("Gateway"),
                "Name": "foreign",
                "TargetConfiguration": {"Mcp": {"McpServer": {"Endpoint": ENDPOINT}}},
            },
        },
    }


def test_a_stack_waits_for_the_server(emulator: Emulator, control: Any, roles: dict[str, str]) -> None:
    with stack(emulator, "foreign") as made:
        with pytest.raises(StackFailedError, match=f"{HOST} is not part of the local run"):
            made.create(target_stack(roles))
        made.wait()
    assert control.list_gateways()["items"] == [], "nothing keeps the gateway from being removed again"
    with (
        mcp_server(greeter, admits=lambda _: True) as (port, _),
        known_host(emulator, HOST, port),
        stack(emulator, "foreign-2") as made,
    ):
        made.create(target_stack(roles))
        (listed,) = control.list_gateway_targets(gatewayIdentifier=made.id_of("Gateway"))["items"]
        assert (listed["status"], listed["targetType"]) == ("READY", "MCP_SERVER")
