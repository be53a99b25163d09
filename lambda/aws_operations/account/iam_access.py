"""Reads what IAM allows and what of it is used: the account's summary, simulated access, services last accessed.

SimulatePrincipalPolicy and GenerateServiceLastAccessedDetails are named once for each kind of identity, as IAM knows
them by its kind:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html

The second starts a report, which IAM makes of what it noted anyway and forgets by itself; no identity and no policy is
other than before. IAM counts it as reading, and AWS's policies for readers have it:
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/IAMReadOnlyAccess.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_operations.account.iam import iam
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

REPORT_SECONDS = 15
"""How long a report may take before the caller is told to read it later."""

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@iam.operation(actions=["iam:GetAccountSummary"])
def get_account_summary(aws: Aws) -> Answer:
    """Show how many users, roles, groups and policies there are, their quotas, and whether root has MFA and keys."""
    client: IAMClient = aws.client("iam")
    summary: Mapping[Any, int] = client.get_account_summary()["SummaryMap"]
    return {_WORDS.sub("_", name).lower(): value for name, value in sorted(summary.items())}


@iam.operation(actions=["iam:GetAccountPasswordPolicy"])
def get_password_policy(aws: Aws) -> Answer:
    """Show what passwords of users must be like; null when the account leaves it to AWS's defaults."""
    client: IAMClient = aws.client("iam")
    try:
        policy: Mapping[str, Any] = client.get_account_password_policy()["PasswordPolicy"]
    except client.exceptions.NoSuchEntityException:
        return {"password_policy": None}
    return {"password_policy": {_WORDS.sub("_", name).lower(): value for name, value in policy.items()}}


@iam.operation(
    actions=[
        "iam:SimulatePrincipalPolicy on role",
        "iam:SimulatePrincipalPolicy on user",
        "iam:SimulatePrincipalPolicy on group",
    ]
)
def simulate_access(
    aws: Aws, page: Page, principal_arn: str, actions: list[str], resource_arns: list[str] | None = None
) -> Answer:
    """Say whether an identity's policies let it do something; resource policies and their conditions do not count.

    Args:
        principal_arn: The ARN of a role, user or group of the account.
        actions: IAM actions, such as s3:GetObject.
        resource_arns: What they would be done to; anything when left out.
    """
    client: IAMClient = aws.client("iam")
    found = client.simulate_principal_policy(
        PolicySourceArn=principal_arn,
        ActionNames=actions,
        **page.request("MaxItems", "Marker", most=1000),
        **given(ResourceArns=resource_arns),
    )
    results = [
        {
            "action": result["EvalActionName"],
            "resource": result.get("EvalResourceName"),
            "decision": result["EvalDecision"],
            "decided_by": [statement.get("SourcePolicyId") for statement in result.get("MatchedStatements", [])],
            "missing_context": result.get("MissingContextValues", []),
        }
        for result in found["EvaluationResults"]
    ]
    return {"results": results, "next_page_token": found.get("Marker")}


@iam.operation(
    actions=[
        "iam:GenerateServiceLastAccessedDetails on role",
        "iam:GenerateServiceLastAccessedDetails on user",
        "iam:GenerateServiceLastAccessedDetails on group",
        "iam:GenerateServiceLastAccessedDetails on policy",
        "iam:GetServiceLastAccessedDetails",
    ]
)
def report_last_accessed(aws: Aws, page: Page, arn: str) -> Answer:
    """Report which services an identity may use and when it last did; waits up to 15 seconds for the report.

    When the state is IN_PROGRESS, or for the next page, call get_last_accessed with the report_id.

    Args:
        arn: The ARN of a role, user or group of the account, or of a managed policy.
    """
    client: IAMClient = aws.client("iam")
    report = client.generate_service_last_accessed_details(Arn=arn)["JobId"]
    until = time.monotonic() + REPORT_SECONDS
    found = _last_accessed(client, report, page)
    while found["state"] == "IN_PROGRESS" and time.monotonic() < until:
        time.sleep(0.5)
        found = _last_accessed(client, report, page)
    return found


@iam.operation(actions=["iam:GetServiceLastAccessedDetails"])
def get_last_accessed(aws: Aws, page: Page, report_id: str) -> Answer:
    """Read a report that report_last_accessed asked for.

    Args:
        report_id: The report's id, as report_last_accessed gave it.
    """
    client: IAMClient = aws.client("iam")
    return _last_accessed(client, report_id, page)


def _last_accessed(client: IAMClient, report: str, page: Page) -> Answer:
    found = client.get_service_last_accessed_details(JobId=report, **page.request("MaxItems", "Marker", most=1000))
    services = [
        {
            "service": item["ServiceNamespace"],
            "last_used": item.get("LastAuthenticated"),
            "last_used_by": item.get("LastAuthenticatedEntity"),
            "last_used_region": item.get("LastAuthenticatedRegion"),
            "identities": item.get("TotalAuthenticatedEntities"),
        }
        for item in found.get("ServicesLastAccessed", [])
    ]
    return {
        "report_id": report,
        "state": found["JobStatus"],
        "error": found.get("Error", {}).get("Message"),
        "services": services,
        "next_page_token": found.get("Marker"),
    }
