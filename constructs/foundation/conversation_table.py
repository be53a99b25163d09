"""The conversation store (R14)."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, aws_dynamodb as dynamodb, aws_iam as iam, aws_kms as kms
from constructs import Construct

TENANT_SEPARATOR = "#"
"""Between the tenant and the rest of a conversation_id, so that a key condition can tell tenants apart."""


class ConversationTable(Construct):
    """A DynamoDB table of conversations, on demand, encrypted, recoverable, each tenant's items its own.

    An item's partition key is `conversation_id` = `<tenant>#<id>`; its `ttl` is the epoch second at which it expires.

    Attributes:
        table: the table.
        retention_days: days after its last use at which a conversation expires; the writer sets `ttl` by it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, retention_days: int, retain: bool
    ) -> None:
        """Make the table.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there; it fixes the logical id, which must never change.
            key: customer-managed key of table and stream.
            retention_days: days until an unused conversation expires.
            retain: keep the table when its stack goes, and protect it from deletion.
        """
        super().__init__(scope, construct_id)
        self.retention_days = retention_days
        self._key = key
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="conversation_id", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
            time_to_live_attribute="ttl",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            deletion_protection=retain,
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )

    def grant_tenant(self, grantee: iam.IGrantable, *, tenant: str) -> None:
        """Let `grantee` read and write the conversations of `tenant`, and no others.

        The condition refuses every request whose partition key does not begin with the tenant, and those without one
        (Scan): https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html.

        Args:
            grantee: role of one of the tenant's agents.
            tenant: the tenant's name.
        """
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                ],
                resources=[self.table.table_arn],
                conditions={
                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{tenant}{TENANT_SEPARATOR}*"]},
                    "Null": {"dynamodb:LeadingKeys": "false"},
                },
            )
        )
        self._key.grant(grantee, "kms:Decrypt")
