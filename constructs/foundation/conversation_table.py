"""The conversation store (R14)."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Tags, aws_dynamodb as dynamodb, aws_iam as iam, aws_kms as kms
from constructs import Construct

SEPARATOR = "#"
"""Between tenant, agent and the rest of a conversation_id or an owner, so that a key condition can tell them apart."""
TENANT_TAG = "foundation:tenant"
"""Tag of a role or session that acts for a tenant; its value is the tenant's name."""
OWNER_INDEX = "by-owner"
"""The index that lists conversations of an owner by their last use."""
LISTED_ATTRIBUTES = ["title", "created_at", "next", "ttl"]
"""What lists show of a conversation besides its keys. Nothing else is in the index, so that other changes do not write
to it."""

_ITEM_ACTIONS = [
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PartiQLDelete",
        "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate", "PutItem", "Query", "Scan", "UpdateItem",
    )
]  # fmt: skip
"""Every action that reads or writes items."""


class ConversationTable(Construct):
    """A DynamoDB table of conversations, on demand, encrypted, recoverable, each agent's items its own.

    The table's own policy denies every request for an item to whoever is not tagged with its tenant, administrators
    included. An item's partition key is `conversation_id` = `<tenant>#<agent>#<id>`, its sort key `item` says what of
    the conversation it is; its `ttl` is the epoch second at which it expires. One item of a conversation has `owner` =
    `<tenant>#<agent>#<owner>` and `used_at`, which put it, and no other, into the index
    (docs/decisions/conversations.md).

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
            sort_key=dynamodb.Attribute(name="item", type=dynamodb.AttributeType.STRING),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=OWNER_INDEX,
                    partition_key=dynamodb.Attribute(name="owner", type=dynamodb.AttributeType.STRING),
                    sort_key=dynamodb.Attribute(name="used_at", type=dynamodb.AttributeType.NUMBER),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=LISTED_ATTRIBUTES,
                )
            ],
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
            time_to_live_attribute="ttl",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            resource_policy=iam.PolicyDocument(statements=_tenants_apart()),
            deletion_protection=retain,
            # Kept even when its first creation fails: its deletion protection would stop that rollback, and it has no
            # name to be in anyone's way.
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )

    def grant_agent(self, role: iam.Role, *, tenant: str, agent: str) -> None:
        """Let `role` read, write and list the conversations with one agent, and no others.

        The condition refuses every request whose partition key, the index's in a Query of the index, does not begin
        with tenant and agent, and those without one (Scan):
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html. In a write that is
        the table's key alone: IAM does not look at the attribute that the index takes as its own, so readers of the
        index check whose item it is.

        The actions are those that `lambda/conversations` needs. Its transactions are authorized by their parts, PutItem
        and UpdateItem
        (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).

        Args:
            role: the agent's role; it is tagged with the tenant.
            tenant: the tenant's name.
            agent: the agent's name within the tenant.
        """
        condition = {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{tenant}{SEPARATOR}{agent}{SEPARATOR}*"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        }
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "dynamodb:BatchWriteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                ],
                resources=[self.table.table_arn],
                conditions=condition,
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["dynamodb:Query"],
                resources=[f"{self.table.table_arn}/index/{OWNER_INDEX}"],
                conditions=condition,
            )
        )
        role.add_to_policy(self._reading())
        Tags.of(role).add(TENANT_TAG, tenant)

    def _reading(self) -> iam.PolicyStatement:
        """Using the key as DynamoDB does for whoever reads or writes the table, and in no other way.

        DynamoDB names itself, and the table in the encryption context:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html.
        """
        return iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[self._key.key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"dynamodb.{self.table.env.region}.amazonaws.com",
                    "kms:EncryptionContext:aws:dynamodb:tableName": self.table.table_name,
                }
            },
        )


def _tenants_apart() -> list[iam.PolicyStatement]:
    """Denials that keep tenants apart whatever IAM policies allow.

    A request must come from a principal with a tenant, name its partition keys (a Scan does not), and name no other
    tenant's: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-intro.html. The policy of a table
    also decides about its indexes
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-auth-iam-id-based-policies-DDB.html).
    """
    conditions: dict[str, dict[str, object]] = {
        "NoTenant": {"Null": {f"aws:PrincipalTag/{TENANT_TAG}": "true"}},
        "NoKey": {"Null": {"dynamodb:LeadingKeys": "true"}},
        "AnotherTenant": {
            "ForAnyValue:StringNotLike": {"dynamodb:LeadingKeys": [f"${{aws:PrincipalTag/{TENANT_TAG}}}{SEPARATOR}*"]}
        },
    }
    return [
        iam.PolicyStatement(
            sid=sid,
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=_ITEM_ACTIONS,
            resources=["*"],  # a table's own policy: table and index, which cannot name themselves before they are made
            conditions=condition,
        )
        for sid, condition in conditions.items()
    ]
