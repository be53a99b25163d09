"""Reads S3: buckets, their settings, their objects' names; never an object.

An object's metadata (HeadObject) takes s3:GetObject, and with it goes its content
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html); so there is no operation for it, and the role
cannot read what the tool does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_operations.general.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# What S3 answers when a setting was never made; all others are errors.
_UNSET = frozenset(
    {
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "NoSuchTagSet",
    }
)

s3 = server.family(
    "s3_read_operations",
    "Read S3 without changing anything: buckets, their settings, the names of their objects.",
    self_check={"operation": "list_buckets", "page_size": 1},
)


@s3.operation(actions=["s3:ListAllMyBuckets"])
def list_buckets(aws: Aws, page: Page, prefix: str = "") -> Answer:
    """List the buckets of the account.

    Args:
        prefix: List only what begins with this.
    """
    client: S3Client = aws.client("s3")
    found = client.list_buckets(**page.request("MaxBuckets", "ContinuationToken", most=1000), **given(Prefix=prefix))
    buckets = [
        {"name": bucket["Name"], "region": bucket.get("BucketRegion"), "created": bucket["CreationDate"]}
        for bucket in found.get("Buckets", [])
    ]
    return {"buckets": buckets, "next_page_token": found.get("ContinuationToken")}


@s3.operation(
    actions=[
        "s3:GetBucketLocation on bucket",
        "s3:GetBucketVersioning on bucket",
        "s3:GetEncryptionConfiguration on bucket",
        "s3:GetBucketPublicAccessBlock on bucket",
        "s3:GetBucketOwnershipControls on bucket",
        "s3:GetBucketLogging on bucket",
        "s3:GetBucketTagging on bucket",
    ]
)
def get_bucket_settings(aws: Aws, bucket: str) -> Answer:
    """Show a bucket's location, versioning, encryption, public access block, ownership, access log and tags.

    Args:
        bucket: The bucket's name.
    """
    client: S3Client = aws.client("s3")
    location = client.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    versioning = client.get_bucket_versioning(Bucket=bucket)
    encryption = _unless_unset(lambda: client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"])
    ownership = _unless_unset(lambda: client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"])
    return {
        "bucket": bucket,
        # The oldest two regions answer with nothing and with EU:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
        "region": {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location),
        "versioning": versioning.get("Status", "Disabled"),
        "mfa_delete": versioning.get("MFADelete", "Disabled"),
        "encryption": encryption["Rules"] if encryption else None,
        "public_access_block": _unless_unset(
            lambda: client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        ),
        "object_ownership": ownership[0]["ObjectOwnership"] if ownership else None,
        "access_log": client.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
        "tags": tags(_unless_unset(lambda: client.get_bucket_tagging(Bucket=bucket)["TagSet"])),
    }


@s3.operation(actions=["s3:ListBucket on bucket"])
def list_objects(aws: Aws, page: Page, bucket: str, prefix: str = "") -> Answer:
    """List a bucket's objects: names, sizes, times, storage classes."""
    client: S3Client = aws.client("s3")
    found = client.list_objects_v2(
        Bucket=bucket,
        **page.request("MaxKeys", "ContinuationToken", most=1000),
        **given(Prefix=prefix),
    )
    objects = [
        {
            "key": entry["Key"],
            "size_bytes": entry["Size"],
            "last_modified": entry["LastModified"],
            "etag": entry["ETag"].strip('"'),
            "storage_class": entry.get("StorageClass", "STANDARD"),
        }
        for entry in found.get("Contents", [])
    ]
    return {"bucket": bucket, "objects": objects, "next_page_token": found.get("NextContinuationToken")}


def _unless_unset(read: Callable[[], Any]) -> Any:
    """What `read` gives, or None when the setting was never made."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - describing the tool must not need boto3

    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNSET:
            return None
        raise
