"""The audit store: log group → delivery stream → locked bucket → tables (R8)."""

from __future__ import annotations

from aws_cdk import aws_iam as iam, aws_logs as logs
from constructs import Construct

from foundation.audit.alarms import AuditAlarms
from foundation.audit.buckets import AuditBuckets, AuditKeeping
from foundation.audit.catalogue import AuditCatalogue
from foundation.audit.delivery import AuditDelivery
from foundation.audit.queries import GATEWAY_TABLE, RECORDS_TABLE
from foundation.audit.record import EVENT_TYPE, EVENT_TYPES
from foundation.audit.router import AuditRouter
from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping

RECORDS = f'{{ $.event_type = "{EVENT_TYPES}" }}'
"""Which events of the audit log group are records: no other line of the functions that log there has this field."""
RECORDS_OF_TENANTS = f'{{ ($.event_type = "{EVENT_TYPE}") && ($.client_context.tenant_id = "*") }}'
"""Calls whose tenant is known, which is that of a verified token. What operators do is not for tenants to read."""
REFUSED_BY_GATEWAY = "{ $.body.isError IS TRUE }"
"""Which events of a gateway's own log go to the store: above all tokens that the authorizer refused."""
BODIES = ("body.requestBody", "body.responseBody")
"""What a gateway's own log holds of calls and must not reach the store
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-gateway-metrics.html)."""


class AuditStore(Construct):
    """Where audit records go, and how they are asked.

    Attributes:
        key: key of everything in the store.
        log_group: what the gateway's interceptors log to; a record is one line.
        log_keeping: how the log group is kept.
        topic: where the alarms go.
        workgroup: the Athena workgroup with the saved queries.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        environment: str,
        path: str,
        key: EncryptionKey,
        log_keeping: LogKeeping,
        keeping: AuditKeeping,
    ) -> None:
        """Make the store.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there; it fixes logical ids, which must never change.
            name: what the names of stream, workgroup and topic begin with.
            environment: the environment's name.
            path: `/<project>/<environment>`, what the names of log groups begin with.
            key: key of the store; CloudWatch Logs must be let in (`EncryptionKey.allow_logs`).
            log_keeping: how logs are kept.
            keeping: how the bucket keeps records.

        Raises:
            BundleError: the router's package cannot be bundled.
        """
        super().__init__(scope, construct_id)
        self.key = key
        self.log_keeping = log_keeping
        self.log_group = log_keeping.log_group(self, "Log", name=f"{path}/audit")
        buckets = AuditBuckets(self, "Buckets", key=key, keeping=keeping, retain=log_keeping.retain)
        self._alarms = AuditAlarms(self, "Alarms", name=f"{name}-alarms", key=key)
        self.topic = self._alarms.topic
        errors = log_keeping.log_group(self, "DeliveryErrors")
        self._alarms.watch_errors(errors)

        def delivery(construct_id: str, prefix: str) -> AuditDelivery:
            made = AuditDelivery(
                self,
                construct_id,
                name=f"{name}-{prefix}",
                prefix=prefix,
                bucket=buckets.records,
                key=key,
                errors=errors,
                buffer_seconds=keeping.buffer_seconds,
                retain=log_keeping.retain,
            )
            self._alarms.watch_delivery(made, buffer_seconds=keeping.buffer_seconds)
            return made

        self._records = delivery("Records", RECORDS_TABLE)
        self._gateway = delivery("Gateway", GATEWAY_TABLE)
        self.workgroup = AuditCatalogue(
            self, "Catalogue", name=name, records=buckets.records, results=buckets.results, key=key
        ).workgroup
        self._subscribe(environment, path)
        self._alarms.watch_governance(environment)

    def accept(self, role: iam.IRole) -> None:
        """Let a function with this role log to the audit log group, itself and as its log destination."""
        self.log_group.grant(role, "logs:CreateLogStream", "logs:PutLogEvents")

    def take(self, scope: Construct, log_group: logs.ILogGroup) -> None:
        """Take what a gateway refuses or fails at itself, out of the log that AgentCore delivers.

        The log holds requests and answers; a transformer takes them out before the store gets to see an event
        (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation.html).

        Args:
            scope: construct of the log group's stack.
            log_group: the log group that a gateway's APPLICATION_LOGS are delivered to.
        """
        transformer = logs.CfnTransformer(
            scope,
            "WithoutBodies",
            log_group_identifier=log_group.log_group_name,
            transformer_config=[
                logs.CfnTransformer.ProcessorProperty(parse_json=logs.CfnTransformer.ParseJSONProperty()),
                logs.CfnTransformer.ProcessorProperty(
                    delete_keys=logs.CfnTransformer.DeleteKeysProperty(with_keys=list(BODIES))
                ),
            ],
        )
        subscription = self._gateway.subscribe(
            scope, "Audit", log_group=log_group, pattern=REFUSED_BY_GATEWAY, transformed=True
        )
        subscription.add_resource_dependency(transformer)
        self._alarms.watch_subscription(scope, log_group=log_group, subscription=subscription, kind="Firehose")

    def _subscribe(self, environment: str, path: str) -> None:
        """The two subscriptions that a log group may have: to the bucket, and to the tenants' own log groups."""
        stored = self._records.subscribe(self, "ToBucket", log_group=self.log_group, pattern=RECORDS)
        router = AuditRouter(
            self, "Router", environment=environment, tenant_logs=f"{path}/tenants", log_keeping=self.log_keeping
        )
        routed = router.subscribe(
            name=f"{self._records.stream_name}-tenants", log_group=self.log_group, pattern=RECORDS_OF_TENANTS
        )
        for subscription, kind in ((stored, "Firehose"), (routed, "Lambda")):
            self._alarms.watch_subscription(self, log_group=self.log_group, subscription=subscription, kind=kind)
        self._alarms.watch_function(router.function)
