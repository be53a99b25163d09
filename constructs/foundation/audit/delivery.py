"""From a log group to the bucket: subscription, delivery stream, and the two roles between them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#FirehoseExample
"""

from __future__ import annotations

from aws_cdk import (
    ArnFormat,
    Stack,
    aws_iam as iam,
    aws_kinesisfirehose as firehose,
    aws_kms as kms,
    aws_logs as logs,
    aws_s3 as s3,
)
from constructs import Construct

from foundation.acknowledge import acknowledge
from foundation.retention import removal_policy

_BUFFER_MB = 16
"""Objects of some size query faster; an idle environment writes when the interval has passed."""


class AuditDelivery(Construct):
    """A delivery stream that writes what log groups are subscribed to it as lines of JSON.

    What arrives is what CloudWatch Logs sends: envelopes of log events, compressed. Firehose takes the messages out,
    puts each on a line of its own and compresses the object again. What it cannot read goes to `errors/`.

    Attributes:
        stream: the delivery stream.
        prefix: where in the bucket the lines lie, by the day on which they arrived (UTC).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        prefix: str,
        bucket: s3.IBucket,
        key: kms.IKey,
        errors: logs.ILogGroup,
        buffer_seconds: int,
        retain: bool,
    ) -> None:
        """Make the stream.

        Args:
            scope: the construct it belongs to.
            construct_id: its id there.
            name: the stream's name; metrics and the roles' conditions hold it.
            prefix: folder in the bucket, without a slash.
            bucket: where records go; it encrypts them under `key`.
            key: also encrypts records while they are on their way.
            errors: where Firehose says what it could not deliver.
            buffer_seconds: longest time that a record waits for others.
            retain: keep what Firehose said when the stack goes.
        """
        super().__init__(scope, construct_id)
        self.prefix = prefix
        self._bucket = bucket
        self._key = key
        error_stream = logs.LogStream(
            self, "Errors", log_group=errors, log_stream_name=prefix, removal_policy=removal_policy(retain=retain)
        )
        role = self._role(errors)
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=name,
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
                )
            ),
            extended_s3_destination_configuration=self._destination(
                role, buffer_seconds, errors.log_group_name, error_stream.log_stream_name
            ),
        )
        # Firehose tries its role when the stream is made, and a record must find it complete.
        self.stream.node.add_dependency(role)
        self._sender = self._sender_role()

    @property
    def stream_name(self) -> str:
        """The stream's name, as its metrics have it."""
        return str(self.stream.delivery_stream_name)

    def subscribe(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_group: logs.ILogGroup,
        pattern: str,
        transformed: bool = False,
    ) -> logs.CfnSubscriptionFilter:
        """Send what a log group gets, and `pattern` matches, to the stream.

        Args:
            scope: construct of the log group's stack.
            construct_id: the subscription's id there.
            log_group: the log group; it has at most two subscriptions.
            pattern: which events
                (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForJson.html).
            transformed: send events as the log group's transformer leaves them.
        """
        subscription = logs.CfnSubscriptionFilter(
            scope,
            construct_id,
            filter_name=f"{self.stream_name}-store",
            log_group_name=log_group.log_group_name,
            filter_pattern=pattern,
            destination_arn=self.stream.attr_arn,
            role_arn=self._sender.role_arn,
            apply_on_transformed_logs=True if transformed else None,
        )
        # Logs sends a test message when the subscription is made.
        subscription.node.add_dependency(self._sender)
        return subscription

    def _destination(
        self, role: iam.Role, buffer_seconds: int, error_group: str, error_stream: str
    ) -> firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty:
        prefix = self.prefix
        return firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=self._bucket.bucket_arn,
            role_arn=role.role_arn,
            prefix=f"{prefix}/day=!{{timestamp:yyyy-MM-dd}}/",
            error_output_prefix=f"errors/{prefix}/!{{firehose:error-output-type}}/day=!{{timestamp:yyyy-MM-dd}}/",
            compression_format="GZIP",
            buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                interval_in_seconds=buffer_seconds, size_in_m_bs=_BUFFER_MB
            ),
            encryption_configuration=firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
                kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                    awskms_key_arn=self._key.key_arn
                )
            ),
            processing_configuration=_processing(),
            cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=error_group, log_stream_name=error_stream
            ),
        )

    def _role(self, errors: logs.ILogGroup) -> iam.Role:
        """What Firehose may do, as its guide lists it, on this bucket's own folders.

        https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
        """
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            description=f"Writes {self.prefix} of the audit store",
            assumed_by=iam.ServicePrincipal(
                "firehose.amazonaws.com", conditions={"StringEquals": {"sts:ExternalId": stack.account}}
            ),
        )
        folders = [
            self._bucket.arn_for_objects(f"{self.prefix}/*"),
            self._bucket.arn_for_objects(f"errors/{self.prefix}/*"),
        ]
        statements = (
            iam.PolicyStatement(
                actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                resources=folders,
            ),
            iam.PolicyStatement(
                actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                resources=[self._bucket.bucket_arn],
            ),
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[self._key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}},
            ),
            iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[errors.log_group_arn]),
        )
        for statement in statements:
            role.add_to_policy(statement)
        bucket = stack.get_logical_id(self._bucket.node.default_child)  # type: ignore[arg-type]
        acknowledge(
            role,
            {
                (
                    f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/{self.prefix}/*]",
                    f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/errors/{self.prefix}/*]",
                ): "Firehose names the objects that it writes by time and a random suffix; the two folders are this "
                "stream's alone",
            },
        )
        return role

    def _sender_role(self) -> iam.Role:
        """What CloudWatch Logs may do: put records into this stream, for log groups of this account."""
        stack = Stack.of(self)
        log_groups = stack.format_arn(service="logs", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
        role = iam.Role(
            self,
            "Sender",
            description=f"Sends log events to {self.prefix} of the audit store",
            assumed_by=iam.ServicePrincipal(
                "logs.amazonaws.com", conditions={"StringLike": {"aws:SourceArn": log_groups}}
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=[self.stream.attr_arn]
            )
        )
        return role


def _processing() -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty:
    """Out of the envelope, one message a line.

    https://docs.aws.amazon.com/firehose/latest/dev/Message_extraction.html. Its example ends the last message of an
    envelope without saying whether a newline follows, and Firehose puts records together without one
    (https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html), hence the delimiter: where there is one
    already, the table meets an empty line, which it takes for an empty row.
    """
    return firehose.CfnDeliveryStream.ProcessingConfigurationProperty(
        enabled=True,
        processors=[
            _processor("Decompression", CompressionFormat="GZIP"),
            _processor("CloudWatchLogProcessing", DataMessageExtraction="true"),
            _processor("AppendDelimiterToRecord", Delimiter="\\n"),
        ],
    )


def _processor(kind: str, **parameters: str) -> firehose.CfnDeliveryStream.ProcessorProperty:
    return firehose.CfnDeliveryStream.ProcessorProperty(
        type=kind,
        parameters=[
            firehose.CfnDeliveryStream.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
            for name, value in parameters.items()
        ],
    )
