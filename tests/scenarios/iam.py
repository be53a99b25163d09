"""IAM: a role, a user with an access key and a group, with policies of every kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

REPORT = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"


def fill(client: Clients, account: Account) -> Made:
    iam = client("iam")
    trust = _document(Effect="Allow", Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    read = _document(Effect="Allow", Action="s3:GetObject", Resource="arn:aws:s3:::acme-reports/*")
    policy = iam.create_policy(PolicyName="acme-read-reports", PolicyDocument=read)["Policy"]["Arn"]
    role = iam.create_role(RoleName="acme-reporter", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="acme-reporter", PolicyArn=policy)
    iam.put_role_policy(RoleName="acme-reporter", PolicyName="inline-of-role", PolicyDocument=read)
    iam.create_user(UserName="acme-ana")
    iam.attach_user_policy(UserName="acme-ana", PolicyArn=policy)
    iam.put_user_policy(UserName="acme-ana", PolicyName="inline-of-user", PolicyDocument=read)
    iam.create_group(GroupName="acme-analysts")
    iam.add_user_to_group(GroupName="acme-analysts", UserName="acme-ana")
    iam.attach_group_policy(GroupName="acme-analysts", PolicyArn=policy)
    iam.put_group_policy(GroupName="acme-analysts", PolicyName="inline-of-group", PolicyDocument=read)
    iam.update_account_password_policy(MinimumPasswordLength=17)
    key = iam.create_access_key(UserName="acme-ana")["AccessKey"]
    made = {"role": role, "policy": policy, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    if account == "emulator":
        made["report"] = iam.generate_service_last_accessed_details(Arn=role)["JobId"]
    return made


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def calls(made: Made) -> Sequence[Call]:
    return [
        Call(operation="list_roles", finds="acme-reporter"),
        Call(operation="get_role", arguments={"role": "acme-reporter"}, finds="inline-of-role"),
        Call(operation="list_users", finds="acme-ana"),
        Call(
            operation="get_user",
            arguments={"user": "acme-ana"},
            finds="inline-of-user",
            hides=[made["key"], made["secret"]],
        ),
        Call(operation="list_groups", finds="acme-analysts"),
        Call(operation="get_group", arguments={"group": "acme-analysts"}, finds="inline-of-group"),
        Call(operation="list_policies", arguments={"used": True}, finds="acme-read-reports"),
        Call(operation="get_policy", arguments={"policy_arn": made["policy"]}, finds="s3:GetObject"),
        Call(operation="list_policy_uses", arguments={"policy_arn": made["policy"]}, finds="acme-analysts"),
        Call(operation="get_account_summary", finds="mfa_devices_in_use"),
        Call(operation="get_password_policy", finds='"minimum_password_length": 17'),
        *_calls_unknown_to_moto(made),
    ]


def _calls_unknown_to_moto(made: Made) -> list[Call]:
    """Calls that moto 5.2.5 does not know, with the responses of AWS's pages:
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
    """
    time = datetime(2026, 11, 20, tzinfo=UTC)
    started = {"iam:GenerateServiceLastAccessedDetails": {"JobId": REPORT}}
    service = {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": time}
    times = {"JobCreationDate": time, "JobCompletionDate": time}
    report = {
        "iam:GetServiceLastAccessedDetails": {
            "JobStatus": "COMPLETED",
            "ServicesLastAccessed": [service],
            **times,
        }
    }
    decision = {"EvalActionName": "s3:GetObject", "EvalDecision": "allowed"}
    return [
        Call(
            operation="simulate_access",
            arguments={
                "principal_arn": made["role"],
                "actions": ["s3:GetObject"],
                "resource_arns": ["arn:aws:s3:::acme-reports/1"],
            },
            finds='"decision": "allowed"',
            unknown_to=("moto",),
            stubbed={"iam:SimulatePrincipalPolicy": {"EvaluationResults": [decision]}},
        ),
        Call(
            operation="report_last_accessed",
            arguments={"arn": made["role"]},
            finds="COMPLETED",
            unknown_to=("moto",),
            stubbed=started | report,
        ),
        Call(
            operation="get_last_accessed",
            arguments={"report_id": made.get("report", REPORT)},
            finds="COMPLETED",
            unknown_to=("moto",),
            stubbed=report,
        ),
    ]


SCENARIO = Scenario(server="aws-account", tool="iam_read_operations", fill=fill, calls=calls)
