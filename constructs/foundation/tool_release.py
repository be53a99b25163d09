"""How new code of a tool server comes to answer calls: checked, shifted by CodeDeploy, taken back on alarm (R11)."""

from __future__ import annotations

from aws_cdk import Duration, Stack, aws_cloudwatch as cloudwatch, aws_codedeploy as codedeploy, aws_iam as iam
from constructs import Construct

from foundation.acknowledge import acknowledge, compliance
from foundation.function import FunctionSize, PythonFunction
from foundation.log_group import LogKeeping
from foundation.tool_server import ToolServer

CHECK_TIMEOUT = Duration.minutes(15)
"""The longest that Lambda gives; CodeDeploy itself waits an hour for a hook."""

SLOWEST_SELF_CHECK_SECONDS = 60
"""What a self-check may take at most, whatever the tool's timeout, so that the check of a whole server fits its own."""

_PERIOD = Duration.minutes(1)


class ToolRelease(Construct):
    """A CodeDeploy deployment group on a tool server's alias, with its alarms, its pre-traffic check and its role.

    CloudFormation makes a CodeDeploy deployment of every change of the alias's version
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html); the alias's
    creation is none, so that the very first code is not checked.

    Attributes:
        group: the deployment group.
        check: the function that calls the new version's self-checks before it gets traffic.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        server: ToolServer,
        application: codedeploy.ILambdaApplication,
        traffic: codedeploy.ILambdaDeploymentConfig,
        errors_per_minute: int,
        latency_percent: int,
        log_keeping: LogKeeping,
    ) -> None:
        """Make the deployment group.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            server: whose alias it moves.
            application: CodeDeploy's application of the environment.
            traffic: how traffic goes from the old version to the new one.
            errors_per_minute: failed calls a minute at which the new version is taken back.
            latency_percent: share of the function's timeout, in percent, that the slowest hundredth of a minute's
                calls may take; at that the new version is taken back.
            log_keeping: how the check's logs are kept.

        Raises:
            BundleError: the check's package cannot be bundled.
        """
        super().__init__(scope, construct_id)
        alarms = [self._errors_alarm(server, errors_per_minute), self._latency_alarm(server, latency_percent)]
        self.check = self._check(server, log_keeping)
        role = self._role(server, alarms)
        self.group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            application=application,
            alias=server.alias,
            deployment_config=traffic,
            alarms=alarms,
            pre_hook=self.check.function,
            # The L2 would attach an AWS managed policy that reaches every alias and alarm of the account.
            role=role.without_policy_updates(),
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )
        # Otherwise a deployment could begin before its role and its check are what they are to be.
        server.alias.node.add_dependency(role, self.check)

    def _errors_alarm(self, server: ToolServer, errors_per_minute: int) -> cloudwatch.Alarm:
        return self._alarm(
            "Errors",
            server,
            metric=server.alias.metric_errors(period=_PERIOD, statistic="Sum"),
            threshold=errors_per_minute,
            meaning=f"{errors_per_minute} or more calls a minute failed",
        )

    def _latency_alarm(self, server: ToolServer, percent: int) -> cloudwatch.Alarm:
        return self._alarm(
            "Latency",
            server,
            metric=server.alias.metric_duration(period=_PERIOD, statistic="p99"),
            threshold=server.size.timeout.to_milliseconds() * percent / 100,
            meaning=f"the slowest hundredth of calls takes {percent} percent of the timeout or more",
        )

    def _alarm(
        self, construct_id: str, server: ToolServer, *, metric: cloudwatch.Metric, threshold: float, meaning: str
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=f"{server.target}: {meaning}; CodeDeploy takes a release back",
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Nobody calling is no failure.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        acknowledge(
            alarm,
            {
                (
                    "NIST.800.53.R5-CloudWatchAlarmAction",
                    "HIPAA.Security-CloudWatchAlarmAction",
                ): "CodeDeploy reads the alarm's state while it shifts traffic and "
                "acts on it itself (the deployment group's AlarmConfiguration); it needs no action of the alarm's own"
            },
        )
        return alarm

    def _check(self, server: ToolServer, log_keeping: LogKeeping) -> PythonFunction:
        """The hook; CDK adds that it may report to its own deployment group."""
        check = PythonFunction(
            self,
            "Check",
            package="release_check",
            description=f"Release check of {server.target}",
            log_keeping=log_keeping,
            size=FunctionSize(memory_mb=256, timeout=CHECK_TIMEOUT, reserved_concurrency=1),
            environment={
                "POWERTOOLS_SERVICE_NAME": "release-check",
                # As AWS's own example tells a hook what to test:
                # https://docs.aws.amazon.com/codedeploy/latest/userguide/tutorial-lambda-sam-template.html
                "VERSION_ARN": server.function.current_version.function_arn,
                "TARGET": server.target,
                "CALL_SECONDS": str(min(server.size.timeout.to_seconds(), SLOWEST_SELF_CHECK_SECONDS)),
            },
            statements=[
                iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[f"{server.function.function_arn}:*"])
            ],
        )
        acknowledge(
            check,
            {
                _versions_as_printed(server): "The versions of one function: the number of the one to check is not "
                "known before it is published, and a policy that named it would have to spread before the check",
                compliance("LambdaInsideVPC"): "Calls Lambda's and CodeDeploy's APIs and nothing inside the VPC",
            },
        )
        return check

    def _role(self, server: ToolServer, alarms: list[cloudwatch.Alarm]) -> iam.Role:
        """CodeDeploy's role: what AWSCodeDeployRoleForLambdaLimited has, on this server's resources alone.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html; its S3
        actions are for revisions kept in S3, and CloudFormation passes the revision along.
        """
        function = server.function.function_arn
        role = iam.Role(
            self,
            "Role",
            description=f"Shifts the traffic of {server.target}",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
        )
        for actions, resources in (
            (["lambda:GetAlias", "lambda:UpdateAlias"], [function, f"{function}:{server.alias.alias_name}"]),
            (["lambda:GetProvisionedConcurrencyConfig"], [f"{function}:*"]),
            (["lambda:InvokeFunction"], [self.check.function.function_arn]),
            (["cloudwatch:DescribeAlarms"], [alarm.alarm_arn for alarm in alarms]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        acknowledge(
            role,
            {
                _versions_as_printed(server): "Versions and alias of one function, for reading their provisioned "
                "concurrency; the number of the version that traffic goes to is not known before it is published"
            },
        )
        return role


def _versions_as_printed(server: ToolServer) -> str:
    """The id of the finding about a policy on every version of the server's function."""
    [function, _] = Stack.of(server).resolve(server.function.function_arn)["Fn::GetAtt"]
    return f"AwsSolutions-IAM5[Resource::<{function}.Arn>:*]"
