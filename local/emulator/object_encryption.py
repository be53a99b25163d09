"""S3 encrypts under its own key of the account when a write asks for `aws:kms` and names no key.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html. ministack has no such key and refuses the
write, and with it every asset that the CDK CLI puts into a bucket whose default is `aws:kms`.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT, REGION

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
AWS_MANAGED_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"


def install() -> None:
    """Let a write that names no key have the account's key for S3."""
    original = s3._resolve_sse_write_headers

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get(_ALGORITHM) == "aws:kms" and not headers.get(_KEY):
            headers = {**headers, _KEY: AWS_MANAGED_KEY}
        return original(headers, bucket_name)

    replace(original, resolve)
