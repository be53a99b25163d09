"""Targets of every kind: the example of each, synthesized by the real app with every policy pack (R6)."""

import json
from pathlib import Path

import pytest
import yaml

from tests.assemblies import copy_of_the_app, run_app
from tests.lint.check import lint_assembly
from tests.lint.literal import Assembly
from tests.synth.test_acknowledgements import given, needed
from tests.synth.test_permissions import of_identities, resource_types
from tests.templates import Json, Template, many, strings, written

TARGET = "AWS::BedrockAgentCore::GatewayTarget"
API_KEY = "AWS::BedrockAgentCore::ApiKeyCredentialProvider"
OAUTH = "AWS::BedrockAgentCore::OAuth2CredentialProvider"
RUNTIME = "AWS::BedrockAgentCore::Runtime"
STACK = "foundation-prod-gateway"
PREFIX = "arn:aws:bedrock-agentcore:us-east-1:<AWS::AccountId>"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the app writes for prod, whose checks are the strictest, with one target of each kind."""
    folder = tmp_path_factory.mktemp("targets")
    root = copy_of_the_app(folder / "app")
    settings = root / "config" / "prod.yaml"
    examples = yaml.safe_load((root / "config" / "targets" / "every-kind.yaml").read_text(encoding="utf-8"))
    whole = yaml.safe_load(settings.read_text(encoding="utf-8")) | examples
    settings.write_text(yaml.safe_dump(whole), encoding="utf-8")
    run = run_app(outdir=folder / "out", context='{"env": "prod"}', root=root)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "out"


@pytest.fixture(scope="module")
def gateway(assembly: Path) -> Template:
    return Template(STACK, json.loads((assembly / f"{STACK}.template.json").read_text(encoding="utf-8")))


def target(gateway: Template, name: str) -> Json:
    """The properties of the target `name`."""
    [found] = [properties for properties in gateway.properties(TARGET) if properties["Name"] == name]
    return found


def credential(gateway: Template, name: str) -> Json:
    """The credential of the target `name`."""
    [found] = target(gateway, name)["CredentialProviderConfigurations"]
    return dict(found)


def allowed(gateway: Template, action: str) -> set[str]:
    """What the gateway's role may do `action` on."""
    return {
        written(resource)
        for logical_id, statement in of_identities(gateway)
        if logical_id.startswith("ToolGatewayRole") and action in many(statement["Action"])
        for resource in many(statement["Resource"])
    }


def test_there_is_an_example_of_every_kind_and_credential(gateway: Template) -> None:
    kinds = {next(iter(properties["TargetConfiguration"]["Mcp"])) for properties in gateway.properties(TARGET)}
    assert kinds == {"Lambda", "OpenApiSchema", "SmithyModel", "McpServer", "ApiGateway"}
    assert gateway.of_type(RUNTIME)
    given_credentials = {
        entry["CredentialProviderType"]
        for properties in gateway.properties(TARGET)
        for entry in properties.get("CredentialProviderConfigurations", [])
    }
    assert given_credentials == {"GATEWAY_IAM_ROLE", "API_KEY", "OAUTH"}


def test_cloudformation_takes_them(assembly: Path) -> None:
    assert lint_assembly(Assembly.read(assembly)) == {}


def test_no_acknowledgement_of_theirs_is_stale(assembly: Path) -> None:
    assert set(given(assembly)) - set(needed(assembly)) == set()


def test_all_permissions_are_exact_actions_on_named_resources(gateway: Template) -> None:
    for logical_id, statement in of_identities(gateway):
        for action in many(statement["Action"]):
            assert "*" not in action, logical_id
            if "*" in many(statement["Resource"]):
                assert not resource_types(action), f"{action} of {logical_id}"


def test_an_api_key_comes_from_the_vault_which_reads_it_from_secrets_manager(gateway: Template) -> None:
    [provider] = [one for one in gateway.properties(API_KEY) if one["Name"] == "foundation-prod-weather"]
    assert provider["ApiKeySecretSource"] == "EXTERNAL"
    assert provider["ApiKeySecretConfig"] == {"SecretId": "foundation/prod/targets/weather", "JsonKey": "api_key"}
    key = credential(gateway, "weather")["CredentialProvider"]["ApiKeyCredentialProvider"]
    assert (key["CredentialLocation"], key["CredentialParameterName"]) == ("HEADER", "X-Api-Key")
    in_query = credential(gateway, "geocoding")["CredentialProvider"]["ApiKeyCredentialProvider"]
    assert (in_query["CredentialLocation"], in_query["CredentialParameterName"]) == ("QUERY_PARAMETER", "key")


def test_an_access_token_comes_by_client_credentials(gateway: Template) -> None:
    [provider] = [one for one in gateway.properties(OAUTH) if one["Name"] == "foundation-prod-tickets"]
    config = provider["Oauth2ProviderConfigInput"]["CustomOauth2ProviderConfig"]
    assert config["ClientSecretSource"] == "EXTERNAL"
    assert config["ClientSecretConfig"] == {"SecretId": "foundation/prod/targets/tickets", "JsonKey": "client_secret"}
    token = credential(gateway, "tickets")["CredentialProvider"]["OauthCredentialProvider"]
    assert (token["GrantType"], token["Scopes"]) == ("CLIENT_CREDENTIALS", ["tickets/read"])


def test_no_template_holds_a_secret_or_a_reference_that_would_fetch_one(assembly: Path) -> None:
    for file in assembly.glob("*.template.json"):
        body = json.loads(file.read_text(encoding="utf-8"))
        assert not [text for text in strings(body) if "{{resolve:" in text]


def test_the_role_may_get_just_the_credentials_of_its_targets(gateway: Template) -> None:
    identity = {
        f"{PREFIX}:workload-identity-directory/default",
        f"{PREFIX}:workload-identity-directory/default/workload-identity/foundation-prod-*",
    }
    assert allowed(gateway, "bedrock-agentcore:GetWorkloadAccessToken") == identity
    vault = {*identity, f"{PREFIX}:token-vault/default"}
    for action, kind in (("GetResourceApiKey", API_KEY), ("GetResourceOauth2Token", OAUTH)):
        providers = {f"<{logical_id}.CredentialProviderArn>" for logical_id in gateway.of_type(kind)}
        assert allowed(gateway, f"bedrock-agentcore:{action}") == vault | providers
    secrets = {"weather", "invoices", "tickets", "converter", "stores"}
    assert allowed(gateway, "secretsmanager:GetSecretValue") == {
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:geocoding-a1B2c3",
        *(
            f"arn:aws:secretsmanager:us-east-1:<AWS::AccountId>:secret:foundation/prod/targets/{name}-??????"
            for name in secrets
        ),
    }


def test_the_role_may_call_just_what_it_signs_for(gateway: Template) -> None:
    assert "arn:aws:lambda:us-east-1:123456789012:function:orders:live" in allowed(gateway, "lambda:InvokeFunction")
    [signed] = [
        logical_id
        for logical_id, runtime in gateway.of_type(RUNTIME).items()
        if "AuthorizerConfiguration" not in runtime["Properties"]
    ]
    arn = f"<{signed}.AgentRuntimeArn>"
    assert allowed(gateway, "bedrock-agentcore:InvokeAgentRuntime") == {arn, f"{arn}/runtime-endpoint/DEFAULT"}
    api = "arn:aws:execute-api:us-east-1:<AWS::AccountId>:a1b2c3d4e5/prod/GET"
    assert {f"{api}/pets", f"{api}/pets/*"} < allowed(gateway, "execute-api:Invoke")
    assert not any("f6g7h8i9j0" in resource for resource in allowed(gateway, "execute-api:Invoke"))


def test_a_runtime_runs_a_bundle_under_a_role_of_its_own(gateway: Template) -> None:
    for runtime in gateway.properties(RUNTIME):
        assert runtime["ProtocolConfiguration"] == "MCP"
        code = runtime["AgentRuntimeArtifact"]["CodeConfiguration"]
        assert (code["Runtime"], code["EntryPoint"]) == ("PYTHON_3_14", ["main.py"])
        role = gateway.resources[runtime["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        source = written(trust["Condition"]["ArnLike"]["aws:SourceArn"])
        assert source == f"{PREFIX}:runtime/{runtime['AgentRuntimeName']}-*"


def test_a_target_on_a_runtime_calls_it_by_its_encoded_arn_and_waits_for_its_logs(gateway: Template) -> None:
    [runtime] = [name for name, one in gateway.of_type(RUNTIME).items() if "token" not in name.lower()]
    url = written(target(gateway, "converter")["TargetConfiguration"]["Mcp"]["McpServer"]["Endpoint"])
    encoded = "arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A<AWS::AccountId>%3Aruntime%2F"
    host = "https://bedrock-agentcore.us-east-1.<AWS::URLSuffix>"
    assert url == f"{host}/runtimes/{encoded}<{runtime}.AgentRuntimeId>/invocations?qualifier=DEFAULT"
    signer = credential(gateway, "converter")["CredentialProvider"]["IamCredentialProvider"]
    assert signer == {"Service": "bedrock-agentcore"}
    [logs] = [name for name in gateway.of_type("AWS::Logs::LogGroup") if name.startswith("ToolGatewayTargetconverterR")]
    [waiting] = [one for one in gateway.of_type(TARGET).values() if one["Properties"]["Name"] == "converter"]
    assert logs in waiting["DependsOn"]
    assert gateway.resources[logs]["Properties"]["KmsKeyId"]


def test_a_runtime_for_callers_with_a_token_checks_it(gateway: Template) -> None:
    [checked] = [one for one in gateway.properties(RUNTIME) if "AuthorizerConfiguration" in one]
    authorizer = checked["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    assert authorizer["AllowedClients"] == ["foundation-gateway"]
    assert checked["NetworkConfiguration"]["NetworkMode"] == "VPC"
    assert len(checked["NetworkConfiguration"]["NetworkModeConfig"]["Subnets"]) == 3
    assert credential(gateway, "converter-with-token")["CredentialProviderType"] == "OAUTH"


def test_private_endpoints_are_managed_in_the_private_subnets_or_somebody_elses(gateway: Template) -> None:
    managed = target(gateway, "invoices")["PrivateEndpoint"]["ManagedVpcResource"]
    assert len(managed["SubnetIds"]) == 3
    assert "Workloads" in json.dumps(managed["SecurityGroupIds"])
    other = target(gateway, "handbook")["PrivateEndpoint"]["SelfManagedLatticeResource"]
    assert other == {"ResourceConfigurationIdentifier": "rcfg-0123456789abcdef0"}
    assert "CredentialProviderConfigurations" not in target(gateway, "handbook")


def test_every_target_waits_for_the_roles_permissions(gateway: Template) -> None:
    [policy] = [name for name in gateway.of_type("AWS::IAM::Policy") if name.startswith("ToolGatewayRole")]
    for name, resource in gateway.of_type(TARGET).items():
        assert policy in resource["DependsOn"], name
