"""The settings of a DynamoDB table that ministack's handlers leave out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from local.emulator.aws import client
from local.emulator.settings import REGION

Properties = Mapping[str, Any]


def apply_global_table_settings(name: str, properties: Properties) -> None:
    """Encryption, recovery, expiry, protection, policy and tags of AWS::DynamoDB::GlobalTable, in this region."""
    replica = next(one for one in properties["Replicas"] if one["Region"] == REGION)
    api = client("dynamodb")
    api.update_table(
        TableName=name,
        DeletionProtectionEnabled=_true(replica.get("DeletionProtectionEnabled")),
        SSESpecification=_encryption(properties.get("SSESpecification", {}), replica.get("SSESpecification", {})),
    )
    recovery = replica.get("PointInTimeRecoverySpecification", {})
    api.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled"))
        },
    )
    _apply_expiry(name, properties.get("TimeToLiveSpecification"))
    arn = api.describe_table(TableName=name)["Table"]["TableArn"]
    if replica.get("Tags"):
        api.tag_resource(ResourceArn=arn, Tags=list(replica["Tags"]))
    _apply_policy(arn, replica.get("ResourcePolicy"))


def _apply_policy(arn: str, policy: Properties | None) -> None:
    """Put the table's own policy, or remove what there is."""
    api = client("dynamodb")
    if policy is not None:
        api.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy["PolicyDocument"]))
        return
    with contextlib.suppress(api.exceptions.PolicyNotFoundException):
        api.delete_resource_policy(ResourceArn=arn)


def _encryption(table: Properties, replica: Properties) -> dict[str, Any]:
    if not _true(table.get("SSEEnabled")):
        return {"Enabled": False}
    key = {"KMSMasterKeyId": replica["KMSMasterKeyId"]} if "KMSMasterKeyId" in replica else {}
    return {"Enabled": True, "SSEType": table.get("SSEType", "KMS"), **key}


def _apply_expiry(name: str, expiry: Properties | None) -> None:
    """Switch expiry on or off, when it is not so already: the API refuses to repeat itself."""
    api = client("dynamodb")
    current = api.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    wanted = expiry is not None and _true(expiry.get("Enabled"))
    if wanted == (current["TimeToLiveStatus"] == "ENABLED"):
        return
    attribute = expiry["AttributeName"] if expiry and wanted else current["AttributeName"]
    specification = {"Enabled": wanted, "AttributeName": attribute}
    api.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
