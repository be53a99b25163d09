"""The interceptors of the gateway: what they know, what they may do, and that the gateway can call them (R7, R8)."""

import json

import pytest

from foundation.audit.record import VERSION
from foundation.targets.interface import CONTEXT_HEADERS
from stacks.gateway_stack import OTHER_REQUESTS_AT_A_TIME
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, elsewhere, many, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
GATEWAY = "AWS::BedrockAgentCore::Gateway"
POINTS = {"REQUEST": "gateway_request", "RESPONSE": "gateway_response"}


def interceptor(environment: str, point: str) -> tuple[str, Json]:
    """Logical id and properties of the function at an interception point."""
    stack = template(environment, "gateway")
    [entry] = [
        entry for entry in stack.only(GATEWAY)["InterceptorConfigurations"] if entry["InterceptionPoints"] == [point]
    ]
    logical_id = entry["Interceptor"]["Lambda"]["Arn"]["Fn::GetAtt"][0]
    return logical_id, stack.resources[logical_id]["Properties"]


def statements_of(environment: str, role: Json) -> list[Json]:
    """What a role of the gateway's stack is allowed."""
    return [
        statement
        for policy in template(environment, "gateway").properties("AWS::IAM::Policy")
        if policy["Roles"] == [{"Ref": role["Fn::GetAtt"][0]}]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


@in_every_environment
def test_the_gateway_calls_one_before_and_one_after_and_shows_them_the_headers(environment: str) -> None:
    configurations = template(environment, "gateway").only(GATEWAY)["InterceptorConfigurations"]
    assert [entry["InterceptionPoints"] for entry in configurations] == [["REQUEST"], ["RESPONSE"]]
    assert all(entry["InputConfiguration"] == {"PassRequestHeaders": True} for entry in configurations)
    for point, package in POINTS.items():
        assert interceptor(environment, point)[1]["Handler"] == f"{package}.handler.handler"


@in_every_environment
def test_the_gateways_role_may_invoke_exactly_them_and_its_targets(environment: str) -> None:
    stack = template(environment, "gateway")
    own = [{"Fn::GetAtt": [interceptor(environment, point)[0], "Arn"]} for point in POINTS]
    [invoked] = [
        many(statement["Resource"])
        for statement in statements_of(environment, stack.only(GATEWAY)["RoleArn"])
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    targets = [
        target["TargetConfiguration"]["Mcp"]["Lambda"]["LambdaArn"]
        for target in stack.properties("AWS::BedrockAgentCore::GatewayTarget")
    ]
    assert sorted(invoked, key=str) == sorted([*own, *targets], key=str)


@in_every_environment
def test_what_they_print_is_the_audit_record(environment: str) -> None:
    group = {"Ref": "AuditLog37476C05"}
    for point in POINTS:
        _, function = interceptor(environment, point)
        assert elsewhere(environment, function["LoggingConfig"]["LogGroup"]) == group
        [logs] = [s for s in statements_of(environment, function["Role"]) if "logs:PutLogEvents" in s["Action"]]
        assert elsewhere(environment, logs["Resource"]) == {"Fn::GetAtt": ["AuditLog37476C05", "Arn"]}
        audit = json.loads(written(function["Environment"]["Variables"]["FOUNDATION_AUDIT"]))
        assert audit["required"] is load_settings(environment).environment.audit.required
        assert audit["version"] == VERSION


@in_every_environment
def test_they_check_the_same_tokens_as_the_authorizer(environment: str) -> None:
    authorizer = template(environment, "gateway").only(GATEWAY)["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    for point in POINTS:
        tokens = json.loads(
            written(interceptor(environment, point)[1]["Environment"]["Variables"]["FOUNDATION_TOKENS"])
        )
        assert tokens["discovery_url"] == written(authorizer["DiscoveryUrl"])
        assert tokens["scopes"] == authorizer["AllowedScopes"]
        assert tokens["registered"] is True
        assert (tokens["audience"], tokens["clients"]) == ([], [])
        names = ("tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "permissions")
        assert tokens["claims"] == {name: name for name in (*names, "environment", "client_id", "scope")}


@in_every_environment
def test_they_know_limits_and_redaction_of_the_settings(environment: str) -> None:
    settings = load_settings(environment).environment
    request = interceptor(environment, "REQUEST")[1]["Environment"]["Variables"]
    response = interceptor(environment, "RESPONSE")[1]["Environment"]["Variables"]
    assert json.loads(request["FOUNDATION_LIMITS"]) == {
        "body_bytes": settings.limits.body_bytes,
        "depth": settings.limits.depth,
    }
    assert json.loads(response["FOUNDATION_REDACTION"]) == {
        name: list(rules) for name, rules in settings.classification.redact.model_dump().items()
    }


@in_every_environment
def test_they_may_read_who_calls_and_who_is_suspended_and_write_records(environment: str) -> None:
    path = f"/foundation/{environment}"
    everyone = {"ssm:GetParameter": [f"{path}/agents/*"]}
    suspensions = {"ssm:GetParametersByPath": [f"{path}/suspended", f"{path}/suspended/*"]}
    for point, expected in (("REQUEST", everyone | suspensions), ("RESPONSE", everyone)):
        statements = statements_of(environment, interceptor(environment, point)[1]["Role"])
        actions = {action for statement in statements for action in many(statement["Action"])}
        reads = {
            action: [written(resource).partition("parameter")[2] for resource in many(statement["Resource"])]
            for statement in statements
            for action in many(statement["Action"])
            if action.startswith("ssm:")
        }
        assert reads == expected
        assert actions - reads.keys() == {
            "kms:Decrypt",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        }


@in_every_environment
def test_targets_are_given_the_context_and_no_other_header(environment: str) -> None:
    for target in template(environment, "gateway").properties("AWS::BedrockAgentCore::GatewayTarget"):
        assert target["MetadataConfiguration"] == {"AllowedRequestHeaders": list(CONTEXT_HEADERS)}


@in_every_environment
def test_they_check_as_many_calls_at_a_time_as_tools_answer_and_what_reaches_no_tool_beside(environment: str) -> None:
    tools = sum(
        function["ReservedConcurrentExecutions"]
        for function in template(environment, "tools").properties("AWS::Lambda::Function")
        if function["Description"].startswith("Tool server")
    )
    for point in POINTS:
        assert interceptor(environment, point)[1]["ReservedConcurrentExecutions"] == tools + OTHER_REQUESTS_AT_A_TIME


@in_every_environment
def test_somebody_is_told_when_an_interceptor_fails_or_is_not_let_run(environment: str) -> None:
    topic = {"Ref": template(environment, "audit").id_of("AWS::SNS::Topic")}
    watched = set()
    for alarm in template(environment, "gateway").properties("AWS::CloudWatch::Alarm"):
        if alarm["Namespace"] == "AWS/Lambda":
            [dimension] = alarm["Dimensions"]
            watched.add((dimension["Value"]["Ref"], alarm["MetricName"]))
            assert [elsewhere(environment, action) for action in alarm["AlarmActions"]] == [topic]
            assert alarm["Threshold"] == 1
    functions = [interceptor(environment, point)[0] for point in POINTS]
    assert watched == {(function, metric) for function in functions for metric in ("Errors", "Throttles")}
