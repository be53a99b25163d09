"""What an access key is stays hidden; reports are waited for, but not for ever; AWS's own policies are shown too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from aws_operations.account import iam_access
from aws_operations.account.handler import server
from tests.scenarios.iam import REPORT, fill
from tests.scenarios.model import Made
from tests.unit.lambda_calls import call
from toolkit.aws import Aws, _client

ROLE = "arn:aws:iam::123456789012:role/acme-reporter"
OF_AWS = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with mock_aws():
        _client.cache_clear()
        yield fill(lambda service: boto3.client(service, "us-east-1"), "moto")  # type: ignore[call-overload]
    _client.cache_clear()


def read(operation: str, **arguments: Any) -> Any:
    return call(server, "iam_read_operations", {"operation": operation, **arguments})


def test_a_user_is_shown_with_everything_that_allows_something(made: Made) -> None:
    user = read("get_user", user="acme-ana")
    attached = [{"name": "acme-read-reports", "arn": made["policy"]}]
    assert (user["groups"], user["attached_policies"]) == (["acme-analysts"], attached)
    assert user["inline_policies"]["inline-of-user"]["Statement"][0]["Action"] == "s3:GetObject"
    (key,) = user["access_keys"]
    assert key["state"] == "Active"
    assert made["key"] not in str(user)


def test_the_summary_counts(made: Made) -> None:
    summary = read("get_account_summary")
    assert (summary["users"], summary["groups"], summary["mfa_devices_in_use"]) == (1, 1, 0)


def test_no_password_policy_is_null(made: Made) -> None:
    boto3.client("iam", "us-east-1").delete_account_password_policy()
    assert read("get_password_policy") == {"password_policy": None}


def test_roles_are_listed_page_by_page(made: Made) -> None:
    boto3.client("iam", "us-east-1").create_role(RoleName="acme-writer", AssumeRolePolicyDocument="{}")
    first = read("list_roles", page_size=1)
    second = read("list_roles", page_size=1, page_token=first["next_page_token"])
    assert sorted(role["name"] for role in first["roles"] + second["roles"]) == ["acme-reporter", "acme-writer"]
    assert second["next_page_token"] is None


def test_a_policy_of_aws_is_shown_like_one_of_the_account() -> None:
    view = {"PolicyName": "ViewOnlyAccess", "Arn": OF_AWS, "DefaultVersionId": "v2"}
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*"}]}'
    with Stubber(Aws().client("iam")) as stubber:
        stubber.add_response("get_policy", {"Policy": view}, {"PolicyArn": OF_AWS})
        version = {"PolicyVersion": {"Document": document}}
        stubber.add_response("get_policy_version", version, {"PolicyArn": OF_AWS, "VersionId": "v2"})
        answer = read("get_policy", policy_arn=OF_AWS)
    assert (answer["name"], "ec2:Describe*" in str(answer["document"])) == ("ViewOnlyAccess", True)


def test_what_a_policy_of_aws_is_attached_to_is_listed(made: Made) -> None:
    uses = {"PolicyRoles": [{"RoleName": "acme-reporter"}], "PolicyUsers": [], "PolicyGroups": []}
    with Stubber(Aws().client("iam")) as stubber:
        stubber.add_response("list_entities_for_policy", uses, {"PolicyArn": OF_AWS, "MaxItems": 100})
        assert read("list_policy_uses", policy_arn=OF_AWS)["roles"] == ["acme-reporter"]


def test_a_report_is_asked_for_until_it_is_there() -> None:
    with Stubber(Aws().client("iam")) as stubber:
        stubber.add_response("generate_service_last_accessed_details", {"JobId": REPORT}, {"Arn": ROLE})
        for state in ("IN_PROGRESS", "IN_PROGRESS", "COMPLETED"):
            stubber.add_response("get_service_last_accessed_details", _report(state))
        answer = read("report_last_accessed", arn=ROLE)
        stubber.assert_no_pending_responses()
    assert (answer["state"], answer["services"][0]["service"]) == ("COMPLETED", "s3")


def test_a_report_that_takes_long_can_be_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_access, "REPORT_SECONDS", 0)
    with Stubber(Aws().client("iam")) as stubber:
        stubber.add_response("generate_service_last_accessed_details", {"JobId": REPORT})
        stubber.add_response("get_service_last_accessed_details", _report("IN_PROGRESS"))
        answer = read("report_last_accessed", arn=ROLE)
    assert (answer["state"], answer["report_id"]) == ("IN_PROGRESS", REPORT)


def _report(state: str) -> dict[str, Any]:
    service = {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": NOW}
    services = [service] if state == "COMPLETED" else []
    return {
        "JobStatus": state,
        "JobCreationDate": NOW,
        "JobCompletionDate": NOW,
        "ServicesLastAccessed": services,
    }
