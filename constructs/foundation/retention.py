"""What happens to data when its stack goes."""

from __future__ import annotations

from aws_cdk import RemovalPolicy


def removal_policy(*, retain: bool) -> RemovalPolicy:
    """Keep what a deployed stack holds, or delete it.

    A stack whose first creation fails keeps nothing either way: what it left would be in the way of the next attempt,
    under the same name (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html,
    RetainExceptOnCreate).
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retain else RemovalPolicy.DESTROY
