"""An AWS account in memory that the tools read, with IAM enforced where a test asks for it."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from toolkit import Permission
from toolkit.aws import _client

BUCKET = "acme-reports"
RESOURCES = {"": "*", "bucket": f"arn:aws:s3:::{BUCKET}", "object": f"arn:aws:s3:::{BUCKET}/*"}

_numbers = itertools.count()


@contextmanager
def filled_account() -> Iterator[list[str]]:
    """An account with a bucket and a network; gives the names of the API operations that the tools call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # they take seconds
        with mock_aws():
            _fill_bucket()
            _fill_network()
            called: list[str] = []
            start_afresh(called)
            yield called
    _client.cache_clear()
    boto3.DEFAULT_SESSION = None


def start_afresh(called: list[str]) -> None:
    """Make the tools' clients anew, with the credentials of the environment, and note what they call."""
    boto3.setup_default_session()
    session = boto3.DEFAULT_SESSION
    assert session is not None
    session.events.register("before-call", lambda model, **_: called.append(model.name))
    _client.cache_clear()


def as_role(actions: tuple[Permission, ...], work: Callable[[], Any], *, called: list[str]) -> Any:
    """Do something with the credentials of a role that has some actions and no others, IAM enforced."""
    iam = boto3.client("iam")
    name = f"tool-{next(_numbers)}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Path="/")
    statements = [
        {"Effect": "Allow", "Action": action.action, "Resource": RESOURCES[action.resource_type]} for action in actions
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="tool", PolicyDocument=document)
    credentials = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName="tool"
    )["Credentials"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
        patch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])
        start_afresh([])
        enforced: Any = set_initial_no_auth_action_count(0)(work)
        answer = enforced()
    start_afresh(called)
    return answer


def _fill_bucket() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket="bare-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("s3", "eu-west-1").delete_public_access_block(Bucket="bare-bucket")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "owner", "Value": "acme"}]})
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    for number in range(1, 4):
        s3.put_object(
            Bucket=BUCKET, Key=f"a/{number}.txt", Body=b"abc", ContentType="text/plain", Metadata={"kind": "report"}
        )


def _fill_network() -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "lab"}])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="Web", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    )
    ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        SubnetId=subnet,
        SecurityGroupIds=[group],
    )
