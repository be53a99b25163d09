"""Secrets Manager: values and labels as on AWS, and a rotation that really calls the rotation function."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    LAMBDA_TRUST,
    Stack,
    StackFailedError,
    allow,
    function,
    get_att,
    outputs,
    ref,
    role,
    stack,
)

# Writes what it is called with into an SSM parameter; fails as often as another parameter says.
ROTATION = """
import boto3, json, os
secrets, parameters = boto3.client("secretsmanager"), boto3.client("ssm")

def value(name):
    return json.loads(parameters.get_parameter(Name=name)["Parameter"]["Value"])

def put(name, content):
    parameters.put_parameter(Name=name, Value=json.dumps(content), Type="String", Overwrite=True)

def handler(event, context):
    step, secret, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    put("/rotation/calls", value("/rotation/calls") + [[step, token]])
    failures = value("/rotation/failures")
    if failures.get(step, 0) > 0:
        put("/rotation/failures", {**failures, step: failures[step] - 1})
        raise RuntimeError(f"{step} was told to fail")
    stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    if step == "createSecret":
        assert "AWSPENDING" in stages[token], stages
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
        secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=token)
"""
# Stays busy after its last word: AWSCURRENT has moved, the answer is not back yet.
SLOW_TO_ANSWER = ROTATION + "        import time; time.sleep(2)\n"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
PERMISSION = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "FunctionName": ref("Function"),
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": ref("AWS::AccountId"),
    },
}


def parameter(name: str, value: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": f"/rotation/{name}", "Type": "String", "Value": json.dumps(value)},
    }


def schedule(**changes: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SecretsManager::RotationSchedule",
        "DependsOn": ["Permission", "Calls", "Failures"],
        "Properties": {
            "SecretId": ref("Secret"),
            "RotationLambdaARN": get_att("Function", "Arn"),
            "RotationRules": {"AutomaticallyAfterDays": 30},
            **changes,
        },
    }


def resources(*, failures: dict[str, int] | None = None, **extra: Any) -> dict[str, Any]:
    return {
        "Role": role(LAMBDA_TRUST, allow("secretsmanager:*", "ssm:*")),
        "Function": function(ROTATION, Timeout=30),
        "Permission": PERMISSION,
        "Calls": parameter("calls", []),
        "Failures": parameter("failures", failures or {}),
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"Name": "rotated", "SecretString": "first", "Description": "d"},
        },
        **extra,
    }


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """A secret with a rotation function in a stack that a test fills."""

    emulator: Emulator
    stack: Stack

    @property
    def api(self) -> Any:
        return self.emulator.client("secretsmanager")

    def calls(self) -> list[list[str]]:
        ssm = self.emulator.client("ssm")
        calls: list[list[str]] = json.loads(ssm.get_parameter(Name="/rotation/calls")["Parameter"]["Value"])
        return calls

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.api.describe_secret(SecretId="rotated")
        return described

    def current(self) -> str:
        return str(self.api.get_secret_value(SecretId="rotated")["SecretString"])

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, f"{self.calls()} {self.describe()}"
            time.sleep(0.05)

    def wait_until_rotated(self) -> str:
        """The value that rotation wrote."""
        self.wait_until(lambda: "LastRotatedDate" in self.describe())
        return self.current()


@pytest.fixture
def rotated(emulator: Emulator) -> Iterator[Rotated]:
    with stack(emulator, "rotation") as made:
        yield Rotated(emulator=emulator, stack=made)


def test_a_schedule_rotates_at_once_in_four_steps_with_one_token(rotated: Rotated) -> None:
    rotated.stack.create(resources(Schedule=schedule()))
    value = rotated.wait_until_rotated()
    assert rotated.calls() == [[step, value] for step in STEPS]
    described = rotated.describe()
    assert described["RotationEnabled"]
    assert described["VersionIdsToStages"][value] == ["AWSCURRENT"]
    assert rotated.api.get_secret_value(SecretId="rotated", VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    assert (described["NextRotationDate"] - described["LastRotatedDate"]).days == 30


def test_a_step_that_fails_is_retried_from_the_first_with_the_same_token(rotated: Rotated) -> None:
    rotated.stack.create(resources(failures={"setSecret": 1}, Schedule=schedule()))
    value = rotated.wait_until_rotated()
    assert rotated.calls() == [[step, value] for step in [*STEPS[:2], *STEPS]]
    assert "setSecret failed: setSecret was told to fail" in rotated.emulator.log.read_text()


def test_while_one_rotation_is_open_another_is_refused_and_the_open_one_tried_again(rotated: Rotated) -> None:
    rotated.stack.create(resources(failures={"testSecret": 1}, Schedule=schedule()))
    rotated.wait_until(lambda: len(rotated.calls()) == 3)
    with pytest.raises(rotated.api.exceptions.InvalidRequestException, match="previous rotation isn't complete"):
        rotated.api.rotate_secret(SecretId="rotated")
    value = rotated.wait_until_rotated()
    assert {token for _, token in rotated.calls()} == {value}


def test_rotate_secret_answers_at_once_with_the_token(rotated: Rotated) -> None:
    rotated.stack.create(resources(Schedule=schedule()))
    first = rotated.wait_until_rotated()
    token = "0123456789-0123456789-0123456789-own"
    answer = rotated.api.rotate_secret(SecretId="rotated", ClientRequestToken=token)
    assert answer["VersionId"] == token
    rotated.wait_until(lambda: rotated.current() == token)
    assert rotated.api.get_secret_value(SecretId="rotated", VersionStage="AWSPREVIOUS")["SecretString"] == first


def test_a_rotation_that_begins_before_the_last_answer_of_another_is_not_lost(rotated: Rotated) -> None:
    rotated.stack.create(resources(Schedule=schedule(), Function=function(SLOW_TO_ANSWER, Timeout=30)))
    rotated.wait_until(lambda: rotated.current() != "first")
    first = rotated.current()
    rotated.wait_until(lambda: rotated.describe()["VersionIdsToStages"][first] == ["AWSCURRENT"])
    assert "LastRotatedDate" not in rotated.describe(), "the first rotation is still open"
    token = "0123456789-0123456789-0123456789-own"
    rotated.api.rotate_secret(SecretId="rotated", ClientRequestToken=token)
    rotated.wait_until(lambda: rotated.current() == token)
    assert rotated.calls() == [[step, version] for version in (first, token) for step in STEPS]


def test_not_immediately_only_tests_and_leaves_the_secret_alone(rotated: Rotated) -> None:
    rotated.stack.create(resources(Schedule=schedule(RotateImmediatelyOnUpdate=False)))
    rotated.wait_until(lambda: len(rotated.calls()) == 1)
    assert rotated.calls()[0][0] == "testSecret"
    rotated.wait_until(lambda: len(rotated.describe()["VersionIdsToStages"]) == 1)
    assert rotated.current() == "first"


def test_a_schedule_without_permission_to_invoke_fails(rotated: Rotated) -> None:
    alone = schedule()
    alone["DependsOn"] = ["Calls", "Failures"]
    without = resources(Schedule=alone)
    del without["Permission"]
    with pytest.raises(
        StackFailedError, match=r"cannot invoke the specified Lambda function.*secretsmanager\.amazonaws"
    ):
        rotated.stack.create(without)


def test_a_permission_for_another_account_does_not_count(rotated: Rotated) -> None:
    foreign = {**PERMISSION, "Properties": {**PERMISSION["Properties"], "SourceAccount": "999999999999"}}  # type: ignore[dict-item]
    with pytest.raises(StackFailedError, match="cannot invoke the specified Lambda function"):
        rotated.stack.create(resources(Schedule=schedule(), Permission=foreign))


def test_without_its_schedule_the_secret_stays_and_rotates_no_more(rotated: Rotated) -> None:
    rotated.stack.create(resources(Schedule=schedule()))
    value = rotated.wait_until_rotated()
    rotated.stack.update(resources())
    assert rotated.current() == value
    assert not rotated.describe()["RotationEnabled"]
    with pytest.raises(rotated.api.exceptions.InvalidRequestException, match="No Lambda rotation function"):
        rotated.api.rotate_secret(SecretId="rotated")


def test_ref_is_the_arn_and_a_policy_belongs_to_the_secret(rotated: Rotated) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
    attached = {
        "Type": "AWS::SecretsManager::ResourcePolicy",
        "Properties": {"SecretId": ref("Secret"), "ResourcePolicy": policy},
    }
    secret = resources()["Secret"]
    told = rotated.stack.create(
        {"Secret": secret, "Policy": attached}, Outputs=outputs(Ref=ref("Secret"), Id=get_att("Secret", "Id"))
    )
    assert told["Ref"] == told["Id"] == rotated.describe()["ARN"]
    assert json.loads(rotated.api.get_resource_policy(SecretId="rotated")["ResourcePolicy"]) == policy
    rotated.stack.update({"Secret": secret})
    assert "ResourcePolicy" not in rotated.api.get_resource_policy(SecretId="rotated")


def test_a_generated_value_fills_its_template(rotated: Rotated) -> None:
    recipe = {
        "SecretStringTemplate": '{"user": "me"}',
        "GenerateStringKey": "password",
        "PasswordLength": 40,
        "ExcludePunctuation": True,
    }
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "rotated", "GenerateSecretString": recipe}}
    rotated.stack.create({"Secret": secret})
    value = json.loads(rotated.current())
    assert value["user"] == "me"
    assert len(value["password"]) == 40
    assert value["password"].isalnum()
    changed = {**secret, "Properties": {**secret["Properties"], "Description": "other"}}  # type: ignore[dict-item]
    rotated.stack.update({"Secret": changed})
    assert json.loads(rotated.current()) == value, "a new description makes no new value"


def test_labels_are_on_one_version_only(rotated: Rotated) -> None:
    rotated.stack.create({"Secret": resources()["Secret"]})
    one, two = "1" * 32, "2" * 32
    for token in (one, two):
        rotated.api.put_secret_value(
            SecretId="rotated", ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING", "mine"]
        )
    assert set(rotated.describe()["VersionIdsToStages"][two]) == {"AWSPENDING", "mine"}
    assert one not in rotated.describe()["VersionIdsToStages"]
    assert rotated.current() == "first"
    rotated.api.put_secret_value(
        SecretId="rotated", ClientRequestToken=one, SecretString=one, VersionStages=["AWSCURRENT", "mine"]
    )
    assert set(rotated.describe()["VersionIdsToStages"][one]) == {"AWSCURRENT", "mine"}
    assert rotated.api.get_secret_value(SecretId="rotated", VersionStage="AWSPREVIOUS")["SecretString"] == "first"


def test_a_token_stands_for_one_value(rotated: Rotated) -> None:
    rotated.stack.create({"Secret": resources()["Secret"]})
    put = {"SecretId": "rotated", "ClientRequestToken": "3" * 32, "VersionStages": ["mine"]}
    rotated.api.put_secret_value(**put, SecretString="a")
    rotated.api.put_secret_value(**put, SecretString="a")
    with pytest.raises(rotated.api.exceptions.ResourceExistsException):
        rotated.api.put_secret_value(**put, SecretString="b")
