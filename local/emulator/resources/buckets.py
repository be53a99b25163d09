"""The settings of an S3 bucket that ministack's handler leaves out: encryption, lifecycle, lock and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import s3

from local.emulator.aws import client
from local.emulator.patching import replace
from local.emulator.responses import Response
from local.emulator.settings import ACCOUNT, REGION

_MANAGED_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"
"""The key that S3 takes when a request for aws:kms names none
(docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html)."""

Properties = Mapping[str, Any]


def install() -> None:
    """Let an object be written under aws:kms without a key's name, which ministack refuses."""
    original = s3._resolve_sse_write_headers
    algorithm, key = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"

    def resolve(headers: dict[str, str], bucket: str) -> tuple[dict[str, str] | None, Response | None]:
        named = headers if headers.get(algorithm) != "aws:kms" or headers.get(key) else {**headers, key: _MANAGED_KEY}
        found: tuple[dict[str, str] | None, Response | None] = original(named, bucket)
        return found

    replace(original, resolve)


def apply_bucket_settings(name: str, properties: Properties) -> None:
    """Set them through the API, each that the template has; one that it has no longer stays until the bucket goes."""
    api = client("s3")
    if "ObjectLockConfiguration" in properties or _true(properties.get("ObjectLockEnabled")):
        api.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for setting, (operation, argument, convert) in _SETTINGS.items():
        if setting in properties:
            request = {"Bucket": name, argument: convert(properties[setting])}
            getattr(api, operation)(**request)


def _encryption(given: Properties) -> dict[str, Any]:
    rules = []
    for rule in given["ServerSideEncryptionConfiguration"]:
        default = dict(rule.get("ServerSideEncryptionByDefault", {}))
        api_rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default} if default else {}
        if "BucketKeyEnabled" in rule:
            api_rule["BucketKeyEnabled"] = _true(rule["BucketKeyEnabled"])
        rules.append(api_rule)
    return {"Rules": rules}


def _lock(given: Properties) -> dict[str, Any]:
    retention = {**given.get("Rule", {}).get("DefaultRetention", {})}
    for unit in ("Days", "Years"):
        if unit in retention:
            retention[unit] = int(retention[unit])
    rule = {"Rule": {"DefaultRetention": retention}} if retention else {}
    return {"ObjectLockEnabled": "Enabled", **rule}


def _lifecycle(given: Properties) -> dict[str, Any]:
    return {"Rules": [_rule(index, rule) for index, rule in enumerate(given["Rules"])]}


def _rule(index: int, given: Properties) -> dict[str, Any]:
    """One rule: CloudFormation writes flat what the API nests."""
    rule: dict[str, Any] = {
        "ID": given.get("Id", f"rule-{index}"),
        "Status": given["Status"],
        "Filter": {"Prefix": given.get("Prefix", "")},
    }
    if "ExpirationInDays" in given:
        rule["Expiration"] = {"Days": int(given["ExpirationInDays"])}
    if "NoncurrentVersionExpiration" in given:
        days = int(given["NoncurrentVersionExpiration"]["NoncurrentDays"])
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    elif "NoncurrentVersionExpirationInDays" in given:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(given["NoncurrentVersionExpirationInDays"])}
    if "AbortIncompleteMultipartUpload" in given:
        days = int(given["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "Transitions" in given:
        rule["Transitions"] = [
            {"StorageClass": one["StorageClass"], "Days": int(one["TransitionInDays"])} for one in given["Transitions"]
        ]
    return rule


def _ownership(given: Properties) -> dict[str, Any]:
    return {"Rules": [dict(rule) for rule in given["Rules"]]}


def _logging(given: Properties) -> dict[str, Any]:
    bucket = given.get("DestinationBucketName")
    if bucket is None:
        return {}
    return {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": given.get("LogFilePrefix", "")}}


def _tags(given: Any) -> dict[str, Any]:
    return {"TagSet": [{"Key": str(tag["Key"]), "Value": str(tag["Value"])} for tag in given]}


_SETTINGS: Mapping[str, tuple[str, str, Callable[[Any], dict[str, Any]]]] = {
    "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
    "ObjectLockConfiguration": ("put_object_lock_configuration", "ObjectLockConfiguration", _lock),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls", _ownership),
    "LoggingConfiguration": ("put_bucket_logging", "BucketLoggingStatus", _logging),
    "Tags": ("put_bucket_tagging", "Tagging", _tags),
}
"""The API's operation, its argument and the conversion for each property."""


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
