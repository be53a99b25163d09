"""The audit store: nobody changes a record, every hop is narrow and watched, and it can be asked (R8)."""

import pytest
from aws_cdk import App, Environment, Stack, aws_iam as iam, aws_logs as logs
from aws_cdk.assertions import Template

from app import feature_flags
from foundation.audit.buckets import AuditBuckets, AuditKeeping, LockMode
from foundation.audit.queries import QUERIES
from foundation.audit.record import FIELDS
from foundation.encryption import EncryptionKey
from stacks.audit_stack import AuditStack
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, many, policies, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def bucket(environment: str, name: str) -> Json:
    buckets = template(environment, "audit").of_type("AWS::S3::Bucket")
    [found] = [resource["Properties"] for logical_id, resource in buckets.items() if f"Buckets{name}" in logical_id]
    properties: Json = found
    return properties


def stream(environment: str, name: str) -> Json:
    streams = template(environment, "audit").properties("AWS::KinesisFirehose::DeliveryStream")
    [found] = [one for one in streams if one["DeliveryStreamName"].endswith(f"-audit-{name}")]
    properties: Json = found
    return properties


@in_every_environment
def test_a_record_is_locked_for_as_long_as_the_settings_say(environment: str) -> None:
    audit = load_settings(environment).environment.audit
    records = bucket(environment, "Records")
    assert records["ObjectLockEnabled"] is True
    assert records["VersioningConfiguration"] == {"Status": "Enabled"}
    [retention] = [records["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]]
    assert retention == {"Days": audit.retention_days, "Mode": audit.object_lock.upper()}
    [rule] = records["LifecycleConfiguration"]["Rules"]
    # A lifecycle that ran before the lock ends would fail for every object; one that never ran would keep all.
    assert rule["ExpirationInDays"] == audit.retention_days + 1
    moved = [transition["TransitionInDays"] for transition in rule.get("Transitions", [])]
    assert moved == ([] if audit.cold_after_days is None else [audit.cold_after_days])


def test_nobody_shortens_the_retention_of_production() -> None:
    assert load_settings("prod").environment.audit.object_lock == "compliance"


def keeping(*, retention_days: int, cold_after_days: int | None, lock_mode: LockMode = "governance") -> Json:
    stack = Stack(App(context=feature_flags()), "Stack", env=Environment(region="us-east-1"))
    key = EncryptionKey(stack, "Key", alias="audit", description="Audit records", retain=False)
    kept = AuditKeeping(
        retention_days=retention_days, cold_after_days=cold_after_days, lock_mode=lock_mode, buffer_seconds=60
    )
    AuditBuckets(stack, "Buckets", key=key, keeping=kept, retain=False)
    buckets = Template.from_stack(stack).find_resources("AWS::S3::Bucket").items()
    [rule] = next(r["Properties"]["LifecycleConfiguration"]["Rules"] for name, r in buckets if "Records" in name)
    found: Json = rule
    return found


@pytest.mark.parametrize(
    ("retention_days", "cold_after_days", "classes"),
    [(365, 90, ["DEEP_ARCHIVE"]), (200, 90, ["GLACIER"]), (30, None, [])],
)
def test_deep_archive_is_for_records_that_stay_long(
    retention_days: int, cold_after_days: int | None, classes: list[str]
) -> None:
    rule = keeping(retention_days=retention_days, cold_after_days=cold_after_days)
    assert [transition["StorageClass"] for transition in rule.get("Transitions", [])] == classes


@in_every_environment
@pytest.mark.parametrize("name", ["Records", "Results"])
def test_what_the_store_holds_is_encrypted_under_its_key_private_and_logged(environment: str, name: str) -> None:
    audit = template(environment, "audit")
    found = bucket(environment, name)
    [encryption] = found["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    key = {"Fn::GetAtt": [audit.id_of("AWS::KMS::Key"), "Arn"]}
    assert encryption["ServerSideEncryptionByDefault"] == {"KMSMasterKeyID": key, "SSEAlgorithm": "aws:kms"}
    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
    assert "Access" in found["LoggingConfiguration"]["DestinationBucketName"]["Ref"]


@in_every_environment
def test_no_bucket_answers_without_tls(environment: str) -> None:
    for policy in template(environment, "audit").properties("AWS::S3::BucketPolicy"):
        denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        conditions = [denial["Condition"] for denial in denials]
        assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in conditions


@in_every_environment
def test_the_log_group_feeds_the_bucket_and_the_tenants_log_groups(environment: str) -> None:
    audit = template(environment, "audit")
    group = f"/foundation/{environment}/audit"
    [log_group] = [
        name
        for name, resource in audit.of_type("AWS::Logs::LogGroup").items()
        if resource["Properties"].get("LogGroupName") == group
    ]
    filters = audit.properties("AWS::Logs::SubscriptionFilter")
    assert [one["LogGroupName"] for one in filters] == [{"Ref": log_group}] * 2
    patterns = {one["FilterName"].rpartition("-")[2]: one["FilterPattern"] for one in filters}
    assert patterns == {
        "store": '{ $.event_type = "mcp_*" }',
        "tenants": '{ ($.event_type = "mcp_request") && ($.client_context.tenant_id = "*") }',
    }
    [parameter] = audit.properties("AWS::SSM::Parameter")
    assert (parameter["Name"], parameter["Value"]) == (
        f"/foundation/{environment}/audit/log-group",
        {"Ref": log_group},
    )


@in_every_environment
@pytest.mark.parametrize("name", ["records", "gateway"])
def test_firehose_writes_lines_by_the_day_and_what_it_cannot_read_elsewhere(environment: str, name: str) -> None:
    destination = stream(environment, name)["ExtendedS3DestinationConfiguration"]
    assert destination["Prefix"] == f"{name}/day=!{{timestamp:yyyy-MM-dd}}/"
    assert destination["ErrorOutputPrefix"].startswith(f"errors/{name}/!{{firehose:error-output-type}}/")
    processors = destination["ProcessingConfiguration"]["Processors"]
    # Firehose refuses extraction without decompression, and extracts from what was decompressed.
    kinds = [processor["Type"] for processor in processors]
    assert kinds == ["Decompression", "CloudWatchLogProcessing", "AppendDelimiterToRecord"]
    encryption = stream(environment, name)["DeliveryStreamEncryptionConfigurationInput"]
    assert encryption["KeyType"] == "CUSTOMER_MANAGED_CMK"


@in_every_environment
def test_each_stream_writes_into_its_own_folders_alone(environment: str) -> None:
    for place, policy in policies(template(environment, "audit")):
        for statement in policy["Statement"]:
            if "s3:PutObject" not in many(statement["Action"]) or "BucketsAccess" in place:
                continue
            folders = {written(resource).split("/", 1)[1] for resource in many(statement["Resource"])}
            name = "gateway" if "Gateway" in place else "records"
            assert folders == {f"{name}/*", f"errors/{name}/*"}


@in_every_environment
def test_cloudwatch_logs_sends_into_the_stream_for_this_account_alone(environment: str) -> None:
    roles = template(environment, "audit").properties("AWS::IAM::Role")
    trusts = [role["AssumeRolePolicyDocument"]["Statement"][0] for role in roles]
    senders = [trust for trust in trusts if trust["Principal"] == {"Service": "logs.amazonaws.com"}]
    assert len(senders) == 2
    for sender in senders:
        source = sender["Condition"]["StringLike"]["aws:SourceArn"]
        assert written(source).startswith("arn:aws:logs:us-east-1:<AWS::AccountId>:")


@in_every_environment
def test_the_router_is_called_by_the_audit_log_group_and_writes_tenants_logs_alone(environment: str) -> None:
    audit = template(environment, "audit")
    [permission] = audit.properties("AWS::Lambda::Permission")
    assert permission["Principal"] == "logs.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "AuditLog" in permission["SourceArn"]["Fn::GetAtt"][0]
    [statement] = [
        statement
        for place, policy in policies(audit)
        for statement in policy["Statement"]
        if "Router" in place and "tenants" in str(statement.get("Resource"))
    ]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    own, tenants = sorted((written(resource) for resource in many(statement["Resource"])), key=len)
    assert "RouterLogs" in own
    assert tenants.endswith(f":log-group:/foundation/{environment}/tenants/*")
    [function] = audit.properties("AWS::Lambda::Function")
    # Logging into the log group that calls it, it would call itself.
    assert "RouterLogs" in function["LoggingConfig"]["LogGroup"]["Ref"]


@in_every_environment
def test_every_hop_has_an_alarm_that_somebody_is_told_of(environment: str) -> None:
    alarms = template(environment, "audit").properties("AWS::CloudWatch::Alarm")
    watched = {alarm["MetricName"] for alarm in alarms}
    assert watched == {
        "AuditFailures",
        "DeliveryErrors",
        "DeliveryThrottling",
        "DeliveryToS3.DataFreshness",
        "DeliveryToS3.Success",
        "Errors",
        "IncomingLogEvents",
        "MissingTenantLogGroup",
        "OutputDecompressedRecords.Failed",
        "Unavailable",
    }
    topic = {"Ref": template(environment, "audit").id_of("AWS::SNS::Topic")}
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms)


@in_every_environment
def test_alarms_on_subscriptions_name_the_subscriptions_that_there_are(environment: str) -> None:
    audit = template(environment, "audit")
    filters = {one["FilterName"] for one in audit.properties("AWS::Logs::SubscriptionFilter")}
    named = {
        dimension["Value"]
        for alarm in audit.properties("AWS::CloudWatch::Alarm")
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "FilterName"
    }
    assert named == filters


@in_every_environment
def test_the_table_has_a_column_for_every_field_and_partitions_by_itself(environment: str) -> None:
    tables = {
        table["TableInput"]["Name"]: table["TableInput"]
        for table in template(environment, "audit").properties("AWS::Glue::Table")
    }
    assert tables.keys() == {"records", "gateway"}
    columns = tables["records"]["StorageDescriptor"]["Columns"]
    assert [(column["Name"], column["Type"]) for column in columns] == [(field.name, field.type) for field in FIELDS]
    for name, table in tables.items():
        parameters = table["Parameters"]
        assert written(parameters["storage.location.template"]).endswith(f"/{name}/day=${{day}}/")
        # The same format as the delivery stream's prefix.
        assert parameters["projection.day.format"] in stream(environment, name)["ExtendedS3DestinationConfiguration"][
            "Prefix"
        ].replace("timestamp:", "")


@in_every_environment
def test_questions_are_saved_where_answers_are_encrypted_and_bounded(environment: str) -> None:
    audit = template(environment, "audit")
    configuration = audit.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] > 0
    result = configuration["ResultConfiguration"]
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    named = {query["Name"]: query for query in audit.properties("AWS::Athena::NamedQuery")}
    assert named.keys() == {query.name for query in QUERIES}
    for query in QUERIES:
        assert named[query.name]["QueryString"].count("?") == len(query.parameters)


def test_a_gateways_own_log_comes_without_requests_and_answers() -> None:
    app = App(context=feature_flags())
    audit = AuditStack(app, settings=load_settings("dev")).audit
    gateway = Stack(app, "Gateway", env=Environment(region="us-east-1"))
    group = logs.LogGroup(gateway, "Logs", log_group_name="/aws/vendedlogs/bedrock-agentcore/gateway/dev")
    audit.take(gateway, group)
    found = Template.from_stack(gateway)
    [transformer] = found.find_resources("AWS::Logs::Transformer").values()
    assert transformer["Properties"]["TransformerConfig"] == [
        {"ParseJSON": {}},
        {"DeleteKeys": {"WithKeys": ["body.requestBody", "body.responseBody"]}},
    ]
    [subscription] = found.find_resources("AWS::Logs::SubscriptionFilter").values()
    assert subscription["Properties"]["ApplyOnTransformedLogs"] is True
    assert subscription["Properties"]["FilterPattern"] == "{ $.body.isError IS TRUE }"
    alarms = found.find_resources("AWS::CloudWatch::Alarm").values()
    assert {alarm["Properties"]["MetricName"] for alarm in alarms} == {"DeliveryErrors", "DeliveryThrottling"}


def test_a_function_of_another_stack_may_write_records() -> None:
    app = App(context=feature_flags())
    audit = AuditStack(app, settings=load_settings("dev")).audit
    gateway = Stack(app, "Gateway", env=Environment(region="us-east-1"))
    role = iam.Role(gateway, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    audit.accept(role)
    [policy] = Template.from_stack(gateway).find_resources("AWS::IAM::Policy").values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert "*" not in many(statement["Resource"])
