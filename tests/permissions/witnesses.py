"""What each witness of the permission proof cannot see, so that no action is left without one that can."""

from __future__ import annotations

MOTO_BLIND: dict[str, str] = {
    # moto asks for s3:ListBucket where it does not know a bucket setting's own action.
    "s3:GetEncryptionConfiguration": "s3:ListBucket",
    "s3:GetBucketPublicAccessBlock": "s3:ListBucket",
    "s3:GetBucketOwnershipControls": "s3:ListBucket",
}
"""Actions that moto does not ask for, to what it asks for instead (empty: nothing)."""

EMULATOR_BLIND: dict[str, str] = {
    "ecs:DescribeContainerInstances": "the emulator has no machines, so that there is nothing to describe",
}
"""Actions that the emulator is not asked for, to the reason. An API operation that it lacks is no reason: IAM decides
before, so that calls of it are refused or pass on to the service. One that is asked for after all fails a test.
"""
