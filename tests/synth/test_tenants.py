"""A tenant's stack: all that the tenant has and nothing of anybody else's (R19, R2, R3, R4)."""

import json

import pytest
from aws_cdk import App, CfnElement, aws_iam as iam
from aws_cdk.assertions import Template as AssertedTemplate

import app as application
from app import feature_flags
from stacks.settings import TenantSettings, load_settings
from stacks.tenant_stack import TenantStack
from tests.assemblies import ENVIRONMENTS
from tests.templates import TENANTS, Json, Template, elsewhere, many, strings, template, written

of_every_tenant = pytest.mark.parametrize(
    ("environment", "tenant"), [(environment, tenant) for environment in ENVIRONMENTS for tenant in TENANTS]
)


def stack_of(environment: str, tenant: str) -> Template:
    return template(environment, f"tenant-{tenant}")


def settings_of(environment: str, tenant: str) -> TenantSettings:
    [found] = [each for each in load_settings(environment).tenants if each.tenant == tenant]
    return found


def clients_of(environment: str, tenant: str) -> dict[str, Json]:
    """The tenant's clients by the agent's name, their logical ids put in as `LogicalId`."""
    return {
        client["Properties"]["ClientName"].removeprefix(f"{tenant}."): client["Properties"] | {"LogicalId": logical_id}
        for logical_id, client in stack_of(environment, tenant).of_type("AWS::Cognito::UserPoolClient").items()
    }


def secrets_of(environment: str, tenant: str) -> dict[str, Json]:
    """The tenant's secrets by the agent's name, their logical ids put in as `LogicalId`."""
    prefix = f"foundation/{environment}/agents/{tenant}/"
    return {
        secret["Properties"]["Name"].removeprefix(prefix): secret["Properties"] | {"LogicalId": logical_id}
        for logical_id, secret in stack_of(environment, tenant).of_type("AWS::SecretsManager::Secret").items()
    }


@of_every_tenant
def test_one_confidential_client_per_agent_with_exactly_its_scopes(environment: str, tenant: str) -> None:
    clients = clients_of(environment, tenant)
    agents = settings_of(environment, tenant).agents
    assert {name: sorted(client["AllowedOAuthScopes"]) for name, client in clients.items()} == {
        name: sorted(agent.scopes) for name, agent in agents.items()
    }
    pool = {"Ref": template(environment, "identity").id_of("AWS::Cognito::UserPool")}
    for client in clients.values():
        assert client["GenerateSecret"] is True
        assert client["AllowedOAuthFlowsUserPoolClient"] is True
        assert client["AllowedOAuthFlows"] == ["client_credentials"]
        # Left out, it would let users sign in by password; a refresh token nobody can have.
        assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
        assert "CallbackURLs" not in client
        assert elsewhere(environment, client["UserPoolId"]) == pool


@of_every_tenant
def test_tokens_are_short_lived(environment: str, tenant: str) -> None:
    minutes = load_settings(environment).environment.identity.access_token_minutes
    assert minutes <= 15
    for client in clients_of(environment, tenant).values():
        assert (client["AccessTokenValidity"], client["TokenValidityUnits"]) == (minutes, {"AccessToken": "minutes"})
        assert client["EnableTokenRevocation"] is True


@of_every_tenant
def test_the_directory_says_of_each_client_what_the_settings_say(environment: str, tenant: str) -> None:
    plan = load_settings(environment).access
    entries = {
        written(parameter["Name"]): json.loads(parameter["Value"])
        for parameter in stack_of(environment, tenant).properties("AWS::SSM::Parameter")
    }
    assert entries == {
        f"/foundation/{environment}/agents/<{client['LogicalId']}.ClientId>": plan.directory[f"{tenant}/{name}"]
        for name, client in clients_of(environment, tenant).items()
    }
    for entry in entries.values():
        assert (entry["tenant_id"], entry["environment"]) == (tenant, environment)
        assert list(entry) == [
            "tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "permissions",
            "environment", "suspended",
        ]  # fmt: skip


@of_every_tenant
def test_secrets_begin_with_a_placeholder_under_the_tenants_key(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    secrets = secrets_of(environment, tenant)
    assert secrets.keys() == settings_of(environment, tenant).agents.keys()
    for agent, secret in secrets.items():
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["GenerateStringKey"] == "placeholder"
        assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {
            "status": "waiting for its first rotation"
        }
        [client] = [tag["Value"] for tag in secret["Tags"] if tag["Key"] == "foundation:client-id"]
        assert client == {"Fn::GetAtt": [clients_of(environment, tenant)[agent]["LogicalId"], "ClientId"]}
        assert secret["KmsKeyId"] == {"Fn::GetAtt": [stack.id_of("AWS::KMS::Key"), "Arn"]}


@of_every_tenant
def test_the_first_value_is_written_at_once_and_then_in_turn(environment: str, tenant: str) -> None:
    """The first rotation asks for a token: by then the client has to be in the directory."""
    stack = stack_of(environment, tenant)
    identity = template(environment, "identity")
    days = load_settings(environment).environment.identity.secret_rotation_days
    entries = set(stack.of_type("AWS::SSM::Parameter"))
    rotated = set()
    for schedule in stack.of_type("AWS::SecretsManager::RotationSchedule").values():
        properties = schedule["Properties"]
        assert properties["RotateImmediatelyOnUpdate"] is True
        assert properties["RotationRules"] == {"AutomaticallyAfterDays": days}
        [function, _] = elsewhere(environment, properties["RotationLambdaARN"])["Fn::GetAtt"]
        assert identity.resources[function]["Properties"]["Handler"] == "secret_rotation.handler.handler"
        assert len(entries & set(schedule["DependsOn"])) == 1
        rotated.add(properties["SecretId"]["Ref"])
    assert rotated == set(stack.of_type("AWS::SecretsManager::Secret"))


@of_every_tenant
def test_only_the_agent_and_the_rotation_read_a_secret(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    policy_of = {
        policy["SecretId"]["Ref"]: policy["ResourcePolicy"]["Statement"]
        for policy in stack.properties("AWS::SecretsManager::ResourcePolicy")
    }
    for agent, secret in secrets_of(environment, tenant).items():
        [deny] = policy_of[secret["LogicalId"]]
        assert (deny["Effect"], deny["Principal"], deny["Resource"]) == ("Deny", {"AWS": "*"}, "*")
        assert many(deny["Action"]) == ["secretsmanager:GetSecretValue"]
        [reader] = deny["Condition"]["ArnNotEquals"].pop("aws:PrincipalArn")
        assert elsewhere(environment, reader) == rotation_role(environment)
        assert deny["Condition"] == {
            "ArnNotEquals": {},
            "StringNotEquals": {"aws:PrincipalTag/foundation:agent": f"{tenant}/{agent}"},
            "StringNotEqualsIfExists": {"aws:CalledViaLast": "cloudformation.amazonaws.com"},
        }
        deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = [reader]


def rotation_role(environment: str) -> Json:
    """The role of the function that rotates secrets, as the identity stack refers to it."""
    [role] = [
        function["Role"]
        for function in template(environment, "identity").properties("AWS::Lambda::Function")
        if function["Handler"] == "secret_rotation.handler.handler"
    ]
    return dict(role)


@of_every_tenant
def test_the_rotation_uses_the_key_for_this_tenants_secrets_alone(environment: str, tenant: str) -> None:
    """Its role does not name the key, so that a new tenant changes nothing outside its stack."""
    statements = stack_of(environment, tenant).only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    [statement] = [statement for statement in statements if statement.get("Sid") == "Rotation"]
    assert elsewhere(environment, statement["Principal"]["AWS"]) == rotation_role(environment)
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert {key: written(value) for key, value in statement["Condition"]["StringLike"].items()} == {
        "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:us-east-1:<AWS::AccountId>:secret:"
        f"foundation/{environment}/agents/{tenant}/*"
    }


@of_every_tenant
def test_its_records_are_under_its_key(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    group = stack.only("AWS::Logs::LogGroup")
    assert group["LogGroupName"] == f"/foundation/{environment}/tenants/{tenant}"
    assert group["KmsKeyId"] == {"Fn::GetAtt": [stack.id_of("AWS::KMS::Key"), "Arn"]}


@of_every_tenant
def test_everything_it_has_is_told_apart_by_its_tag(environment: str, tenant: str) -> None:
    for logical_id, resource in stack_of(environment, tenant).resources.items():
        if tags := resource["Properties"].get("Tags"):
            given = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            assert given["tenant"] == tenant, logical_id


@of_every_tenant
def test_its_budget_counts_what_carries_its_tag(environment: str, tenant: str) -> None:
    budget = stack_of(environment, tenant).only("AWS::Budgets::Budget")["Budget"]
    assert budget["BudgetName"] == f"foundation-{environment}-{tenant}"
    assert budget["BudgetLimit"] == {"Amount": settings_of(environment, tenant).budget_usd, "Unit": "USD"}
    assert budget["CostFilters"] == {"TagKeyValue": [f"user:tenant${tenant}"]}


@of_every_tenant
def test_somebody_is_told_before_its_budget_is_spent(environment: str, tenant: str) -> None:
    warnings = stack_of(environment, tenant).only("AWS::Budgets::Budget")["NotificationsWithSubscribers"]
    said = {(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in warnings}
    assert said == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    [address] = {written(one["Subscribers"][0]["Address"]) for one in warnings}
    audit = template(environment, "audit")
    assert f"<{audit.name}." in address
    [policy] = audit.properties("AWS::SNS::TopicPolicy")
    [statement] = [one for one in policy["PolicyDocument"]["Statement"] if one.get("Sid") == "Alarms"]
    assert "budgets.amazonaws.com" in statement["Principal"]["Service"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@of_every_tenant
def test_it_says_nothing_of_another_tenant(environment: str, tenant: str) -> None:
    others = set(TENANTS) - {tenant}
    assert not [text for text in strings(stack_of(environment, tenant).body) for other in others if other in text]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_outside_a_tenants_stack_refers_to_it(environment: str) -> None:
    for unit in ("network", "audit", "identity", "data", "tools", "gateway"):
        for text in strings(template(environment, unit).body):
            assert f"foundation-{environment}-tenant-" not in text, unit


def test_a_role_of_the_kit_that_is_granted_a_secret_is_marked_as_the_agents() -> None:
    app = App(context=feature_flags())
    application.add_stacks(app, load_settings("dev"))
    stack = app.node.find_child("foundation-dev-tenant-acme-corp")
    assert isinstance(stack, TenantStack)
    role = iam.Role(stack, "Agent", assumed_by=iam.ServicePrincipal("pods.eks.amazonaws.com"))
    stack.tenant.credentials["finance-agent"].grant_read(role)
    made = Template("tenant", dict(AssertedTemplate.from_stack(stack).to_json()))
    resource = role.node.default_child
    assert isinstance(resource, CfnElement)
    agents_role = made.resources[stack.get_logical_id(resource)]["Properties"]
    assert {"Key": "foundation:agent", "Value": "acme-corp/finance-agent"} in agents_role["Tags"]
    [policy] = [
        policy["PolicyDocument"]["Statement"]
        for policy in made.properties("AWS::IAM::Policy")
        if policy["PolicyName"].startswith("AgentDefaultPolicy")
    ]
    read, decrypt = policy
    assert many(read["Action"]) == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert read["Resource"] == decrypt["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
    assert made.resources[read["Resource"]["Ref"]]["Properties"]["Name"] == (
        "foundation/dev/agents/acme-corp/finance-agent"
    )
