"""Which regions Amazon Bedrock's system-defined inference profiles begin in and lead to.

A request to a profile is made in one region and answered in any that the profile leads to, and IAM is asked for the
foundation model there (https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html).
A model's profile may lead to fewer of a geography's regions; its page under
https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html has them. The regions here are those that any
model's profile of the geography leads to, and stay within it.
"""

from __future__ import annotations

GLOBAL = "global"
"""The profile that leads to every commercial region, which is why its model has an ARN without one
(https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html)."""

DESTINATIONS: dict[str, tuple[str, ...]] = {
    "us": ("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac": (
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
        "ap-southeast-2", "ap-southeast-4",
    ),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
}  # fmt: skip
"""Regions where models answer, by the profile's prefix."""

PREFIXES = (*DESTINATIONS, GLOBAL)
"""What the ids of profiles begin with: `us.anthropic.claude-sonnet-4-6`."""


def begins_in(profile: str, region: str) -> bool:
    """Whether a profile can be called in `region`: in one that it leads to, the global one everywhere."""
    return profile == GLOBAL or region in DESTINATIONS[profile]
