"""S3: a bucket with every setting and some objects."""

from __future__ import annotations

from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

BUCKET = "acme-reports"


def fill(client: Clients, account: Account) -> Made:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "owner", "Value": "acme"}]})
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    for number in range(1, 4):
        s3.put_object(Bucket=BUCKET, Key=f"a/{number}.txt", Body=b"not for the model")
    return {}


def calls(made: Made) -> Sequence[Call]:
    return [
        Call(operation="list_buckets", finds=BUCKET),
        Call(operation="get_bucket_settings", arguments={"bucket": BUCKET}, finds="BucketOwnerEnforced"),
        Call(
            operation="list_objects",
            arguments={"bucket": BUCKET, "prefix": "a/", "page_size": 2},
            finds="a/2.txt",
            hides=["not for the model"],
        ),
    ]


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
SCENARIO = Scenario(
    server="aws-operations",
    tool="s3_read_operations",
    fill=fill,
    calls=calls,
    actions={
        "s3:ListBuckets": "s3:ListAllMyBuckets",
        "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
        "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
        "s3:ListObjectsV2": "s3:ListBucket",
    },
)
