"""Who reads an agent's secret, tried as roles with the emulated AWS's IAM: that agent, and no administrator (R4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.local_run import AGENT, LocalRun

OTHER_AGENT = "globex/support-agent"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYONE_OF_THE_ACCOUNT = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}


@pytest.fixture
def act_as(local_run: LocalRun) -> Iterator[Any]:
    """Makes a role with a policy and tags, and gives a Secrets Manager client that acts as it."""
    iam, made = local_run.client("iam"), []

    def role(name: str, statement: dict[str, Any], tags: dict[str, str]) -> Any:
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ANYONE_OF_THE_ACCOUNT]}),
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        made.append(name)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return local_run.client_as(f"arn:aws:iam::123456789012:role/{name}", "secretsmanager")

    yield role
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="own")
        iam.delete_role(RoleName=name)


def read(manager: Any, agent: str) -> str:
    """`read`, or the code of the error."""
    try:
        answer = manager.get_secret_value(SecretId=f"foundation/dev/agents/{agent}")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    assert json.loads(answer["SecretString"]).keys() == {"client_id", "client_secret", "token_endpoint", "scopes"}
    return "read"


def test_an_agents_role_reads_its_own_secret_and_no_other(act_as: Any) -> None:
    manager = act_as("finance", EVERYTHING, {"foundation:agent": AGENT})
    assert read(manager, AGENT) == "read"
    assert read(manager, OTHER_AGENT) == "AccessDeniedException"


def test_an_administrator_reads_none(act_as: Any) -> None:
    manager = act_as("administrator", EVERYTHING, {})
    assert {read(manager, agent) for agent in (AGENT, OTHER_AGENT)} == {"AccessDeniedException"}


def test_the_tag_alone_is_no_permission(act_as: Any) -> None:
    nothing = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    assert read(act_as("tagged", nothing, {"foundation:agent": AGENT}), AGENT) == "AccessDeniedException"
