"""Customer-managed keys."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

from foundation.retention import removal_policy


class EncryptionKey(kms.Key):
    """A customer-managed key that rotates every year and that the account's IAM policies govern."""

    def __init__(self, scope: Construct, construct_id: str, *, alias: str, description: str, retain: bool) -> None:
        """Make the key.

        Args:
            scope: the stack or construct it belongs to.
            construct_id: its id there; it fixes the logical id, which must never change.
            alias: name for people, `alias/` is put before it.
            description: what is encrypted under it.
            retain: keep the key when its stack goes. Otherwise it is deleted after seven days, the least KMS allows.
        """
        super().__init__(
            scope,
            construct_id,
            alias=alias,
            description=description,
            enable_key_rotation=True,
            removal_policy=removal_policy(retain=retain),
            pending_window=None if retain else Duration.days(7),
        )

    def allow_log_delivery(self) -> None:
        """Let the log delivery service encrypt what an AgentCore gateway logs.

        https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-encryption.html, last statement.
        """
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogDelivery",
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={
                    "ArnLike": {"kms:EncryptionContext:SourceArn": stack.format_arn(service="logs", resource="*")}
                },
            )
        )

    def allow_logs(self) -> None:
        """Let CloudWatch Logs encrypt log groups of this account and region under the key.

        Logs names the log group in the encryption context, which is how the grant stays within the account:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html. The page writes wildcard
        actions; these are the ones they stand for.
        """
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                            service="logs",
                            resource="log-group",
                            resource_name="*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    }
                },
            )
        )

    def allow_volumes(self) -> None:
        """Let those who may use EBS in this account use the key for volumes, through EC2 and no other way.

        As the key that AWS keeps for EBS is governed. Auto Scaling and EKS make the nodes with roles whose policies are
        not ours to write, and one of them may not exist yet when the key is made:
        https://docs.aws.amazon.com/kms/latest/developerguide/services-ebs.html,
        https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html.
        """
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Volumes",
                principals=[iam.AnyPrincipal()],
                actions=[
                    "kms:CreateGrant",
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "StringEquals": {
                        "kms:CallerAccount": stack.account,
                        "kms:ViaService": f"ec2.{stack.region}.amazonaws.com",
                    }
                },
            )
        )
