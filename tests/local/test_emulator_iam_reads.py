"""Reads are asked of IAM under the action, and about the resource, that AWS's service authorization reference names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator

ACCOUNT = "123456789012"
ROLE = "reader-of-one-thing"
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
PERIOD = {"Start": "2026-10-01", "End": "2026-11-01"}
TIMES = {"startTime": 1, "endTime": 2, "queryString": "fields @message"}
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/acme-developers"
PROFILE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/a1b2c3d4e5f6"


@dataclass(frozen=True, kw_only=True)
class Read:
    """A request, and the one permission that it needs.

    Attributes:
        service: boto3's name of the service.
        method: boto3's name of the operation.
        arguments: What the request says.
        action: The IAM action.
        resource: What follows `arn:aws:` in the ARN that IAM is asked about, or `*`.
    """

    service: str
    method: str
    arguments: dict[str, Any]
    action: str
    resource: str

    @property
    def arn(self) -> str:
        """The ARN that IAM is asked about."""
        return "*" if self.resource == "*" else f"arn:aws:{self.resource}"


def read(call: str, permission: str, **arguments: Any) -> Read:
    """A read in short: `service.method` and `action on resource`, with `||` for this region and account and `|` for
    this account.
    """
    service, _, method = call.partition(".")
    action, _, resource = permission.partition(" on ")
    resource = resource.replace("||", f":us-east-1:{ACCOUNT}:").replace("|", f"::{ACCOUNT}:")
    return Read(service=service, method=method, arguments=arguments, action=action, resource=resource)


READS = [
    read("lambda.get_function_concurrency", "lambda:GetFunctionConcurrency on lambda||function:f", FunctionName="f"),
    read(
        "lambda.get_function_event_invoke_config",
        "lambda:GetFunctionEventInvokeConfig on lambda||function:f",
        FunctionName="f",
    ),
    read("lambda.list_function_url_configs", "lambda:ListFunctionUrlConfigs on lambda||function:f", FunctionName="f"),
    read("lambda.get_account_settings", "lambda:GetAccountSettings on *"),
    read("ecs.list_clusters", "ecs:ListClusters on *"),
    read("ecs.describe_clusters", "ecs:DescribeClusters on ecs||cluster/c", clusters=["c"]),
    read("ecs.list_services", "ecs:ListServices on *", cluster="c"),
    read("ecs.describe_services", "ecs:DescribeServices on ecs||service/c/s", cluster="c", services=["s"]),
    read("ecs.list_tasks", "ecs:ListTasks on *", cluster="c"),
    read("ecs.describe_tasks", "ecs:DescribeTasks on ecs||task/c/t", cluster="c", tasks=["t"]),
    read("eks.describe_cluster", "eks:DescribeCluster on eks||cluster/c", name="c"),
    read("eks.describe_nodegroup", "eks:DescribeNodegroup on eks||nodegroup/c/n/*", clusterName="c", nodegroupName="n"),
    read("eks.describe_addon", "eks:DescribeAddon on eks||addon/c/a/*", clusterName="c", addonName="a"),
    read(
        "eks.describe_access_entry",
        f"eks:DescribeAccessEntry on eks||access-entry/c/role/{ACCOUNT}/acme-developers/*",
        clusterName="c",
        principalArn=PRINCIPAL,
    ),
    read(
        "sns.list_tags_for_resource",
        "sns:ListTagsForResource on sns||t",
        ResourceArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t",
    ),
    read("rds.describe_db_instances", "rds:DescribeDBInstances on rds||db:*"),
    read("rds.describe_db_instances", "rds:DescribeDBInstances on rds||db:d", DBInstanceIdentifier="d"),
    read("rds.describe_db_clusters", "rds:DescribeDBClusters on rds||cluster:c", DBClusterIdentifier="c"),
    read("rds.describe_pending_maintenance_actions", "rds:DescribePendingMaintenanceActions on rds||db:*"),
    read(
        "dynamodb.list_tags_of_resource",
        "dynamodb:ListTagsOfResource on dynamodb||table/t",
        ResourceArn=f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t",
    ),
    read("cloudwatch.describe_alarms", "cloudwatch:DescribeAlarms on cloudwatch||alarm:*"),
    read("cloudwatch.describe_alarms", "cloudwatch:DescribeAlarms on cloudwatch||alarm:a", AlarmNames=["a"]),
    read("cloudwatch.get_dashboard", "cloudwatch:GetDashboard on cloudwatch|dashboard/d", DashboardName="d"),
    read("logs.start_query", "logs:StartQuery on logs||log-group:g", logGroupName="g", **TIMES),
    read("logs.get_query_results", "logs:GetQueryResults on logs||log-group:*", queryId="q"),
    read("iam.get_access_key_last_used", "iam:GetAccessKeyLastUsed on iam|user/*", AccessKeyId="AKIAIOSFODNN7EXAMPLE"),
    read(
        "iam.simulate_principal_policy",
        "iam:SimulatePrincipalPolicy on iam|role/acme-developers",
        PolicySourceArn=PRINCIPAL,
        ActionNames=["s3:GetObject"],
    ),
    read(
        "ce.get_cost_and_usage",
        f"ce:GetCostAndUsage on ce:us-east-1:{ACCOUNT}:/GetCostAndUsage",
        TimePeriod=PERIOD,
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
    ),
    read("ce.get_anomalies", "ce:GetAnomalies on ce|anomalymonitor/*", DateInterval={"StartDate": "2026-11-01"}),
    read(
        "route53.get_health_check_status", "route53:GetHealthCheckStatus on route53:::healthcheck/h", HealthCheckId="h"
    ),
    read(
        "bedrock.get_inference_profile",
        "bedrock:GetInferenceProfile on bedrock||inference-profile/us.amazon.nova-lite-v1:0",
        inferenceProfileIdentifier="us.amazon.nova-lite-v1:0",
    ),
    read(
        "bedrock.get_inference_profile",
        "bedrock:GetInferenceProfile on bedrock||application-inference-profile/a1b2c3d4e5f6",
        inferenceProfileIdentifier="a1b2c3d4e5f6",
    ),
    read(
        "bedrock.get_inference_profile",
        "bedrock:GetInferenceProfile on bedrock||application-inference-profile/a1b2c3d4e5f6",
        inferenceProfileIdentifier=PROFILE,
    ),
    read("sagemaker.describe_model", "sagemaker:DescribeModel on sagemaker||model/m", ModelName="m"),
]
each_read = pytest.mark.parametrize("wanted", READS, ids=[f"{wanted.action}-{wanted.resource}" for wanted in READS])


@pytest.fixture(scope="module")
def session(emulator: Emulator) -> boto3.Session:
    """Credentials of a role that may do nothing yet."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = emulator.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], region_name="us-east-1")


def is_allowed(emulator: Emulator, session: boto3.Session, wanted: Read, *, resource: str) -> bool:
    """Whether IAM lets the role read, when it may do the action on `resource`; what is read need not be there."""
    statement = {"Effect": "Allow", "Action": wanted.action, "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("iam").put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=policy)
    client: Any = session.client(
        wanted.service,  # type: ignore[call-overload]
        endpoint_url=emulator.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        getattr(client, wanted.method)(**wanted.arguments)
    except ClientError as error:
        # Not by the code: DynamoDB denies access to a table that is not there.
        return f"not authorized to perform: {wanted.action}" not in str(error)
    return True


@each_read
def test_the_action_on_the_resource_suffices(emulator: Emulator, session: boto3.Session, wanted: Read) -> None:
    assert is_allowed(emulator, session, wanted, resource=wanted.arn)


@each_read
def test_the_action_on_another_resource_does_not(emulator: Emulator, session: boto3.Session, wanted: Read) -> None:
    other = "arn:aws:s3:::other" if wanted.arn == "*" else f"{wanted.arn}-of-others"
    assert not is_allowed(emulator, session, wanted, resource=other)
