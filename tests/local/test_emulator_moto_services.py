"""Services that ministack does not have are answered by moto, behind the same door: signatures and IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}


def as_role(emulator: Emulator, *actions: str) -> Any:
    """A SageMaker client that may do `actions`."""
    iam, name = emulator.client("iam"), f"reader-{len(actions)}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]}))
    statement = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", *actions], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    arn = f"arn:aws:iam::123456789012:role/{name}"
    return emulator.client_as(arn, "sagemaker")


def test_what_is_made_is_found_by_a_role_that_may_look(emulator: Emulator) -> None:
    emulator.client("sagemaker").create_model(
        ModelName="fraud", ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker", PrimaryContainer={"Image": "i"}
    )
    models = as_role(emulator, "sagemaker:ListModels").list_models()["Models"]
    assert [model["ModelName"] for model in models] == ["fraud"]


def test_a_role_that_may_not_look_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ClientError) as caught:
        as_role(emulator).list_models()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "sagemaker:ListModels" in caught.value.response["Error"]["Message"]


def test_costs_can_be_asked_for(emulator: Emulator) -> None:
    answer = emulator.client("ce").get_cost_and_usage(
        TimePeriod={"Start": "2026-10-01", "End": "2026-11-01"}, Granularity="MONTHLY", Metrics=["UnblendedCost"]
    )
    assert answer["ResultsByTime"] == []


def test_what_moto_does_not_have_either_is_an_error(emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="get_cost_forecast") as caught:
        emulator.client("ce").get_cost_forecast(
            TimePeriod={"Start": "2026-12-01", "End": "2027-01-01"}, Granularity="MONTHLY", Metric="UNBLENDED_COST"
        )
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
