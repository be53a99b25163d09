"""The identity stack: a pool without users, whose tokens carry what the directory says (R2, R3, R4)."""

import pytest

from foundation.machine_identity import MachineIdentity
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, all_templates, elsewhere, many, strings, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def function(environment: str, handler: str) -> tuple[str, Json]:
    """Logical id and properties of the function with a handler."""
    [found] = [
        (logical_id, resource["Properties"])
        for logical_id, resource in template(environment, "identity").of_type("AWS::Lambda::Function").items()
        if resource["Properties"]["Handler"] == handler
    ]
    return found


@in_every_environment
def test_nobody_signs_up(environment: str) -> None:
    pool = template(environment, "identity").only("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


@in_every_environment
def test_one_resource_server_with_read_and_write_per_tool_server(environment: str) -> None:
    servers = template(environment, "identity").properties("AWS::Cognito::UserPoolResourceServer")
    assert {server["Identifier"]: sorted(s["ScopeName"] for s in server["Scopes"]) for server in servers} == {
        name: ["read", "write"] for name in load_settings(environment).environment.tool_servers
    }


@in_every_environment
def test_the_domain_is_unique_in_the_region(environment: str) -> None:
    domain = template(environment, "identity").only("AWS::Cognito::UserPoolDomain")["Domain"]
    assert written(domain) == f"foundation-{environment}-<AWS::AccountId>"


@in_every_environment
def test_no_client_is_here_that_no_tenant_has(environment: str) -> None:
    assert template(environment, "identity").of_type("AWS::Cognito::UserPoolClient") == {}


@in_every_environment
def test_no_token_leaves_the_pool_without_its_claims(environment: str) -> None:
    """Only the third version of the trigger is asked for client credentials, and only from the plan Essentials on."""
    identity = template(environment, "identity")
    pool = identity.only("AWS::Cognito::UserPool")
    logical_id, _ = function(environment, "token_claims.handler.handler")
    assert pool["LambdaConfig"]["PreTokenGenerationConfig"] == {
        "LambdaArn": {"Fn::GetAtt": [logical_id, "Arn"]},
        "LambdaVersion": "V3_0",
    }
    assert pool["UserPoolTier"] == "ESSENTIALS"


@in_every_environment
def test_this_pool_alone_asks_for_claims(environment: str) -> None:
    identity = template(environment, "identity")
    [permission] = [
        permission
        for permission in identity.properties("AWS::Lambda::Permission")
        if permission["Principal"] == "cognito-idp.amazonaws.com"
    ]
    assert permission["SourceArn"] == {"Fn::GetAtt": [identity.id_of("AWS::Cognito::UserPool"), "Arn"]}
    assert permission["Action"] == "lambda:InvokeFunction"


@in_every_environment
def test_the_trigger_answers_before_cognito_gives_up(environment: str) -> None:
    """Cognito waits five seconds: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html."""
    _, claims = function(environment, "token_claims.handler.handler")
    assert claims["Timeout"] < 5
    assert claims["Environment"]["Variables"] == {
        "FOUNDATION_AGENTS_PATH": f"/foundation/{environment}/agents",
        "FOUNDATION_ENVIRONMENT": environment,
        "FOUNDATION_SUSPENDED_PATH": f"/foundation/{environment}/suspended",
        "POWERTOOLS_SERVICE_NAME": "token-claims",
    }


@in_every_environment
def test_the_trigger_reads_directory_and_suspensions_and_nothing_else(environment: str) -> None:
    role = function(environment, "token_claims.handler.handler")[1]["Role"]["Fn::GetAtt"][0]
    [policy] = [
        policy["PolicyDocument"]["Statement"]
        for policy in template(environment, "identity").properties("AWS::IAM::Policy")
        if policy["Roles"] == [{"Ref": role}]
    ]
    reads = {
        action: [written(resource).partition("parameter")[2] for resource in many(statement["Resource"])]
        for statement in policy
        for action in many(statement["Action"])
        if action.startswith("ssm:")
    }
    path = f"/foundation/{environment}"
    assert reads == {
        "ssm:GetParameter": [f"{path}/agents/*"],
        "ssm:GetParametersByPath": [f"{path}/suspended", f"{path}/suspended/*"],
    }


def test_no_template_asks_cognito_for_a_secret() -> None:
    for stack in all_templates():
        assert "ClientSecret" not in set(strings(stack.body)), stack.name


@in_every_environment
def test_secrets_manager_of_this_account_alone_invokes_the_rotation(environment: str) -> None:
    [permission] = [
        permission
        for permission in template(environment, "identity").properties("AWS::Lambda::Permission")
        if permission["Principal"] == "secretsmanager.amazonaws.com"
    ]
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@in_every_environment
def test_the_rotation_knows_pool_and_endpoint_and_holds_no_secret(environment: str) -> None:
    _, rotation = function(environment, "secret_rotation.handler.handler")
    variables = rotation["Environment"]["Variables"]
    assert variables.keys() == {"USER_POOL_ID", "TOKEN_ENDPOINT"}
    assert variables["USER_POOL_ID"] == {"Ref": template(environment, "identity").id_of("AWS::Cognito::UserPool")}
    assert written(variables["TOKEN_ENDPOINT"]) == (
        f"https://foundation-{environment}-<AWS::AccountId>.auth.us-east-1.amazoncognito.com/oauth2/token"
    )
    assert "VpcConfig" not in rotation


def test_a_scope_of_no_tool_server_is_refused() -> None:
    identity = object.__new__(MachineIdentity)
    identity.scopes = ["aws-operations/read"]
    with pytest.raises(KeyError, match=r"acme\.agent: no tool server of the pool has the scope aws-operations/admin"):
        identity.add_client(None, "Client", name="acme.agent", scopes=["aws-operations/admin"])  # type: ignore[arg-type]


@in_every_environment
def test_somebody_is_told_when_no_tokens_are_made(environment: str) -> None:
    alarm = template(environment, "identity").only("AWS::CloudWatch::Alarm")
    logical_id, _ = function(environment, "token_claims.handler.handler")
    assert (alarm["MetricName"], alarm["Dimensions"]) == (
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": logical_id}}],
    )
    topic = {"Ref": template(environment, "audit").id_of("AWS::SNS::Topic")}
    assert [elsewhere(environment, action) for action in alarm["AlarmActions"]] == [topic]
