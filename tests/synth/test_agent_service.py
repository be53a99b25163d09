"""Agents that people talk to: their functions, what these may do, and who may call them (R15, R16)."""

import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml

from foundation.conversation_agent import FAILURES
from stacks.settings import ConversationSettings, Settings, load_settings
from tests.assemblies import ENVIRONMENTS, assembly, run_app
from tests.synth.apps import copy_of_the_settings, templates
from tests.templates import TENANTS, Json, Template, elsewhere, many, strings, template, written

AGENTS = {"acme-corp": "finance-agent", "globex": "support-agent"}
FUNCTION = "AWS::Lambda::Function"

of_every_tenant = pytest.mark.parametrize(
    ("environment", "tenant"), [(environment, tenant) for environment in ENVIRONMENTS for tenant in TENANTS]
)


def stack_of(environment: str, tenant: str) -> Template:
    return template(environment, f"agent-service-{tenant}")


def conversation(settings: Settings, tenant: str) -> ConversationSettings:
    [found] = [each for each in settings.tenants if each.tenant == tenant]
    chosen = found.agents[AGENTS[tenant]].conversation
    assert chosen is not None
    return chosen


def variables(environment: str, tenant: str) -> Json:
    found: Json = stack_of(environment, tenant).only(FUNCTION)["Environment"]["Variables"]
    return found


def statements(stack: Template) -> list[Json]:
    """What the function's role allows."""
    found: list[Json] = stack.only("AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    return found


def allowing(stack: Template, action: str) -> list[Json]:
    return [each for each in statements(stack) if each["Effect"] == "Allow" and action in many(each["Action"])]


@of_every_tenant
def test_one_function_behind_one_url_for_each_agent(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    url = stack.only("AWS::Lambda::Url")
    assert url["TargetFunctionArn"] == {"Fn::GetAtt": [stack.id_of(FUNCTION), "Arn"]}
    assert (url["AuthType"], url["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert "Cors" not in url
    assert stack.of_type("AWS::Lambda::Permission") == {}, "the function's own policy lets nobody call"


@of_every_tenant
def test_the_web_adapter_starts_the_service(environment: str, tenant: str) -> None:
    function = stack_of(environment, tenant).only(FUNCTION)
    assert function["Handler"] == "run.sh"
    assert function["Layers"] == ["arn:aws:lambda:us-east-1:753240598075:layer:LambdaAdapterLayerArm64:30"]
    assert function["Architectures"] == ["arm64"]
    chosen = function["Environment"]["Variables"]
    assert chosen["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert chosen["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert chosen["AWS_LWA_READINESS_CHECK_PATH"] == "/health"


@of_every_tenant
def test_the_service_knows_its_tenant_and_callers_from_the_settings(environment: str, tenant: str) -> None:
    settings, told = load_settings(environment), variables(environment, tenant)
    assert told["FOUNDATION_AGENT"] == f"{tenant}/{AGENTS[tenant]}"
    assert json.loads(told["FOUNDATION_CALLERS"]) == list(conversation(settings, tenant).callers)
    assert told["FOUNDATION_ACCOUNT_ID"] == {"Ref": "AWS::AccountId"}
    assert told["FOUNDATION_MODEL_ID"] == "us.anthropic.claude-sonnet-4-6"
    assert told["FOUNDATION_RETENTION_DAYS"] == str(settings.environment.data.conversation_days)
    gateway = template(environment, "gateway").body["Outputs"]["GatewayUrl"]["Value"]
    assert elsewhere(environment, told["FOUNDATION_GATEWAY_URL"]) == gateway


@of_every_tenant
def test_an_answer_ends_before_lambda_ends_it(environment: str, tenant: str) -> None:
    function = stack_of(environment, tenant).only(FUNCTION)
    assert int(variables(environment, tenant)["FOUNDATION_TURN_SECONDS"]) <= function["Timeout"] - 20


@of_every_tenant
def test_it_reads_its_own_secret_and_no_other(environment: str, tenant: str) -> None:
    stack, own = stack_of(environment, tenant), template(environment, f"tenant-{tenant}")
    [statement] = allowing(stack, "secretsmanager:GetSecretValue")
    secret = elsewhere(environment, statement["Resource"])["Ref"]
    assert own.resources[secret]["Properties"]["Name"] == f"foundation/{environment}/agents/{tenant}/{AGENTS[tenant]}"
    assert elsewhere(environment, variables(environment, tenant)["FOUNDATION_SECRET"]) == {"Ref": secret}
    tags = {tag["Key"]: tag["Value"] for tag in stack.only("AWS::IAM::Role")["Tags"]}
    assert tags["foundation:agent"] == f"{tenant}/{AGENTS[tenant]}"
    assert tags["foundation:tenant"] == tenant


@of_every_tenant
def test_it_reaches_its_own_rows_and_no_others(environment: str, tenant: str) -> None:
    of_the_table = [
        statement
        for statement in statements(stack_of(environment, tenant))
        if any(action.startswith("dynamodb:") for action in many(statement["Action"]))
    ]
    assert of_the_table
    for statement in of_the_table:
        own = [f"{tenant}#{AGENTS[tenant]}#*"]
        assert statement["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": own}
        assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}


@of_every_tenant
def test_it_uses_keys_for_its_variables_its_secret_and_the_table_alone(environment: str, tenant: str) -> None:
    variables, secret, table = (each["Condition"] for each in allowing(stack_of(environment, tenant), "kms:Decrypt"))
    assert variables.keys() == {"ArnLike"}
    [functions] = variables["ArnLike"].values()
    assert [*variables["ArnLike"]] == ["kms:EncryptionContext:aws:lambda:FunctionArn"]
    assert written(functions).endswith(":lambda:us-east-1:<AWS::AccountId>:function:*")
    assert secret.keys() == {"StringEquals"}
    assert secret["StringEquals"].keys() == {"kms:EncryptionContext:SecretARN"}
    assert table.keys() == {"StringEquals"}
    assert table["StringEquals"].keys() == {"kms:ViaService", "kms:EncryptionContext:aws:dynamodb:tableName"}
    assert table["StringEquals"]["kms:ViaService"] == "dynamodb.us-east-1.amazonaws.com"


@of_every_tenant
def test_it_calls_its_model_and_no_other(environment: str, tenant: str) -> None:
    by_profile, by_model = allowing(stack_of(environment, tenant), "bedrock:InvokeModel")
    model = "anthropic.claude-sonnet-4-6"
    profile = f"arn:aws:bedrock:us-east-1:<AWS::AccountId>:inference-profile/us.{model}"
    assert written(by_profile["Resource"]) == profile
    assert {resource.rpartition("/")[2] for resource in by_model["Resource"]} == {model}
    assert written(by_model["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"]) == profile


@of_every_tenant
def test_everything_is_only_what_has_no_resource(environment: str, tenant: str) -> None:
    """The runtime's own traces and network interfaces, which PythonFunction acknowledges."""
    for statement in statements(stack_of(environment, tenant)):
        if statement["Effect"] == "Allow" and statement["Resource"] == "*":
            services = {action.partition(":")[0] for action in many(statement["Action"])}
            assert services <= {"xray", "ec2"}


@of_every_tenant
def test_callers_get_one_policy_for_one_function(environment: str, tenant: str) -> None:
    stack, agent = stack_of(environment, tenant), AGENTS[tenant]
    policy = stack.only("AWS::IAM::ManagedPolicy")
    assert policy["ManagedPolicyName"] == f"foundation-{environment}-{tenant}-{agent}-caller"
    assert not {"Roles", "Users", "Groups"} & policy.keys(), "whoever runs the company attaches it"
    by_action = {statement["Action"]: statement for statement in policy["PolicyDocument"]["Statement"]}
    assert by_action.keys() == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction", "ssm:GetParameter"}
    function = {"Fn::GetAtt": [stack.id_of(FUNCTION), "Arn"]}
    assert by_action["lambda:InvokeFunctionUrl"]["Resource"] == function
    assert by_action["lambda:InvokeFunction"]["Resource"] == function
    # Without it a caller could invoke the function by Lambda's API with an event that names somebody else.
    assert by_action["lambda:InvokeFunction"]["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    name = stack.only("AWS::SSM::Parameter")["Name"]
    assert written(by_action["ssm:GetParameter"]["Resource"]).endswith(f":parameter{name}")


@of_every_tenant
def test_clients_find_the_url_by_name(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    parameter = stack.only("AWS::SSM::Parameter")
    assert parameter["Name"] == f"/foundation/{environment}/agent-service/{tenant}/{AGENTS[tenant]}/url"
    assert parameter["Value"] == {"Fn::GetAtt": [stack.id_of("AWS::Lambda::Url"), "FunctionUrl"]}


@of_every_tenant
def test_it_is_under_the_tenants_key(environment: str, tenant: str) -> None:
    stack, own = stack_of(environment, tenant), template(environment, f"tenant-{tenant}")
    key = {"Fn::GetAtt": [own.id_of("AWS::KMS::Key"), "Arn"]}
    assert elsewhere(environment, stack.only(FUNCTION)["KmsKeyArn"]) == key
    assert elsewhere(environment, stack.only("AWS::Logs::LogGroup")["KmsKeyId"]) == key


@of_every_tenant
def test_somebody_is_told_when_it_fails_or_is_busy(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    alarms = {alarm["MetricName"]: alarm for alarm in stack.properties("AWS::CloudWatch::Alarm")}
    assert alarms.keys() == {"Errors", "Throttles", "Url5xxCount", "FailedTurns"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"]
        assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", 1, 300)
    of_the_function = [{"Name": "FunctionName", "Value": {"Ref": stack.id_of(FUNCTION)}}]
    for metric in ("Errors", "Throttles", "Url5xxCount"):
        assert (alarms[metric]["Namespace"], alarms[metric]["Dimensions"]) == ("AWS/Lambda", of_the_function)


@of_every_tenant
def test_answers_that_fail_after_their_status_are_counted_from_the_log(environment: str, tenant: str) -> None:
    stack = stack_of(environment, tenant)
    counting = stack.only("AWS::Logs::MetricFilter")
    assert counting["LogGroupName"] == {"Ref": stack.id_of("AWS::Logs::LogGroup")}
    message, codes = counting["FilterPattern"].split(" && ")
    assert message == '{ ($.message = "turn ended")'
    assert set(re.findall(r'\$\.code = "(\w+)"', codes)) == set(FAILURES)
    assert set(re.findall(r"[&|]+", codes)) == {"||"}
    [counted] = counting["MetricTransformations"]
    assert counted["MetricValue"] == "1"
    assert counted["Dimensions"] == [{"Key": "tenant", "Value": "$.tenant"}, {"Key": "agent", "Value": "$.agent"}]
    [alarm] = [a for a in stack.properties("AWS::CloudWatch::Alarm") if a["MetricName"] == counted["MetricName"]]
    assert alarm["Namespace"] == counted["MetricNamespace"] == f"Foundation/{environment}"
    told = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
    assert told == {"tenant": tenant, "agent": AGENTS[tenant]}


@pytest.mark.parametrize(("environment", "in_vpc"), [("dev", False), ("gamma", True), ("prod", True)])
def test_it_is_in_the_vpc_where_the_settings_say_so(environment: str, in_vpc: bool) -> None:
    service = load_settings(environment).environment.agent_service
    assert service is not None
    for tenant in TENANTS:
        function = stack_of(environment, tenant).only(FUNCTION)
        assert ("VpcConfig" in function) is in_vpc
        assert function["ReservedConcurrentExecutions"] == service.reserved_concurrency
        assert (function["MemorySize"], function["Timeout"]) == (service.memory_mb, service.timeout_seconds)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_outside_refers_to_it(environment: str) -> None:
    for tenant in TENANTS:
        own = stack_of(environment, tenant).name
        for unit in (
            "network",
            "audit",
            "identity",
            "data",
            "tools",
            "gateway",
            *(f"tenant-{each}" for each in TENANTS),
        ):
            assert own not in set(strings(template(environment, unit).body))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_tenants_agents_know_nothing_of_another_tenant(environment: str) -> None:
    for tenant, other in (TENANTS, TENANTS[::-1]):
        assert not [text for text in strings(stack_of(environment, tenant).body) if other in text]


@of_every_tenant
def test_a_bundle_for_aws_has_the_service_and_no_scripted_model(environment: str, tenant: str) -> None:
    key = stack_of(environment, tenant).only(FUNCTION)["Code"]["S3Key"]
    with zipfile.ZipFile(assembly(environment) / f"asset.{key}") as bundle:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in bundle.infolist()}
    packages = {name.partition("/")[0] for name in modes}
    assert packages >= {"conversation_agent", "conversations", "gateway_agent", "strands", "fastapi", "uvicorn"}
    assert "scripted_model" not in packages
    assert modes["run.sh"] == 0o755
    assert "FOUNDATION_MODEL" not in variables(environment, tenant)


def test_the_scripted_model_is_refused_where_people_work(tmp_path: Path) -> None:
    refused = run_app(outdir=tmp_path / "prod", context='{"env": "prod", "foundation:scriptedModel": "local"}')
    assert refused.returncode == 1
    assert "context foundation:scriptedModel: 'local' is refused for prod" in refused.stderr
    strange = run_app(outdir=tmp_path / "dev", context='{"env": "dev", "foundation:scriptedModel": "yes"}')
    assert strange.returncode == 1
    assert "context foundation:scriptedModel: 'yes' is not known: leave it out, or write local" in strange.stderr


def test_a_layer_of_ones_own_and_web_pages(tmp_path: Path) -> None:
    """What `agent_service` can say beyond its defaults."""
    root = copy_of_the_settings(tmp_path / "root")
    layer = "arn:aws:lambda:us-east-1:123456789012:layer:adapter:7"
    file = root / "config" / "dev.yaml"
    content = yaml.safe_load(file.read_text())
    content["agent_service"] |= {"adapter_layer": layer, "cors_origins": ["https://chat.example.com"]}
    file.write_text(yaml.safe_dump(content))
    made = Template("probe", templates(root, tmp_path / "out")["foundation-dev-agent-service-acme-corp"])
    assert made.only(FUNCTION)["Layers"] == [layer]
    cors = made.only("AWS::Lambda::Url")["Cors"]
    assert cors["AllowOrigins"] == ["https://chat.example.com"]
    assert cors["AllowCredentials"] is False
