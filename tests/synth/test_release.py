"""New code of a tool server answers calls only when it has passed its check, and is taken back on alarm (R11)."""

from collections.abc import Iterator

import pytest

from stacks.settings import load_settings
from stacks.tools_stack import TRAFFIC
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, Template, many, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)

ALIAS = "AWS::Lambda::Alias"
GROUP = "AWS::CodeDeploy::DeploymentGroup"


def releases(environment: str) -> Iterator[tuple[Template, Json, Json]]:
    """The tools stack, each alias in it, and the deployment group that moves it."""
    tools = template(environment, "tools")
    for alias in tools.of_type(ALIAS).values():
        policy = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        yield tools, alias, tools.resources[policy["DeploymentGroupName"]["Ref"]]["Properties"]


def hook(tools: Template, alias: Json) -> Json:
    """The function that runs before the alias's traffic moves."""
    name = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"]["Ref"]
    resource: Json = tools.resources[name]
    return resource


def allowed(tools: Template, role: str) -> dict[str, set[str]]:
    """Action to the resources that the role may use it on."""
    found: dict[str, set[str]] = {}
    for policy in tools.properties("AWS::IAM::Policy"):
        if {"Ref": role} in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in many(statement["Action"]):
                    found.setdefault(action, set()).update(map(written, many(statement["Resource"])))
    return found


@in_every_environment
def test_every_major_of_every_server_is_released_through_an_alias_of_its_own(environment: str) -> None:
    served = [major for majors in load_settings(environment).served_majors.values() for major in majors]
    aliases = [alias["Properties"]["Name"] for _, alias, _ in releases(environment)]
    assert sorted(aliases) == sorted(major.alias for major in served)
    groups = [alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"] for _, alias, _ in releases(environment)]
    assert len({group["DeploymentGroupName"]["Ref"] for group in groups}) == len(served)


@in_every_environment
def test_an_alias_points_at_a_published_version_of_its_function(environment: str) -> None:
    for tools, alias, _ in releases(environment):
        [version, attribute] = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"]
        assert attribute == "Version"
        assert tools.resources[version]["Type"] == "AWS::Lambda::Version"
        assert tools.resources[version]["Properties"]["FunctionName"] == alias["Properties"]["FunctionName"]


@pytest.mark.parametrize(
    ("environment", "configuration"),
    [
        ("dev", "CodeDeployDefault.LambdaAllAtOnce"),
        ("gamma", "CodeDeployDefault.LambdaCanary10Percent5Minutes"),
        ("prod", "CodeDeployDefault.LambdaCanary10Percent5Minutes"),
    ],
)
def test_traffic_moves_as_the_settings_say(environment: str, configuration: str) -> None:
    for _, _, group in releases(environment):
        assert group["DeploymentConfigName"] == configuration


def test_every_strategy_of_the_settings_is_one_of_codedeploys() -> None:
    names = {name: config.deployment_config_name for name, config in TRAFFIC.items()}
    expected = {
        name: "CodeDeployDefault.Lambda" + "".join(part.capitalize() for part in name.split("-")) for name in names
    }
    assert names == expected


@in_every_environment
def test_a_release_is_taken_back_when_it_fails_is_stopped_or_raises_an_alarm(environment: str) -> None:
    for tools, _, group in releases(environment):
        events = group["AutoRollbackConfiguration"]
        assert events["Enabled"]
        assert set(events["Events"]) == {
            "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST",
        }  # fmt: skip
        watched = group["AlarmConfiguration"]
        assert watched["Enabled"]
        metrics = {tools.resources[alarm["Name"]["Ref"]]["Properties"]["MetricName"] for alarm in watched["Alarms"]}
        assert metrics == {"Errors", "Duration"}


@in_every_environment
def test_the_alarms_watch_the_alias_against_the_settings_and_are_quiet_without_calls(environment: str) -> None:
    settings = load_settings(environment).environment
    for tools, alias, group in releases(environment):
        function = alias["Properties"]["FunctionName"]
        timeout = tools.resources[function["Ref"]]["Properties"]["Timeout"]
        thresholds = {
            "Errors": settings.release.errors_per_minute,
            "Duration": timeout * 1000 * settings.release.latency_percent / 100,
        }
        for name in group["AlarmConfiguration"]["Alarms"]:
            alarm = tools.resources[name["Name"]["Ref"]]["Properties"]
            dimensions = {dimension["Name"]: written(dimension["Value"]) for dimension in alarm["Dimensions"]}
            assert dimensions == {
                "FunctionName": written(function),
                "Resource": f"{written(function)}:{alias['Properties']['Name']}",
            }
            assert alarm["Threshold"] == thresholds[alarm["MetricName"]]
            assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["Period"] == 60


@in_every_environment
def test_the_check_is_told_the_new_version_and_may_call_versions_of_its_function_alone(environment: str) -> None:
    for tools, alias, _ in releases(environment):
        check = hook(tools, alias)["Properties"]
        assert check["Environment"]["Variables"]["VERSION_ARN"] == {
            "Ref": alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
        }
        granted = allowed(tools, check["Role"]["Fn::GetAtt"][0])
        function = alias["Properties"]["FunctionName"]["Ref"]
        assert granted["lambda:InvokeFunction"] == {f"<{function}.Arn>:*"}
        policy = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        [group] = granted["codedeploy:PutLifecycleEventHookExecutionStatus"]
        expected = f"<{policy['ApplicationName']['Ref']}>/<{policy['DeploymentGroupName']['Ref']}>"
        assert group.endswith(f":deploymentgroup:{expected}")


@in_every_environment
def test_codedeploys_role_reaches_one_alias_its_alarms_and_its_check(environment: str) -> None:
    for tools, alias, group in releases(environment):
        role = group["ServiceRoleArn"]["Fn::GetAtt"][0]
        assert "ManagedPolicyArns" not in tools.resources[role]["Properties"]
        function = f"<{alias['Properties']['FunctionName']['Ref']}.Arn>"
        check = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"]["Ref"]
        of_alias = {function, f"{function}:{alias['Properties']['Name']}"}
        alarms = {f"<{alarm['Name']['Ref']}.Arn>" for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert allowed(tools, role) == {
            "lambda:GetAlias": of_alias,
            "lambda:UpdateAlias": of_alias,
            "lambda:GetProvisionedConcurrencyConfig": {f"{function}:*"},
            "lambda:InvokeFunction": {f"<{check}.Arn>"},
            "cloudwatch:DescribeAlarms": alarms,
        }


@in_every_environment
def test_an_alias_moves_after_its_check_and_role_are_what_they_are_to_be(environment: str) -> None:
    for tools, alias, group in releases(environment):
        waits_for = set(alias["DependsOn"])
        check = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"]["Ref"]
        role = group["ServiceRoleArn"]["Fn::GetAtt"][0]
        policies = {
            name
            for name, policy in tools.of_type("AWS::IAM::Policy").items()
            if {"Ref": role} in policy["Properties"]["Roles"]
            or {"Ref": hook(tools, alias)["Properties"]["Role"]["Fn::GetAtt"][0]} in policy["Properties"]["Roles"]
        }
        assert len(policies) == 2
        assert waits_for >= {check, role, *policies}
