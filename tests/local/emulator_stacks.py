"""Stacks for the tests of the emulator: deployed, changed and removed as CloudFormation's callers do it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.local.conftest import Emulator

Template = dict[str, Any]

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ACCOUNT_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    ],
}
GATEWAY_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "bedrock-agentcore.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class StackFailedError(Exception):
    """A stack ended in a failed or rolled back state; the text holds the reasons of its events."""


class Stack:
    """A stack of the emulator."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name = name
        self._api = emulator.client("cloudformation")

    def create(self, resources: Mapping[str, Any], **sections: Any) -> dict[str, str]:
        """Create it and give its outputs. Raises StackFailedError; a refused template raises ClientError."""
        self._api.create_stack(StackName=self.name, TemplateBody=_body(resources, sections), Capabilities=_ANY)
        return self._outputs("CREATE_COMPLETE")

    def update(self, resources: Mapping[str, Any], **sections: Any) -> dict[str, str]:
        """Update it and give its outputs."""
        self._api.update_stack(StackName=self.name, TemplateBody=_body(resources, sections), Capabilities=_ANY)
        return self._outputs("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self._api.delete_stack(StackName=self.name)
        deadline = time.monotonic() + 30
        while self.name in self._alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.name not in self._alive(), self.reasons()

    def id_of(self, logical_id: str) -> str:
        """What Ref of a resource answers."""
        detail = self._api.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def status(self) -> str:
        """The stack's status."""
        return str(self._api.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"])

    def reasons(self) -> str:
        """The reasons of the stack's failed events."""
        events = self._api.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        return "; ".join(f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in failed)

    def wait(self) -> None:
        """Wait until nothing is under way."""
        deadline = time.monotonic() + 60
        while self.status().endswith("_IN_PROGRESS") and time.monotonic() < deadline:
            time.sleep(0.05)

    def _outputs(self, wanted: str) -> dict[str, str]:
        self.wait()
        if self.status() != wanted:
            raise StackFailedError(f"{self.status()}: {self.reasons()}")
        stack = self._api.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _alive(self) -> set[str]:
        summaries = self._api.list_stacks()["StackSummaries"]
        return {s["StackName"] for s in summaries if s["StackStatus"] != "DELETE_COMPLETE"}


@contextmanager
def stack(emulator: Emulator, name: str) -> Iterator[Stack]:
    """A stack that is gone afterwards, whatever happened to it."""
    made = Stack(emulator, name)
    try:
        yield made
    finally:
        if made.name in made._alive():
            made.delete()


def get_att(logical_id: str, attribute: str) -> dict[str, Any]:
    """Fn::GetAtt."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def ref(logical_id: str) -> dict[str, Any]:
    """Ref."""
    return {"Ref": logical_id}


def outputs(**values: Any) -> dict[str, Any]:
    """An Outputs section."""
    return {name: {"Value": value} for name, value in values.items()}


def role(trust: Mapping[str, Any], *statements: Mapping[str, Any]) -> dict[str, Any]:
    """A role with one inline policy, if any."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "own", "PolicyDocument": policy}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies}}


def allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def user_pool(domain: str, *scopes: str) -> dict[str, Any]:
    """A user pool, its domain, and the resource server `tools` with these scopes: Pool, Domain and Server."""
    return {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTier": "ESSENTIALS"}},
        "Domain": {
            "Type": "AWS::Cognito::UserPoolDomain",
            "Properties": {"Domain": domain, "UserPoolId": ref("Pool")},
        },
        "Server": {
            "Type": "AWS::Cognito::UserPoolResourceServer",
            "Properties": {
                "UserPoolId": ref("Pool"),
                "Identifier": "tools",
                "Name": "tools",
                "Scopes": [{"ScopeName": scope, "ScopeDescription": scope} for scope in scopes],
            },
        },
    }


def machine_client(*scopes: str, **settings: Any) -> dict[str, Any]:
    """A client of `user_pool` for the client-credentials grant; scopes in full, as tools/read."""
    return {
        "Type": "AWS::Cognito::UserPoolClient",
        "DependsOn": "Server",
        "Properties": {
            "UserPoolId": ref("Pool"),
            "GenerateSecret": True,
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": list(scopes),
            **settings,
        },
    }


def function(code: str, *, role: str = "Role", **properties: Any) -> dict[str, Any]:
    """A Python function with inline code and the handler `index.handler`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.14",
            "Architectures": ["arm64"],
            "Handler": "index.handler",
            "Code": {"ZipFile": code},
            "Role": get_att(role, "Arn"),
            **properties,
        },
    }


def zipped(**files: str) -> bytes:
    """A zip archive of `name=content` Python files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for name, content in files.items():
            package.writestr(f"{name}.py", content)
    return archive.getvalue()


_ANY = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def _body(resources: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    return json.dumps({"Resources": resources, **sections})
