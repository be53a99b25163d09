"""The identity stack: machine clients with exactly their scopes, and secrets that no template ever sees (R2, R4)."""

import json

import pytest
from aws_cdk import App, CfnElement, aws_iam as iam
from aws_cdk.assertions import Template as AssertedTemplate

from app import feature_flags
from stacks.identity_stack import IdentityStack
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, Template, all_templates, many, strings, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


@in_every_environment
def test_nobody_signs_up(environment: str) -> None:
    pool = template(environment, "identity").only("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


@in_every_environment
def test_the_plan_has_the_access_token_trigger(environment: str) -> None:
    assert template(environment, "identity").only("AWS::Cognito::UserPool")["UserPoolTier"] == "ESSENTIALS"


@in_every_environment
def test_one_resource_server_with_read_and_write_per_tool_server(environment: str) -> None:
    servers = template(environment, "identity").properties("AWS::Cognito::UserPoolResourceServer")
    assert {server["Identifier"]: sorted(s["ScopeName"] for s in server["Scopes"]) for server in servers} == {
        name: ["read", "write"] for name in load_settings(environment).environment.tool_servers
    }


@in_every_environment
def test_one_confidential_client_per_agent_with_exactly_its_scopes(environment: str) -> None:
    identity = template(environment, "identity")
    server_of = {
        f"<{logical_id}>": server["Properties"]["Identifier"]
        for logical_id, server in identity.of_type("AWS::Cognito::UserPoolResourceServer").items()
    }
    found = {}
    for client in identity.properties("AWS::Cognito::UserPoolClient"):
        assert client["GenerateSecret"] is True
        assert client["AllowedOAuthFlowsUserPoolClient"] is True
        assert client["AllowedOAuthFlows"] == ["client_credentials"]
        # Left out, it would let users sign in by password; a refresh token nobody can have.
        assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
        assert "CallbackURLs" not in client
        scopes = [written(scope).partition("/") for scope in client["AllowedOAuthScopes"]]
        found[client["ClientName"]] = {f"{server_of[server]}/{scope}" for server, _, scope in scopes}
    assert found == {
        f"{tenant.tenant}.{name}": set(agent.scopes)
        for tenant in load_settings(environment).tenants
        for name, agent in tenant.agents.items()
    }


@in_every_environment
def test_tokens_are_short_lived(environment: str) -> None:
    minutes = load_settings(environment).environment.identity.access_token_minutes
    assert minutes <= 15
    for client in template(environment, "identity").properties("AWS::Cognito::UserPoolClient"):
        assert (client["AccessTokenValidity"], client["TokenValidityUnits"]) == (minutes, {"AccessToken": "minutes"})
        assert client["EnableTokenRevocation"] is True


@in_every_environment
def test_the_domain_is_unique_in_the_region(environment: str) -> None:
    domain = template(environment, "identity").only("AWS::Cognito::UserPoolDomain")["Domain"]
    assert written(domain) == f"foundation-{environment}-<AWS::AccountId>"


def test_no_template_asks_cognito_for_a_secret() -> None:
    for stack in all_templates():
        assert "ClientSecret" not in set(strings(stack.body)), stack.name


@in_every_environment
def test_secrets_begin_with_a_placeholder(environment: str) -> None:
    for secret in template(environment, "identity").properties("AWS::SecretsManager::Secret"):
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["GenerateStringKey"] == "placeholder"
        assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {
            "status": "waiting for its first rotation"
        }


def agent_secrets(environment: str) -> dict[str, Json]:
    """Secrets by the agent, `<tenant>/<agent>`, their logical ids put in as `LogicalId`."""
    identity = template(environment, "identity")
    prefix = f"foundation/{environment}/agents/"
    return {
        secret["Properties"]["Name"].removeprefix(prefix): secret["Properties"] | {"LogicalId": logical_id}
        for logical_id, secret in identity.of_type("AWS::SecretsManager::Secret").items()
    }


@in_every_environment
def test_every_agent_has_a_secret_that_names_its_client(environment: str) -> None:
    identity = template(environment, "identity")
    secrets = agent_secrets(environment)
    assert secrets.keys() == {f"{t.tenant}/{name}" for t in load_settings(environment).tenants for name in t.agents}
    for agent, secret in secrets.items():
        [client] = [tag["Value"]["Ref"] for tag in secret["Tags"] if tag["Key"] == "foundation:client-id"]
        assert identity.resources[client]["Properties"]["ClientName"] == agent.replace("/", ".")
        assert secret["KmsKeyId"] == {"Fn::GetAtt": [identity.id_of("AWS::KMS::Key"), "Arn"]}


@in_every_environment
def test_the_first_value_is_written_at_once_and_then_in_turn(environment: str) -> None:
    identity = template(environment, "identity")
    schedules = identity.of_type("AWS::SecretsManager::RotationSchedule")
    days = load_settings(environment).environment.identity.secret_rotation_days
    rotated = set()
    for schedule in schedules.values():
        properties = schedule["Properties"]
        assert properties["RotateImmediatelyOnUpdate"] is True
        assert properties["RotationRules"] == {"AutomaticallyAfterDays": days}
        assert properties["RotationLambdaARN"] == {"Fn::GetAtt": [identity.id_of("AWS::Lambda::Function"), "Arn"]}
        # Secrets Manager invokes the function as soon as the schedule exists.
        assert identity.id_of("AWS::Lambda::Permission") in schedule["DependsOn"]
        assert identity.id_of("AWS::IAM::Policy") in schedule["DependsOn"]
        rotated.add(properties["SecretId"]["Ref"])
    assert rotated == set(identity.of_type("AWS::SecretsManager::Secret"))


@in_every_environment
def test_only_the_agent_and_the_rotation_read_a_secret(environment: str) -> None:
    identity = template(environment, "identity")
    policy_of = {
        policy["SecretId"]["Ref"]: policy["ResourcePolicy"]["Statement"]
        for policy in identity.properties("AWS::SecretsManager::ResourcePolicy")
    }
    rotation = identity.only("AWS::Lambda::Function")["Role"]
    for agent, secret in agent_secrets(environment).items():
        [deny] = policy_of[secret["LogicalId"]]
        assert (deny["Effect"], deny["Principal"], deny["Resource"]) == ("Deny", {"AWS": "*"}, "*")
        assert many(deny["Action"]) == ["secretsmanager:GetSecretValue"]
        assert deny["Condition"] == {
            "ArnNotEquals": {"aws:PrincipalArn": [rotation]},
            "StringNotEquals": {"aws:PrincipalTag/foundation:agent": agent},
            "StringNotEqualsIfExists": {"aws:CalledViaLast": "cloudformation.amazonaws.com"},
        }


@in_every_environment
def test_secrets_manager_of_this_account_alone_invokes_the_rotation(environment: str) -> None:
    permission = template(environment, "identity").only("AWS::Lambda::Permission")
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@in_every_environment
def test_the_rotation_knows_pool_and_endpoint_and_holds_no_secret(environment: str) -> None:
    identity = template(environment, "identity")
    function = identity.only("AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    assert variables.keys() == {"USER_POOL_ID", "TOKEN_ENDPOINT"}
    assert variables["USER_POOL_ID"] == {"Ref": identity.id_of("AWS::Cognito::UserPool")}
    assert written(variables["TOKEN_ENDPOINT"]) == (
        f"https://foundation-{environment}-<AWS::AccountId>.auth.us-east-1.amazoncognito.com/oauth2/token"
    )
    assert "VpcConfig" not in function


def test_a_role_of_the_kit_that_is_granted_a_secret_is_marked_as_the_agents() -> None:
    app = App(context=feature_flags())
    stack = IdentityStack(app, settings=load_settings("dev"))
    role = iam.Role(stack, "Agent", assumed_by=iam.ServicePrincipal("pods.eks.amazonaws.com"))
    stack.credentials["acme-corp/finance-agent"].grant_read(role)
    identity = Template("identity", dict(AssertedTemplate.from_stack(stack).to_json()))
    resource = role.node.default_child
    assert isinstance(resource, CfnElement)
    agents_role = identity.resources[stack.get_logical_id(resource)]["Properties"]
    assert {"Key": "foundation:agent", "Value": "acme-corp/finance-agent"} in agents_role["Tags"]
    [policy] = [
        policy["PolicyDocument"]["Statement"]
        for policy in identity.properties("AWS::IAM::Policy")
        if policy["PolicyName"].startswith("AgentDefaultPolicy")
    ]
    read, decrypt = policy
    assert many(read["Action"]) == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert read["Resource"] == decrypt["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
    assert identity.resources[read["Resource"]["Ref"]]["Properties"]["Name"] == (
        "foundation/dev/agents/acme-corp/finance-agent"
    )
