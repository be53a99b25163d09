"""The reference agent against the local platform: with the credentials of a tenant's role, through the real gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.agent import SECRET_PREFIX, URL_PARAMETER
from local.demonstration import BUCKET
from local.surroundings import client_environment
from tests.agent_process import AgentProcess, agent_process, image_path
from tests.local.audit_trail import AuditTrail
from tests.local.aws_tools import target_name
from tests.local.emulator_stacks import ACCOUNT_TRUST
from tests.local.local_run import LocalRun
from tests.local.pod_identity import pod_identity

AGENT = "acme-corp/reporting-agent"
ROLE = "reporting-agent-pod"
ACCOUNT = "123456789012"
TARGET = target_name("aws-operations")
QUESTION = f"What time is it in Sao Paulo, and list the objects in the bucket {BUCKET}."


@pytest.fixture(scope="module")
def role(local_run: LocalRun) -> Iterator[dict[str, Any]]:
    """Credentials of a role like an agent's own: its secret, its tenant's key, where the gateway is, nothing else."""
    iam = local_run.client("iam")
    iam.create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST),
        Tags=[{"Key": "foundation:agent", "Value": AGENT}],
    )
    secret = local_run.client("secretsmanager").describe_secret(SecretId=SECRET_PREFIX + AGENT)
    statements = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret["ARN"]},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": secret["KmsKeyId"]},
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{URL_PARAMETER}",
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=policy)
    assumed = local_run.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="pod")
    yield assumed["Credentials"]
    iam.delete_role_policy(RoleName=ROLE, PolicyName="own")
    iam.delete_role(RoleName=ROLE)


@pytest.fixture(scope="module")
def agent(
    local_run: LocalRun, role: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AgentProcess]:
    """The process of a pod, whose only AWS credentials are the role's."""
    folder = tmp_path_factory.mktemp("agent")
    surroundings = client_environment(local_run.platform.layout, local_run.ports)
    surroundings = {name: value for name, value in surroundings.items() if not name.startswith("AWS_ACCESS_KEY")}
    del surroundings["AWS_SECRET_ACCESS_KEY"]
    tenant, _, name = AGENT.partition("/")
    with pod_identity(role, folder) as identity:
        environment = {
            **surroundings,
            **identity,
            "FOUNDATION_AGENT": AGENT,
            "FOUNDATION_ENVIRONMENT": "dev",
            "FOUNDATION_SECRET": f"{SECRET_PREFIX}{tenant}/{name}",
            "FOUNDATION_GATEWAY_URL_PARAMETER": URL_PARAMETER,
            "FOUNDATION_MODEL": "scripted",
        }
        with agent_process(environment, search_path=image_path(folder)) as running:
            yield running


def test_a_conversation_uses_two_tools_through_the_gateway(local_run: LocalRun, agent: AgentProcess) -> None:
    answer = agent.ask(QUESTION, X_Correlation_ID="reference-two-tools")
    assert answer.status_code == 200, answer.text + "\n".join(agent.printed)
    found = answer.json()
    assert "In America/Sao_Paulo it is 20" in found["answer"]
    assert "2026/november.csv" in found["answer"]
    assert found["tool_calls"] == [
        {"name": f"{TARGET}___get_time", "status": "success"},
        {"name": f"{TARGET}___s3_read_operations", "status": "success"},
    ]
    assert answer.headers["x-correlation-id"] == found["correlation_id"] == "reference-two-tools"
    rows = recorded(local_run, "reference-two-tools", count=2)
    assert {row["resource_accessed"] for row in rows} == {f"{TARGET}___get_time", f"{TARGET}___s3_read_operations"}
    assert {(row["agent_id"], row["outcome"]) for row in rows} == {(AGENT, "allowed")}


def test_what_the_agents_groups_do_not_grant_is_not_there_for_it(agent: AgentProcess) -> None:
    answer = agent.ask("Say hello").json()
    assert answer["tool_calls"] == []
    assert "I have no tool hello_world" in answer["answer"]


def test_the_log_has_the_correlation_id_and_neither_content_nor_secrets(
    local_run: LocalRun, agent: AgentProcess
) -> None:
    agent.ask(QUESTION, X_Correlation_ID="reference-log")
    text = "\n".join(agent.printed)
    lines = [line for line in agent.lines() if line["correlation_id"] == "reference-log"]
    (line,) = [line for line in lines if line["message"] == "answered"]
    assert line["tool_calls"] == 2
    assert (line["tenant"], line["agent"]) == tuple(AGENT.split("/"))
    credentials = local_run.platform.account.credentials(AGENT)
    assert credentials is not None
    assert not [part for part in ("Sao", BUCKET, "november", credentials.client_secret, "eyJ") if part in text]


def recorded(run: LocalRun, correlation_id: str, *, count: int) -> list[dict[str, Any]]:
    """The calls of tools in the audit store, once both records of as many are there: they arrive in batches."""
    deadline = time.monotonic() + 60
    while True:
        rows = [row for row in AuditTrail.read(run).of(correlation_id) if row["method"] == "tools/call"]
        answered = [row for row in rows if row["outcome"] != "unanswered"]
        if len(answered) >= count or time.monotonic() > deadline:
            return rows
        time.sleep(0.5)
