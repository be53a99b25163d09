"""What protects a table's data is set as the template says, changes with it, and comes back when a change fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import StackFailedError, get_att, ref, stack


def table(*, protected: bool, expiry: bool = True) -> dict[str, Any]:
    replica = {
        "Region": "us-east-1",
        "DeletionProtectionEnabled": protected,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": protected},
        "SSESpecification": {"KMSMasterKeyId": get_att("Key", "Arn")},
        "Tags": [{"Key": "team", "Value": "one"}],
    }
    return {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
        "Table": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
                "TimeToLiveSpecification": {"Enabled": expiry, "AttributeName": "expires"},
                "Replicas": [replica],
            },
        },
    }


def seen(emulator: Emulator, name: str) -> dict[str, Any]:
    api = emulator.client("dynamodb")
    described = api.describe_table(TableName=name)["Table"]
    backups = api.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return {
        "protected": described["DeletionProtectionEnabled"],
        "key": described["SSEDescription"]["KMSMasterKeyArn"],
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "expiry": api.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"],
        "team": [tag["Value"] for tag in api.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]],
    }


def test_a_table_is_protected_as_its_template_says(emulator: Emulator) -> None:
    with stack(emulator, "table") as made:
        made.create(table(protected=True))
        before = seen(emulator, made.id_of("Table"))
        assert before["key"].endswith(made.id_of("Key"))
        assert (before["protected"], before["recovery"], before["expiry"]) == (True, "ENABLED", "ENABLED")
        assert "one" in before["team"]
        broken = {
            "Type": "AWS::SSM::Parameter",
            "DependsOn": "Table",
            "Properties": {"Type": ref("Table"), "Value": "x"},
        }
        with pytest.raises(StackFailedError, match="UPDATE_ROLLBACK_COMPLETE"):
            made.update({**table(protected=False, expiry=False), "Broken": broken})
        assert seen(emulator, made.id_of("Table")) == before
        made.update(table(protected=False, expiry=False))
        after = seen(emulator, made.id_of("Table"))
        assert (after["protected"], after["recovery"], after["expiry"]) == (False, "DISABLED", "DISABLED")


def test_what_is_protected_against_deletion_stays(emulator: Emulator) -> None:
    def resources(*, protected: bool) -> dict[str, Any]:
        protection = "ACTIVE" if protected else "INACTIVE"
        pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"DeletionProtection": protection}}
        return {**table(protected=protected), "Pool": pool}

    api = emulator.client("cloudformation")
    with stack(emulator, "protected") as made:
        made.create(resources(protected=True))
        names = (made.id_of("Table"), made.id_of("Pool"))
        api.delete_stack(StackName=made.name)
        made.wait()
        assert made.status() == "DELETE_FAILED"
        assert "Table: Resource cannot be deleted" in made.reasons()
        assert "Pool: The user pool cannot be deleted" in made.reasons()
        assert emulator.client("dynamodb").describe_table(TableName=names[0])
        emulator.client("dynamodb").update_table(TableName=names[0], DeletionProtectionEnabled=False)
        emulator.client("cognito-idp").update_user_pool(UserPoolId=names[1], DeletionProtection="INACTIVE")
