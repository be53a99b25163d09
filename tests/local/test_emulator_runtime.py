"""AgentCore Runtime: deployed archives really run, as their role, and are invoked by whom IAM or a token allows."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator, start_emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, StackFailedError, allow, get_att, outputs, ref, role, stack
from tests.local.local_run import outlives
from tests.local.runtime_archives import GREETER, REPORTER, archive, artifact

ACCOUNT_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    ],
}
RUNTIMES = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime"


@pytest.fixture(scope="module")
def base(emulator: Emulator) -> Iterator[dict[str, str]]:
    """A bucket with archives, the runtimes' role and a client's roles."""
    logs = allow(
        "logs:CreateLogStream", "logs:PutLogEvents", resource="arn:aws:logs:*:*:log-group:/aws/bedrock-agentcore/*"
    )
    invoke = "bedrock-agentcore:InvokeAgentRuntime"
    resources = {
        "Server": role(GATEWAY_TRUST, logs),
        "Caller": role(ACCOUNT_TRUST, allow(invoke, resource=[f"{RUNTIMES}/*"])),
        "Half": role(
            ACCOUNT_TRUST, allow(invoke, resource=[f"{RUNTIMES}/*"]), deny(invoke, f"{RUNTIMES}/*/runtime-endpoint/*")
        ),
        "Nobody": role(ACCOUNT_TRUST),
    }
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="archives")
    for name, content in (("reporter", archive(REPORTER)), ("broken", archive("raise SystemExit('no database')"))):
        s3.put_object(Bucket="archives", Key=f"{name}.zip", Body=content)
    with stack(emulator, "runtime-roles") as made:
        yield made.create(resources, Outputs=outputs(**{name: get_att(name, "Arn") for name in resources}))
    for found in s3.list_objects_v2(Bucket="archives")["Contents"]:
        s3.delete_object(Bucket="archives", Key=found["Key"])
    s3.delete_bucket(Bucket="archives")


def deny(action: str, resource: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
    """The control plane's client; what a test leaves is removed."""
    client = emulator.client("bedrock-agentcore-control")
    yield client
    for runtime in client.list_agent_runtimes()["agentRuntimes"]:
        client.delete_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])


def runtime(base: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "agentRuntimeName": "orders",
        "agentRuntimeArtifact": artifact(),
        "roleArn": base["Server"],
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "protocolConfiguration": {"serverProtocol": "MCP"},
        **changes,
    }


@pytest.fixture
def calling_as(emulator: Emulator, base: Mapping[str, str]) -> Callable[[str], Any]:
    """A data plane client that acts as one of the roles."""
    return lambda name: emulator.client_as(base[name], "bedrock-agentcore")


def invoked(client: Any, arn: str, **more: Any) -> dict[str, Any]:
    answer = client.invoke_agent_runtime(
        agentRuntimeArn=arn, payload=b'{"a": 1}', contentType="application/json", **more
    )
    report: dict[str, Any] = json.loads(answer["response"].read())
    return {**report, "session": answer["runtimeSessionId"], "mcp_session": answer["mcpSessionId"]}


def test_a_server_runs_as_its_role(
    emulator: Emulator, control: Any, base: Mapping[str, str], calling_as: Callable[[str], Any]
) -> None:
    made = control.create_agent_runtime(**runtime(base, environmentVariables={"GREETING": "Hello"}))
    assert control.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])["status"] == "READY"
    client = calling_as("Caller")
    report = invoked(client, made["agentRuntimeArn"])
    assert (report["body"], report["path"], report["greeting"]) == ('{"a": 1}', "/mcp", "Hello")
    assert report["key"].startswith("ASIA"), "credentials of the role, not the account's"
    assert report["headers"]["mcp-session-id"] == report["mcp_session"]
    assert "authorization" not in report["headers"]
    again = invoked(client, made["agentRuntimeArn"], mcpSessionId=report["mcp_session"])
    assert (again["pid"], again["mcp_session"]) == (report["pid"], report["mcp_session"])
    control.delete_agent_runtime(agentRuntimeId=made["agentRuntimeId"])
    assert not outlives(report["pid"])


@pytest.mark.parametrize("name", ["Nobody", "Half"])
def test_invocations_need_the_permission_on_runtime_and_endpoint(
    control: Any, base: Mapping[str, str], calling_as: Callable[[str], Any], name: str
) -> None:
    made = control.create_agent_runtime(**runtime(base))
    with pytest.raises(ClientError, match="InvokeAgentRuntime") as error:
        invoked(calling_as(name), made["agentRuntimeArn"])
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


def test_what_a_server_prints_reaches_its_log_group(
    emulator: Emulator, control: Any, base: Mapping[str, str], calling_as: Callable[[str], Any]
) -> None:
    made = control.create_agent_runtime(**runtime(base))
    group = f"/aws/bedrock-agentcore/runtimes/{made['agentRuntimeId']}-DEFAULT"
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName=group)
    invoked(calling_as("Caller"), made["agentRuntimeArn"])
    deadline = time.monotonic() + 10
    messages: list[str] = []
    while "asked for /mcp" not in messages and time.monotonic() < deadline:
        messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        time.sleep(0.1)
    assert "asked for /mcp" in messages
    logs.delete_log_group(logGroupName=group)


def test_an_update_serves_the_new_version(
    control: Any, base: Mapping[str, str], calling_as: Callable[[str], Any]
) -> None:
    made = control.create_agent_runtime(**runtime(base, environmentVariables={"GREETING": "one"}))
    runtime_id, arn = made["agentRuntimeId"], made["agentRuntimeArn"]
    control.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="stable", agentRuntimeVersion="1")
    client = calling_as("Caller")
    before = invoked(client, arn)
    changes = runtime(base, agentRuntimeId=runtime_id, environmentVariables={"GREETING": "two"})
    del changes["agentRuntimeName"]
    assert control.update_agent_runtime(**changes)["agentRuntimeVersion"] == "2"
    assert invoked(client, arn)["greeting"] == "two"
    assert invoked(client, arn, qualifier="stable")["greeting"] == "one"
    control.update_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="stable", agentRuntimeVersion="2")
    assert invoked(client, arn, qualifier="stable")["greeting"] == "two"
    assert not outlives(before["pid"])
    control.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="stable")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        invoked(client, arn, qualifier="stable")
    listed = control.list_agent_runtime_versions(agentRuntimeId=runtime_id)["agentRuntimes"]
    assert [version["agentRuntimeVersion"] for version in listed] == ["2", "1"]


def test_a_server_that_does_not_start(control: Any, base: Mapping[str, str], calling_as: Callable[[str], Any]) -> None:
    made = control.create_agent_runtime(**runtime(base, agentRuntimeArtifact=artifact("broken.zip")))
    client = calling_as("Caller")
    with pytest.raises(client.exceptions.RuntimeClientError, match=r"main\.py ended, see (.*)") as error:
        invoked(client, made["agentRuntimeArn"])
    log = Path(str(error.value).rpartition("see ")[2])
    assert "no database" in log.read_text()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_the_emulator(emulator_python: Path, tmp_path: Path, end: signal.Signals) -> None:
    emulator = start_emulator(emulator_python, tmp_path)
    try:
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket="archives")
        s3.put_object(Bucket="archives", Key="reporter.zip", Body=archive(REPORTER))
        trusted = emulator.client("iam").create_role(
            RoleName="server", AssumeRolePolicyDocument=json.dumps(GATEWAY_TRUST)
        )
        made = emulator.client("bedrock-agentcore-control").create_agent_runtime(
            **runtime({"Server": trusted["Role"]["Arn"]})
        )
        pid = invoked(emulator.client("bedrock-agentcore"), made["agentRuntimeArn"])["pid"]
    finally:
        emulator.process.send_signal(end)
        emulator.process.wait(15)
    assert not outlives(pid)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {
                "agentRuntimeArtifact": {
                    "containerConfiguration": {"containerUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"}
                }
            },
            "The local run has no containers",
        ),
        ({"agentRuntimeArtifact": artifact("gone.zip")}, r"s3://archives/gone\.zip cannot be read"),
        ({"agentRuntimeArtifact": artifact(entryPoint=["other.py"])}, r"has no file other\.py"),
        ({"agentRuntimeArtifact": artifact(runtime="NODE_22")}, "Python servers only, not NODE_22"),
        ({"roleArn": "arn:aws:iam::123456789012:role/none"}, "does not exist or does not let"),
        ({"networkConfiguration": {"networkMode": "VPC"}}, "networkModeConfig is required"),
        ({"agentRuntimeName": "with-hyphen"}, "regular expression pattern"),
    ],
)
def test_a_runtime_that_is_refused(
    control: Any, base: Mapping[str, str], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(control.exceptions.ValidationException, match=message):
        control.create_agent_runtime(**runtime(base, **changes))
    assert control.list_agent_runtimes()["agentRuntimes"] == []


def test_a_server_of_the_official_sdk_behind_a_gateway(
    emulator: Emulator, control: Any, base: Mapping[str, str]
) -> None:
    emulator.client("s3").put_object(Bucket="archives", Key="greeter.zip", Body=archive(GREETER, "mcp", "cryptography"))
    with stack(emulator, "runtime") as made:
        told = made.create(greeter_stack(base), Outputs=outputs(Gateway=ref("Gateway"), Runtime=ref("Runtime")))
        (target,) = control.list_gateway_targets(gatewayIdentifier=told["Gateway"])["items"]
        assert target["status"] == "READY", "its tools were listed through the runtime, signed by the gateway's role"
        found = control.get_agent_runtime(agentRuntimeId=told["Runtime"])
        assert found["protocolConfiguration"] == {"serverProtocol": "MCP"}
        assert control.list_tags_for_resource(resourceArn=found["agentRuntimeArn"])["tags"] == {"team": "one"}
        endpoint = control.get_agent_runtime_endpoint(agentRuntimeId=told["Runtime"], endpointName="stable")
        assert endpoint["liveVersion"] == "1"
        changed = greeter_stack(base, Description="changed")
        made.update(changed)
        found = control.get_agent_runtime(agentRuntimeId=told["Runtime"])
        assert (found["agentRuntimeVersion"], found["description"]) == ("2", "changed")
    assert control.list_agent_runtimes()["agentRuntimes"] == []


def test_a_target_whose_gateway_may_not_invoke_the_runtime(
    emulator: Emulator, control: Any, base: Mapping[str, str]
) -> None:
    emulator.client("s3").put_object(Bucket="archives", Key="greeter.zip", Body=archive(REPORTER))
    resources = greeter_stack(base)
    resources["GatewayRole"] = role(GATEWAY_TRUST)
    with stack(emulator, "runtime-refused") as made, pytest.raises(StackFailedError, match="HTTP 403"):
        made.create(resources)


def greeter_stack(base: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    invoke = allow("bedrock-agentcore:InvokeAgentRuntime", resource=[f"{RUNTIMES}/greeter-*"])
    code = {"Code": {"S3": {"Bucket": "archives", "Prefix": "greeter.zip"}}, "Runtime": "PYTHON_3_14"}
    url = {
        "Fn::Sub": "https://bedrock-agentcore.${AWS::Region}.amazonaws.com/runtimes/arn%3Aaws%3Abedrock-agentcore%3A"
        "${AWS::Region}%3A${AWS::AccountId}%3Aruntime%2F${Runtime.AgentRuntimeId}/invocations?qualifier=DEFAULT"
    }
    iam = {"IamCredentialProvider": {"Service": "bedrock-agentcore"}}
    return {
        "GatewayRole": role(GATEWAY_TRUST, invoke),
        "Runtime": {
            "Type": "AWS::BedrockAgentCore::Runtime",
            "Properties": {
                "AgentRuntimeName": "greeter",
                "RoleArn": base["Server"],
                "AgentRuntimeArtifact": {"CodeConfiguration": {**code, "EntryPoint": ["main.py"]}},
                "NetworkConfiguration": {"NetworkMode": "PUBLIC"},
                "ProtocolConfiguration": "MCP",
                "Tags": {"team": "one"},
                **changes,
            },
        },
        "Endpoint": {
            "Type": "AWS::BedrockAgentCore::RuntimeEndpoint",
            "Properties": {"AgentRuntimeId": ref("Runtime"), "Name": "stable", "AgentRuntimeVersion": "1"},
        },
        "Gateway": {
            "Type": "AWS::BedrockAgentCore::Gateway",
            "Properties": {
                "Name": "runtime",
                "ProtocolType": "MCP",
                "AuthorizerType": "NONE",
                "RoleArn": get_att("GatewayRole", "Arn"),
            },
        },
        "Target": {
            "Type": "AWS::BedrockAgentCore::GatewayTarget",
            "Properties": {
                "GatewayIdentifier": ref("Gateway"),
                "Name": "greeter",
                "TargetConfiguration": {"Mcp": {"McpServer": {"Endpoint": url}}},
                "CredentialProviderConfigurations": [
                    {"CredentialProviderType": "GATEWAY_IAM_ROLE", "CredentialProvider": iam}
                ],
            },
        },
    }
