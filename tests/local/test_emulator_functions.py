"""Lambda functions on this machine: what reaches the handler, what comes back, and what they may do and see."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
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
    zipped,
)

CODE = """
import os, sys
loaded = 0

class OwnError(Exception):
    pass

def handler(event, context):
    global loaded
    loaded += 1
    what = event.get("what")
    if what == "context":
        client = context.client_context
        return {
            "custom": client and client.custom, "env": client and client.env,
            "name": context.function_name, "arn": context.invoked_function_arn, "request": context.aws_request_id,
            "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb,
        }
    if what == "fail":
        raise OwnError("on purpose")
    if what == "unserializable":
        return {1, 2}
    if what == "environment":
        return {"variables": dict(os.environ), "path": sys.path, "loaded": loaded}
    if what == "import":
        __import__(event["module"])
    if what == "call":
        import boto3
        client = boto3.client(event["service"])
        return {"keys": sorted(getattr(client, event["operation"])(**event.get("arguments", {})))}
    if what == "write":
        sys.stdout.write(event["text"])
        sys.stdout.flush()
    if what == "print":
        print("hello from the function")
    return event.get("echo")
"""


class Function:
    """A deployed function."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name = name
        self._api = emulator.client("lambda")

    def answer(self, client_context: str | None = None, **event: Any) -> tuple[Any, str | None]:
        """The payload, and the kind of function error."""
        extra = {} if client_context is None else {"ClientContext": client_context}
        answer = self._api.invoke(FunctionName=self.name, Payload=json.dumps(event), **extra)
        return json.load(answer["Payload"]), answer.get("FunctionError")


@pytest.fixture(scope="module")
def deployed(emulator: Emulator) -> Iterator[Stack]:
    resources = {
        "Role": role(LAMBDA_TRUST, allow("s3:ListAllMyBuckets"), allow("logs:CreateLogStream", "logs:PutLogEvents")),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/own/logs"}},
        "Function": function(
            CODE,
            Environment={"Variables": {"OWN": "variable"}},
            LoggingConfig={"LogGroup": ref("Logs"), "LogFormat": "JSON"},
            MemorySize=256,
            Timeout=20,
            ReservedConcurrentExecutions=7,
            VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        ),
    }
    with stack(emulator, "functions") as made:
        made.create(resources)
        yield made


@pytest.fixture
def echo(emulator: Emulator, deployed: Stack) -> Function:
    return Function(emulator, deployed.id_of("Function"))


def encoded(context: Any) -> str:
    return base64.b64encode(json.dumps(context).encode()).decode()


def test_the_client_context_reaches_the_handler(echo: Function) -> None:
    custom = {"bedrockAgentCoreToolName": "target___tool", "nested": {"a": [1]}}
    told, error = echo.answer(encoded({"custom": custom, "env": {"locale": "en"}}), what="context")
    assert error is None
    assert told["custom"] == custom
    assert told["env"] == {"locale": "en"}
    assert told["name"] == echo.name
    assert told["arn"].endswith(f":function:{echo.name}")
    assert told["request"]
    assert told["memory"] == "256"
    assert 0 < told["left"] <= 20_000


def test_one_invocations_context_is_not_the_next_ones(echo: Function) -> None:
    echo.answer(encoded({"custom": {"secret": 1}}), what="context")
    assert echo.answer(what="context")[0]["custom"] is None


def test_a_client_context_that_is_no_json(emulator: Emulator, echo: Function) -> None:
    with pytest.raises(ClientError, match="Base64-encoded JSON"):
        emulator.client("lambda").invoke(FunctionName=echo.name, ClientContext=base64.b64encode(b"{").decode())


@pytest.mark.parametrize("value", [None, 1, "text", [1, 2], {"value": 1}, {"failure": 1}, {"a": {"b": "ü"}}, {}])
def test_a_value_comes_back_as_it_is(echo: Function, value: Any) -> None:
    assert echo.answer(echo=value) == (value, None)


def test_an_error_keeps_its_type_and_the_environment_survives(echo: Function) -> None:
    before = echo.answer(what="environment")[0]["loaded"]
    told, error = echo.answer(what="fail")
    assert error == "Unhandled"
    assert (told["errorMessage"], told["errorType"]) == ("on purpose", "OwnError")
    assert told["requestId"]
    assert "index.py" in told["stackTrace"][-1]
    assert echo.answer(what="environment")[0]["loaded"] == before + 2, "the same process answers again"


def test_an_answer_that_is_no_json(echo: Function) -> None:
    told, error = echo.answer(what="unserializable")
    assert (error, told["errorType"]) == ("Unhandled", "Runtime.MarshalError")


def test_the_environment_holds_what_the_function_needs_and_nothing_of_ours(emulator: Emulator, echo: Function) -> None:
    told, _ = echo.answer(what="environment")
    variables = told["variables"]
    assert variables["OWN"] == "variable"
    assert variables["AWS_ENDPOINT_URL"] == emulator.endpoint_url
    assert variables["HTTPS_PROXY"] == emulator.edge_url
    assert variables["SSL_CERT_FILE"] == str(emulator.ca)
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "the role's own credentials"
    assert [name for name in variables if name.startswith("FOUNDATION_") or name == "PYTHONPATH"] == []


@pytest.mark.parametrize("module", ["local", "toolkit", "aws_lambda_powertools", "mcp", "yaml", "ministack"])
def test_a_module_that_the_bundle_does_not_bring_is_missing(echo: Function, module: str) -> None:
    told, error = echo.answer(what="import", module=module)
    assert (error, told["errorType"]) == ("Unhandled", "ModuleNotFoundError")


def test_the_runtime_brings_boto3(echo: Function) -> None:
    assert echo.answer(what="import", module="boto3") == (None, None)


def test_the_role_decides_what_the_function_may_do(echo: Function) -> None:
    allowed, error = echo.answer(what="call", service="s3", operation="list_buckets")
    assert error is None
    assert "Buckets" in allowed["keys"]
    denied, error = echo.answer(what="call", service="ec2", operation="describe_vpcs")
    assert error == "Unhandled"
    assert "not authorized to perform: ec2:DescribeVpcs" in denied["errorMessage"]


def test_what_it_prints_is_in_its_log_group(emulator: Emulator, echo: Function) -> None:
    echo.answer(what="print")
    logs = emulator.client("logs")
    events = logs.filter_log_events(logGroupName="/own/logs", filterPattern='"hello from the function"')["events"]
    assert len(events) == 1


def test_json_that_it_prints_stays_as_it_is(emulator: Emulator, echo: Function) -> None:
    """A line of JSON is one event, not encoded again, between the platform's lines, which are JSON too."""
    line = json.dumps({"event_type": "mcp_request", "text": "a\nb"})
    echo.answer(what="write", text=f"{line}\n")
    logs = emulator.client("logs")
    [event] = logs.filter_log_events(logGroupName="/own/logs", filterPattern='{ $.event_type = "mcp_*" }')["events"]
    assert event["message"] == line
    stream = {"logGroupName": "/own/logs", "logStreamName": event["logStreamName"]}
    first, _, last = (json.loads(one["message"]) for one in logs.get_log_events(**stream, startFromHead=True)["events"])
    assert (first["type"], last["type"]) == ("platform.start", "platform.report")


def test_a_function_whose_role_may_not_logs_nothing(emulator: Emulator) -> None:
    resources = {
        "Role": role(LAMBDA_TRUST, allow("logs:CreateLogStream")),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/silent/logs"}},
        "Function": function(CODE, LoggingConfig={"LogGroup": ref("Logs")}),
    }
    with stack(emulator, "silent") as made:
        made.create(resources)
        assert Function(emulator, made.id_of("Function")).answer(what="print", echo=1) == (1, None)
        assert emulator.client("logs").describe_log_streams(logGroupName="/silent/logs")["logStreams"] == []


def test_settings_can_be_read_back(emulator: Emulator, echo: Function) -> None:
    api = emulator.client("lambda")
    config = api.get_function_configuration(FunctionName=echo.name)
    assert config["VpcConfig"]["SubnetIds"] == ["subnet-1"]
    assert config["Architectures"] == ["arm64"]
    assert api.get_function_concurrency(FunctionName=echo.name)["ReservedConcurrentExecutions"] == 7


def test_a_function_out_of_reserved_executions_is_throttled(emulator: Emulator) -> None:
    resources = {"Role": role(LAMBDA_TRUST), "Function": function(CODE, ReservedConcurrentExecutions=0)}
    with stack(emulator, "throttled") as made:
        made.create(resources)
        api = emulator.client("lambda")
        with pytest.raises(api.exceptions.TooManyRequestsException):
            api.invoke(FunctionName=made.id_of("Function"))


def test_a_bundle_from_s3_changes_with_its_key(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="bundles")
    for key in ("one", "two"):
        s3.upload_fileobj(io.BytesIO(zipped(index=f"def handler(event, context): return {key!r}")), "bundles", key)
    with stack(emulator, "bundled") as made:
        for key in ("one", "two"):
            code = {"S3Bucket": "bundles", "S3Key": key}
            resources = {"Role": role(LAMBDA_TRUST), "Function": function("", Code=code)}
            (made.create if key == "one" else made.update)(resources)
            assert Function(emulator, made.id_of("Function")).answer() == (key, None)


def test_a_bundle_that_is_not_there(emulator: Emulator) -> None:
    code = {"S3Bucket": "nowhere", "S3Key": "nothing"}
    with stack(emulator, "unbundled") as made, pytest.raises(StackFailedError, match=r"NoSuchKey.*nowhere/nothing"):
        made.create({"Role": role(LAMBDA_TRUST), "Function": function("", Code=code)})


def test_cdks_node_function_closes_the_default_security_group(emulator: Emulator) -> None:
    """The JavaScript SDK that AWS's Node.js runtime brings is there, and calls the emulated EC2 as the role."""
    code = """
    const { EC2 } = require("@aws-sdk/client-ec2");
    exports.handler = async (event) => {
      const ec2 = new EC2({});
      const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
      await ec2.revokeSecurityGroupEgress({ GroupId: event.group, IpPermissions: everything });
      return (await ec2.describeSecurityGroups({ GroupIds: [event.group] })).SecurityGroups[0].IpPermissionsEgress;
    };
    """
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Role": role(LAMBDA_TRUST, allow("ec2:RevokeSecurityGroupEgress", "ec2:DescribeSecurityGroups")),
        "Function": function(code, Runtime="nodejs24.x", Timeout=30),
    }
    with stack(emulator, "node") as made:
        told = made.create(resources, Outputs=outputs(Group=get_att("Vpc", "DefaultSecurityGroup")))
        assert Function(emulator, made.id_of("Function")).answer(group=told["Group"]) == ([], None)


def test_all_of_its_output_is_there_when_it_answers(emulator: Emulator) -> None:
    """Also the last line of many, and a last line without its end."""
    code = """
def handler(event, context):
    for number in range(500):
        print(number)
    print("last", end="")
"""
    resources = {
        "Role": role(LAMBDA_TRUST, allow("logs:CreateLogStream", "logs:PutLogEvents")),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/all/output"}},
        "Function": function(code, LoggingConfig={"LogGroup": ref("Logs")}),
    }
    with stack(emulator, "all-output") as made:
        made.create(resources)
        for _ in range(3):
            Function(emulator, made.id_of("Function")).answer()
        logs = emulator.client("logs")
        streams = logs.describe_log_streams(logGroupName="/all/output")["logStreams"]
        assert len(streams) == 3
        for one in streams:
            place = {"logGroupName": "/all/output", "logStreamName": one["logStreamName"]}
            events = logs.get_log_events(**place, startFromHead=True)["events"]
            start, *printed, _, _ = (event["message"].rstrip() for event in events)
            assert start.startswith("START RequestId")
            assert printed == [*map(str, range(500)), "last"]
