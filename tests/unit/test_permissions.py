"""What a tool declares becomes statements on the narrowest resource type, or a sentence that says what to write."""

import pytest
from aws_cdk import Aws

from foundation.permissions import Reach, statements
from toolkit import DeclarationError, Permission


def permissions(*texts: str) -> list[Permission]:
    return [Permission.parse(text, tool="probe") for text in texts]


def test_actions_are_grouped_by_what_they_are_for() -> None:
    made = statements(
        permissions("s3:GetObject on object", "s3:ListBucket on bucket", "s3:GetBucketTagging on bucket"),
        declared_by="lambda/probe",
    )
    assert [(list(statement.actions), [r.rpartition(":")[2] for r in statement.resources]) for statement in made] == [
        (["s3:GetBucketTagging", "s3:ListBucket"], ["*"]),
        (["s3:GetObject"], ["*/*"]),
    ]
    assert all(resource != "*" for statement in made for resource in statement.resources)


def test_an_action_without_resource_types_is_for_everything() -> None:
    [statement] = statements(permissions("ec2:DescribeInstances"), declared_by="lambda/probe")
    assert (list(statement.actions), list(statement.resources)) == (["ec2:DescribeInstances"], ["*"])


def test_an_action_declared_by_two_tools_is_allowed_once() -> None:
    [statement] = statements(permissions("sqs:ListQueues", "sqs:ListQueues"), declared_by="lambda/probe")
    assert list(statement.actions) == ["sqs:ListQueues"]


def test_what_knows_no_resource_is_bound_to_the_regions_that_are_read() -> None:
    reach = Reach(regions=("eu-west-1",))
    bound, unbound = statements(
        permissions("ec2:DescribeInstances", "route53:ListHostedZones"), declared_by="lambda/probe", reach=reach
    )
    assert bound.conditions == {"StringEquals": {"aws:RequestedRegion": [Aws.REGION, "eu-west-1"]}}
    assert (list(unbound.actions), unbound.conditions) == (["route53:ListHostedZones"], {})


def test_arns_name_each_region_that_is_read() -> None:
    reach = Reach(regions=("eu-west-1",))
    [statement] = statements(permissions("sqs:GetQueueAttributes on queue"), declared_by="lambda/probe", reach=reach)
    assert list(statement.resources) == [
        f"arn:{Aws.PARTITION}:sqs:{region}:{Aws.ACCOUNT_ID}:*" for region in (Aws.REGION, "eu-west-1")
    ]


def test_what_is_for_iams_policies_is_for_those_that_aws_keeps_too() -> None:
    [policy] = statements(permissions("iam:GetPolicy on policy"), declared_by="lambda/probe")
    assert list(policy.resources) == [f"arn:{Aws.PARTITION}:iam::{owner}:policy/*" for owner in (Aws.ACCOUNT_ID, "aws")]
    [role] = statements(permissions("iam:GetRole on role"), declared_by="lambda/probe")
    assert list(role.resources) == [f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/*"]


def test_buckets_are_the_accounts_own() -> None:
    [statement] = statements(permissions("s3:ListBucket on bucket"), declared_by="lambda/probe")
    assert statement.conditions == {"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}}


def test_other_accounts_are_read_through_exactly_their_roles() -> None:
    role = "arn:aws:iam::111122223333:role/reader"
    *_, last = statements([], declared_by="lambda/probe", reach=Reach(roles={"111122223333": role}))
    assert (list(last.actions), list(last.resources)) == (["sts:AssumeRole"], [role])


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ("s3:ListBuckets", "s3:ListBuckets is no IAM action: did you mean s3:ListBucket?"),
        ("s4:ListBucket", "s4:ListBucket is no IAM action: look it up in the service authorization reference"),
        (
            "s3:GetBucketTagging",
            "'s3:GetBucketTagging' is not how the action names its resources: write \"s3:GetBucketTagging on bucket\"",
        ),
        (
            "s3:GetBucketTagging on object",
            "'s3:GetBucketTagging on object' is not how the action names its resources: write "
            '"s3:GetBucketTagging on bucket"',
        ),
        (
            "ec2:DescribeInstances on instance",
            "'ec2:DescribeInstances on instance' is not how the action names its resources: write "
            '"ec2:DescribeInstances"',
        ),
    ],
)
def test_declaration_that_cannot_become_a_statement(declared: str, sentence: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        statements(permissions(declared), declared_by="lambda/probe")
    assert str(caught.value) == f"lambda/probe: {sentence}"
