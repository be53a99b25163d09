"""SimulatePrincipalPolicy decides with the context that it is given, for each action and resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import ACCOUNT_TRUST

MODEL = "arn:aws:bedrock:us-east-1::foundation-model/one"
OTHER = "arn:aws:bedrock:us-east-1::foundation-model/two"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.one"


@pytest.fixture(scope="module")
def role_arn(emulator: Emulator) -> str:
    """A role that may call a model through a profile, in one region, and never delete anything."""
    conditions = {
        "StringEquals": {"bedrock:InferenceProfileArn": PROFILE, "aws:RequestedRegion": "eu-west-1"},
        "ForAllValues:StringLike": {"bedrock:Things": ["mine*"]},
    }
    statements = [
        {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": MODEL, "Condition": conditions},
        {"Effect": "Deny", "Action": "bedrock:Delete*", "Resource": "*"},
    ]
    iam = emulator.client("iam")
    role = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST))["Role"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="simulated", PolicyName="own", PolicyDocument=document)
    return str(role["Arn"])


def entry(key: str, *values: str, kind: str = "string") -> dict[str, Any]:
    """One key of the request's context."""
    return {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": kind}


THROUGH = entry("bedrock:InferenceProfileArn", PROFILE)
THERE = entry("aws:RequestedRegion", "eu-west-1")


def decisions(emulator: Emulator, role_arn: str, *entries: dict[str, Any]) -> dict[tuple[str, str], str]:
    answer = emulator.client("iam").simulate_principal_policy(
        PolicySourceArn=role_arn,
        ActionNames=["bedrock:InvokeModel", "bedrock:DeleteGuardrail"],
        ResourceArns=[MODEL, OTHER],
        ContextEntries=list(entries),
    )
    return {
        (result["EvalActionName"].partition(":")[2], result["EvalResourceName"].rpartition("/")[2]): (
            result["EvalDecision"]
        )
        for result in answer["EvaluationResults"]
    }


def test_each_action_on_each_resource_is_decided(emulator: Emulator, role_arn: str) -> None:
    assert decisions(emulator, role_arn, THROUGH, THERE, entry("bedrock:Things", "mine1", kind="stringList")) == {
        ("InvokeModel", "one"): "allowed",
        ("InvokeModel", "two"): "implicitDeny",
        ("DeleteGuardrail", "one"): "explicitDeny",
        ("DeleteGuardrail", "two"): "explicitDeny",
    }


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [THROUGH],
        [THERE],
        [entry("bedrock:InferenceProfileArn", f"{PROFILE}2"), THERE],
        [THROUGH, THERE, entry("bedrock:Things", "mine1", "yours", kind="stringList")],
    ],
)
def test_a_condition_that_the_context_does_not_meet_allows_nothing(
    emulator: Emulator, role_arn: str, entries: list[dict[str, Any]]
) -> None:
    assert decisions(emulator, role_arn, *entries)["InvokeModel", "one"] == "implicitDeny"
