"""Reads S3: buckets, their settings, their objects' names; never an object.

An object's metadata (HeadObject) takes s3:GetObject, and with it goes its content
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html); so there is no operation for it, and the role
cannot read what the tool does not show.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from aws_operations.server import server
from toolkit.aws import client
from toolkit.operations import Answer, Operations, check_page_size

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Operation = Literal["list_buckets", "get_bucket_settings", "list_objects"]

# What S3 answers when a setting was never made; all others are errors.
_UNSET = frozenset(
    {
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "NoSuchTagSet",
    }
)


@server.tool(
    actions=[
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation on bucket",
        "s3:GetBucketVersioning on bucket",
        "s3:GetEncryptionConfiguration on bucket",
        "s3:GetBucketPublicAccessBlock on bucket",
        "s3:GetBucketOwnershipControls on bucket",
        "s3:GetBucketLogging on bucket",
        "s3:GetBucketTagging on bucket",
        "s3:ListBucket on bucket",
    ]
)
def s3_read_operations(
    operation: Operation,
    region: str | None = None,
    bucket: str | None = None,
    prefix: str | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Read S3 without changing anything: list buckets, show a bucket's settings (location, versioning, encryption,
    public access block, ownership, logging, tags), list a bucket's objects.

    Args:
        operation: What to read.
        region: The AWS region to ask, such as eu-west-1; the platform's own region when left out.
        bucket: The bucket's name; needed by every operation but list_buckets.
        prefix: List only buckets or objects whose name begins with this.
        page_size: How many buckets or objects to list at most, from 1 to 1000; 100 when left out.
        page_token: next_page_token of the page before.
    """
    return _OPERATIONS.call(
        operation,
        region=region,
        bucket=bucket,
        prefix=prefix,
        page_size=page_size,
        page_token=page_token,
    )


def _list_buckets(*, region: str | None = None, prefix: str = "", page_size: int = 100, page_token: str = "") -> Answer:
    s3: S3Client = client("s3", region)
    page = s3.list_buckets(
        MaxBuckets=check_page_size(page_size, least=1, most=1000),
        **_given(Prefix=prefix, ContinuationToken=page_token),
    )
    buckets = [
        {"name": bucket["Name"], "region": bucket.get("BucketRegion"), "created": bucket["CreationDate"]}
        for bucket in page.get("Buckets", [])
    ]
    return {"buckets": buckets, "next_page_token": page.get("ContinuationToken")}


def _get_bucket_settings(*, bucket: str, region: str | None = None) -> Answer:
    s3: S3Client = client("s3", region)
    location = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    versioning = s3.get_bucket_versioning(Bucket=bucket)
    encryption = _unless_unset(lambda: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"])
    ownership = _unless_unset(lambda: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"])
    tags = _unless_unset(lambda: s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
    return {
        "bucket": bucket,
        # The oldest two regions answer with nothing and with EU:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
        "region": {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location),
        "versioning": versioning.get("Status", "Disabled"),
        "mfa_delete": versioning.get("MFADelete", "Disabled"),
        "encryption": encryption["Rules"] if encryption else None,
        "public_access_block": _unless_unset(
            lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        ),
        "object_ownership": ownership[0]["ObjectOwnership"] if ownership else None,
        "access_log": s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
        "tags": {tag["Key"]: tag["Value"] for tag in tags or []},
    }


def _list_objects(
    *, bucket: str, region: str | None = None, prefix: str = "", page_size: int = 100, page_token: str = ""
) -> Answer:
    s3: S3Client = client("s3", region)
    page = s3.list_objects_v2(
        Bucket=bucket,
        Prefix=prefix,
        MaxKeys=check_page_size(page_size, least=1, most=1000),
        **_given(ContinuationToken=page_token),
    )
    objects = [
        {
            "key": entry["Key"],
            "size_bytes": entry["Size"],
            "last_modified": entry["LastModified"],
            "etag": entry["ETag"].strip('"'),
            "storage_class": entry.get("StorageClass", "STANDARD"),
        }
        for entry in page.get("Contents", [])
    ]
    return {"bucket": bucket, "objects": objects, "next_page_token": page.get("NextContinuationToken")}


def _given(**parameters: str) -> dict[str, Any]:
    """The parameters that have a value: S3 refuses an empty prefix or token."""
    return {name: value for name, value in parameters.items() if value}


def _unless_unset(read: Callable[[], Any]) -> Any:
    """What `read` gives, or None when the setting was never made."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - describing the tool must not need boto3

    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNSET:
            return None
        raise


_OPERATIONS = Operations(
    Operation,
    {
        "list_buckets": _list_buckets,
        "get_bucket_settings": _get_bucket_settings,
        "list_objects": _list_objects,
    },
)
