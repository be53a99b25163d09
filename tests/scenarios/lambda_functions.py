"""Lambda: a function with a version, an alias, a queue that triggers it, and a secret in its environment."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

FUNCTION = "acme-billing"
SECRET = "hunter2-of-billing"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def fill(client: Clients, account: Account) -> Made:
    role = client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    functions = client("lambda")
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Handler="billing.handler",
        Role=role,
        Code={"ZipFile": _code()},
        Environment={"Variables": {"DATABASE_PASSWORD": SECRET}},
        Publish=True,
    )
    functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
    functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=17)
    functions.put_function_event_invoke_config(FunctionName=FUNCTION, MaximumRetryAttempts=1)
    functions.create_function_url_config(FunctionName=FUNCTION, AuthType="AWS_IAM")
    functions.add_permission(
        FunctionName=FUNCTION, StatementId="bucket", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="acme-invoices")["QueueUrl"]
    source = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions.create_event_source_mapping(FunctionName=FUNCTION, EventSourceArn=source, BatchSize=5, Enabled=False)
    return {"source": source}


def calls(made: Made) -> Sequence[Call]:
    function = {"function": FUNCTION}
    return [
        Call(operation="list_functions", finds=FUNCTION, hides=[SECRET]),
        Call(
            operation="get_function_configuration",
            arguments=function,
            finds="DATABASE_PASSWORD",
            hides=[SECRET],
        ),
        Call(operation="get_function_configuration", arguments={**function, "qualifier": "1"}, hides=[SECRET]),
        Call(operation="list_versions", arguments=function, finds="$LATEST", hides=[SECRET]),
        Call(operation="list_aliases", arguments=function, finds="live"),
        Call(
            operation="list_event_source_mappings",
            arguments={**function, "event_source_arn": made["source"]},
            finds="acme-invoices",
        ),
        Call(operation="get_reserved_concurrency", arguments=function, finds="17"),
        # https://docs.aws.amazon.com/lambda/latest/api/API_ListProvisionedConcurrencyConfigs.html
        Call(
            operation="list_provisioned_concurrency",
            arguments=function,
            finds="IN_PROGRESS",
            unknown_to=("moto", "emulator"),
            stubbed={
                "lambda:ListProvisionedConcurrencyConfigs": {
                    "ProvisionedConcurrencyConfigs": [
                        {
                            "FunctionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}:live",
                            "RequestedProvisionedConcurrentExecutions": 3,
                            "AllocatedProvisionedConcurrentExecutions": 1,
                            "AvailableProvisionedConcurrentExecutions": 1,
                            "Status": "IN_PROGRESS",
                            "LastModified": "2026-11-20T10:00:00+0000",
                        }
                    ]
                }
            },
        ),
        # https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
        Call(
            operation="get_account_limits",
            finds="unreserved_concurrent_executions",
            unknown_to=("moto",),
            stubbed={
                "lambda:GetAccountSettings": {
                    "AccountLimit": {
                        "CodeSizeUnzipped": 262144000,
                        "CodeSizeZipped": 52428800,
                        "ConcurrentExecutions": 1000,
                        "TotalCodeSize": 80530636800,
                        "UnreservedConcurrentExecutions": 983,
                    },
                    "AccountUsage": {"FunctionCount": 1, "TotalCodeSize": 215},
                }
            },
        ),
        Call(
            operation="get_asynchronous_invocation",
            arguments=function,
            finds='"maximum_retries": 1',
        ),
        # https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionUrlConfigs.html
        Call(
            operation="list_function_urls",
            arguments=function,
            finds="AWS_IAM",
            unknown_to=("moto",),
            stubbed={
                "lambda:ListFunctionUrlConfigs": {
                    "FunctionUrlConfigs": [
                        {
                            "FunctionUrl": "https://abcdefghij.lambda-url.us-east-1.on.aws/",
                            "FunctionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}",
                            "AuthType": "AWS_IAM",
                            "CreationTime": "2026-11-20T10:00:00Z",
                            "LastModifiedTime": "2026-11-20T10:00:00Z",
                        }
                    ]
                }
            },
        ),
        Call(operation="get_resource_policy", arguments=function, finds="s3.amazonaws.com"),
    ]


def _code() -> bytes:
    """A deployment package, which both accounts unpack."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("billing.py", "def handler(event, context):\n    return None\n")
    return package.getvalue()


SCENARIO = Scenario(server="aws-operations", tool="lambda_read_operations", fill=fill, calls=calls)
