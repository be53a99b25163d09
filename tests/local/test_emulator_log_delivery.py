"""Log events that match a subscription reach Firehose and Lambda, and through Firehose a locked bucket; if all may."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    LAMBDA_TRUST,
    Stack,
    StackFailedError,
    allow,
    function,
    get_att,
    outputs,
    ref,
    role,
    stack,
)

Resources = dict[str, Any]


def trusting(service: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    conditions = {"Condition": condition} if condition else {}
    return {"Version": "2012-10-17", "Statement": [{**statement, **conditions}]}


SENDER_TRUST = trusting("logs.amazonaws.com", StringLike={"aws:SourceArn": "arn:aws:logs:us-east-1:123456789012:*"})
WRITER_TRUST = trusting("firehose.amazonaws.com", StringEquals={"sts:ExternalId": "123456789012"})
STRANGER_TRUST = trusting("firehose.amazonaws.com", StringEquals={"sts:ExternalId": "210987654321"})
PROCESSORS = [
    {"Type": "Decompression", "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}]},
    {
        "Type": "CloudWatchLogProcessing",
        "Parameters": [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}],
    },
    {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]},
]


def path(name: str, **changed: Resources) -> Resources:
    """A log group, its subscription, a stream and a locked bucket; `changed` replaces resources by their ids."""
    destination = {
        "BucketARN": get_att("Bucket", "Arn"),
        "RoleARN": get_att("Writer", "Arn"),
        "Prefix": "records/day=!{timestamp:yyyy-MM-dd}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "BufferingHints": {"IntervalInSeconds": 1, "SizeInMBs": 1},
        "CompressionFormat": "GZIP",
        "ProcessingConfiguration": {"Enabled": True, "Processors": PROCESSORS},
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": ref("Errors"), "LogStreamName": ref("Stream")},
    }
    resources: Resources = {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/{name}/audit"}},
        "Errors": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/{name}/errors"}},
        "Stream": {
            "Type": "AWS::Logs::LogStream",
            "Properties": {"LogGroupName": ref("Errors"), "LogStreamName": "delivery"},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "ObjectLockEnabled": True,
                "ObjectLockConfiguration": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
                },
            },
        },
        "Writer": role(WRITER_TRUST, allow("s3:PutObject", resource={"Fn::Sub": "${Bucket.Arn}/*"})),
        "Sender": role(SENDER_TRUST, allow("firehose:PutRecord", "firehose:PutRecordBatch")),
        "Delivery": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": name,
                "DeliveryStreamType": "DirectPut",
                "ExtendedS3DestinationConfiguration": destination,
            },
        },
        "Subscription": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "FilterName": "store",
                "LogGroupName": ref("Logs"),
                "FilterPattern": '{ $.event_type = "mcp_*" }',
                "DestinationArn": get_att("Delivery", "Arn"),
                "RoleArn": get_att("Sender", "Arn"),
            },
        },
    }
    return {**resources, **changed}


def log(emulator: Emulator, group: str, *messages: str) -> None:
    api = emulator.client("logs")
    api.create_log_stream(logGroupName=group, logStreamName=f"{time.monotonic_ns()}")
    stream = api.describe_log_streams(logGroupName=group, orderBy="LogStreamName", descending=True)["logStreams"][0]
    events = [{"timestamp": int(time.time() * 1000), "message": message} for message in messages]
    api.put_log_events(logGroupName=group, logStreamName=stream["logStreamName"], logEvents=events)


def eventually(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def lines(emulator: Emulator, bucket: str, prefix: str) -> list[str]:
    """The lines of every object below a prefix."""
    s3, found = emulator.client("s3"), []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        content = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found += gzip.decompress(content).decode().splitlines()
    return found


@pytest.fixture(scope="module")
def deployed(emulator: Emulator) -> Iterator[Stack]:
    with stack(emulator, "log-path") as made:
        made.create(path("log-path"))
        yield made


def test_matching_events_become_lines_of_the_days_folder(emulator: Emulator, deployed: Stack) -> None:
    record = json.dumps({"event_type": "mcp_request", "text": "a\nb"})
    log(emulator, "/log-path/audit", record, "plain text", json.dumps({"event_type": "other"}), record)
    bucket = deployed.id_of("Bucket")
    prefix = f"records/day={time.strftime('%Y-%m-%d', time.gmtime())}/"
    arrived = eventually(lambda: [line for line in lines(emulator, bucket, prefix) if line.startswith("{")])
    assert arrived == [record, record]


def test_a_subscription_begins_with_a_test_message(emulator: Emulator, deployed: Stack) -> None:
    """It is a line that is no JSON, which whoever reads the bucket has to pass over."""
    found = eventually(lambda: lines(emulator, deployed.id_of("Bucket"), "records/"))
    assert any(line.startswith("CWL CONTROL MESSAGE") for line in found)


def test_what_was_delivered_cannot_be_deleted(emulator: Emulator, deployed: Stack) -> None:
    s3, bucket = emulator.client("s3"), deployed.id_of("Bucket")
    [version, *_] = eventually(lambda: s3.list_object_versions(Bucket=bucket).get("Versions"))
    head = s3.head_object(Bucket=bucket, Key=version["Key"])
    assert head["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(ClientError, match="object lock"):
        s3.delete_object(
            Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"], BypassGovernanceRetention=True
        )


def test_what_cannot_be_read_goes_to_the_error_prefix_and_is_told(emulator: Emulator, deployed: Stack) -> None:
    emulator.client("firehose").put_record(DeliveryStreamName="log-path", Record={"Data": b"not compressed"})
    [line] = eventually(lambda: lines(emulator, deployed.id_of("Bucket"), "errors/decompression-failed/"))
    assert json.loads(line)["errorCode"] == "decompression-failed"
    events = emulator.client("logs").filter_log_events(logGroupName="/log-path/errors")["events"]
    assert any("not GZIP" in event["message"] for event in events)


def test_a_stream_whose_role_may_not_write_keeps_records_until_it_may(emulator: Emulator) -> None:
    resources = path("no-write")
    denied = role(WRITER_TRUST, allow("s3:PutObject", resource="arn:aws:s3:::another/*"))
    with stack(emulator, "no-write") as made:
        made.create({**resources, "Writer": denied})
        log(emulator, "/no-write/audit", json.dumps({"event_type": "mcp_request"}))
        logs = emulator.client("logs")
        told = eventually(lambda: logs.filter_log_events(logGroupName="/no-write/errors")["events"])
        assert "may not s3:PutObject" in told[0]["message"]
        assert lines(emulator, made.id_of("Bucket"), "records/") == []
        made.update(resources)
        assert eventually(lambda: lines(emulator, made.id_of("Bucket"), "records/"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Sender": role(trusting("events.amazonaws.com"), allow("firehose:PutRecordBatch"))}, "does not let"),
        ({"Sender": role(SENDER_TRUST, allow("firehose:PutRecord"))}, "may not firehose:PutRecordBatch"),
        ({"Writer": role(STRANGER_TRUST)}, "unable to assume"),
    ],
)
def test_a_path_that_lacks_a_permission_is_not_made(emulator: Emulator, changed: Resources, reason: str) -> None:
    with stack(emulator, "refused-path") as made, pytest.raises(StackFailedError, match=reason):
        made.create(path("refused-path", **changed))


def test_extraction_needs_decompression(emulator: Emulator) -> None:
    resources = path("order")
    configuration = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    configuration["ProcessingConfiguration"] = {"Enabled": True, "Processors": PROCESSORS[1:]}
    with stack(emulator, "order") as made, pytest.raises(StackFailedError, match="only be enabled with Decompression"):
        made.create(resources)


def test_a_log_group_has_two_subscriptions_at_most(emulator: Emulator, deployed: Stack) -> None:
    api = emulator.client("logs")
    subscription = {
        "logGroupName": "/log-path/audit",
        "filterPattern": "",
        "destinationArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/log-path",
        "roleArn": f"arn:aws:iam::123456789012:role/{deployed.id_of('Sender')}",
    }
    api.put_subscription_filter(filterName="second", **subscription)
    with pytest.raises(api.exceptions.LimitExceededException):
        api.put_subscription_filter(filterName="third", **subscription)
    with pytest.raises(api.exceptions.InvalidParameterException, match="Invalid filter pattern"):
        api.put_subscription_filter(filterName="second", **{**subscription, "filterPattern": "{ $.a }"})
    api.delete_subscription_filter(logGroupName="/log-path/audit", filterName="second")


RECEIVER = """
import base64, gzip, json
def handler(event, context):
    print(gzip.decompress(base64.b64decode(event["awslogs"]["data"])).decode())
"""


def receiving(*, source: Any) -> Resources:
    """A function that prints what it gets, subscribed to a log group."""
    return {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/to-lambda/audit"}},
        "Own": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/to-lambda/own"}},
        "Role": role(LAMBDA_TRUST, allow("logs:CreateLogStream", "logs:PutLogEvents")),
        "Function": function(RECEIVER, LoggingConfig={"LogGroup": ref("Own")}),
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": ref("Function"),
                "Action": "lambda:InvokeFunction",
                "Principal": "logs.amazonaws.com",
                "SourceArn": source,
                "SourceAccount": ref("AWS::AccountId"),
            },
        },
        "Subscription": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "DependsOn": "Permission",
            "Properties": {
                "LogGroupName": ref("Logs"),
                "FilterPattern": "{ $.a = 1 }",
                "DestinationArn": get_att("Function", "Arn"),
            },
        },
    }


def test_a_function_gets_the_envelope_that_cloudwatch_logs_sends(emulator: Emulator) -> None:
    with stack(emulator, "to-lambda") as made:
        made.create(receiving(source=get_att("Logs", "Arn")))
        log(emulator, "/to-lambda/audit", '{"a": 1}', '{"a": 2}')
        logs = emulator.client("logs")
        [event] = eventually(
            lambda: logs.filter_log_events(logGroupName="/to-lambda/own", filterPattern='"DATA_MESSAGE"')["events"]
        )
        envelope = json.loads(event["message"])
        assert envelope["logGroup"] == "/to-lambda/audit"
        assert [one["message"] for one in envelope["logEvents"]] == ['{"a": 1}']
        assert envelope["logEvents"][0].keys() == {"id", "timestamp", "message"}


def test_a_function_that_does_not_let_logs_in_is_no_destination(emulator: Emulator) -> None:
    elsewhere = "arn:aws:logs:us-east-1:123456789012:log-group:/another:*"
    with stack(emulator, "to-lambda") as made, pytest.raises(StackFailedError, match="does not let"):
        made.create(receiving(source=elsewhere))


def test_a_transformer_takes_keys_out_before_an_event_leaves(emulator: Emulator) -> None:
    transformer = {
        "Type": "AWS::Logs::Transformer",
        "Properties": {
            "LogGroupIdentifier": ref("Logs"),
            "TransformerConfig": [{"ParseJSON": {}}, {"DeleteKeys": {"WithKeys": ["body.requestBody", "gone"]}}],
        },
    }
    resources = path("transformed", Transformer=transformer)
    resources["Subscription"]["DependsOn"] = "Transformer"
    resources["Subscription"]["Properties"] |= {
        "ApplyOnTransformedLogs": True,
        "FilterPattern": "{ $.body.isError IS TRUE }",
    }
    with stack(emulator, "transformed") as made:
        made.create(resources)
        secret = {"body": {"isError": True, "log": "refused", "requestBody": "secret"}}
        log(emulator, "/transformed/audit", json.dumps(secret), json.dumps({"body": {"isError": False}}))
        bucket = made.id_of("Bucket")
        [line] = eventually(lambda: [one for one in lines(emulator, bucket, "records/") if one.startswith("{")])
        assert json.loads(line) == {"body": {"isError": True, "log": "refused"}}


def test_a_transformer_that_is_not_known_here_is_refused(emulator: Emulator) -> None:
    transformer = {
        "Type": "AWS::Logs::Transformer",
        "Properties": {
            "LogGroupIdentifier": ref("Logs"),
            "TransformerConfig": [{"ParseJSON": {}}, {"Grok": {"Match": "x"}}],
        },
    }
    logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/grok"}}
    with stack(emulator, "grok") as made, pytest.raises(StackFailedError, match="no log processor Grok"):
        made.create({"Logs": logs, "Transformer": transformer})


def test_a_buckets_settings_can_be_read_back(emulator: Emulator) -> None:
    properties = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "records",
                    "Status": "Enabled",
                    "ExpirationInDays": 366,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                    "Transitions": [{"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 90}],
                }
            ]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Tags": [{"Key": "team", "Value": "one"}],
    }
    query = {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {"Name": "one", "Database": "default", "QueryString": "SELECT ?"},
    }
    s3 = emulator.client("s3")
    with stack(emulator, "bucket-settings") as made:
        told = made.create(
            {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}, "Query": query},
            Outputs=outputs(Query=ref("Query")),
        )
        bucket = made.id_of("Bucket")
        [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        s3.put_object(Bucket=bucket, Key="under-aws-s3", ServerSideEncryption="aws:kms", Body=b"")
        assert s3.head_object(Bucket=bucket, Key="under-aws-s3")["SSEKMSKeyId"].endswith("alias/aws/s3")
        [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert (rule["Expiration"], rule["Transitions"]) == (
            {"Days": 366},
            [{"StorageClass": "DEEP_ARCHIVE", "Days": 90}],
        )
        assert {"Key": "team", "Value": "one"} in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        named = emulator.client("athena").get_named_query(NamedQueryId=told["Query"])["NamedQuery"]
        assert named["QueryString"] == "SELECT ?"
