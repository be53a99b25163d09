"""An AWS account in memory (moto) that the tools read with the credentials of a role, IAM enforced.

moto names the action of a request itself, which is what makes it a witness; it does not look at resources and
conditions, which the emulator does (tests/local).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.session import get_session
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count
from moto.iam.access_control import IAMRequestBase

from tests.permissions.servers import servers
from tests.scenarios.model import Call, Made, Scenario
from tests.unit.lambda_calls import call as call_tool
from toolkit.aws import _client

REGION = "us-east-1"

_LOADER = create_loader()
"""What botocore knows of services, read once: that is most of the time of making a client."""


class MotoAccount:
    """The account of one scenario.

    Attributes:
        scenario: What it was filled for.
        made: What the scenario's data are called.
        denied: API operations that the last call was refused for want of a permission.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Fill the account; `mock_aws` has to be on."""
        self.scenario = scenario
        self.denied: list[str] = []
        self._start_session()
        self._iam, self._sts = owner("iam"), owner("sts")
        self._roles: dict[frozenset[str], Mapping[str, str]] = {}
        self.made: Made = scenario.fill(owner, "moto")

    def calls(self, operation: str) -> list[Call]:
        """The scenario's calls of an operation."""
        return [call for call in self.scenario.calls(self.made) if call.operation == operation]

    def api_calls(self, call: Call) -> set[str]:
        """The API operations that a call makes, as `service:Operation`, made as the account's owner."""
        made: set[str] = set()
        self._start_session()
        self._events().register("before-call", lambda model, **_: made.add(_name(model)))
        self._stub(call.stubbed, granted=None)
        answer = self._answer(call)
        assert "isError" not in answer, (
            f"no scenario in tests/scenarios has a call of {self.scenario.tool} {call.operation} that answers: {answer}"
        )
        _check_answer(call, answer)
        return made

    def as_role(self, call: Call, actions: Iterable[str]) -> dict[str, Any]:
        """The answer of a call with the credentials of a role that may do `actions`."""
        granted = set(actions)
        self.denied = []
        self._start_session(self._credentials(frozenset(granted | self._in_motos_words(granted))))
        self._events().register("after-call", self._note_denial)
        self._stub(call.stubbed, granted=granted)
        answer: dict[str, Any] = set_initial_no_auth_action_count(0)(self._answer)(call)
        return answer

    def action_of(self, api_call: str) -> str:
        """The IAM action of an API operation: of the same name, unless the scenario knows better."""
        return action_of(self.scenario, api_call)

    def _in_motos_words(self, granted: set[str]) -> set[str]:
        """What moto asks for instead of these actions: the API operation, under the name that signs the request."""
        renamed = {
            f"{_SIGNED.get(prefix, prefix)}:{name}"
            for api_call, action in self.scenario.actions.items()
            if action in granted
            for prefix, _, name in [_prefixed(api_call).partition(":")]
        }
        signed = {action.replace(f"{prefix}:", f"{name}:") for action in granted for prefix, name in _SIGNED.items()}
        return renamed | signed

    def _note_denial(self, http_response: Any, model: Any, **_: Any) -> None:
        if http_response.status_code == 403:
            self.denied.append(_name(model))

    def _answer(self, call: Call) -> dict[str, Any]:
        server = servers()[self.scenario.server]
        answer: dict[str, Any] = call_tool(server, self.scenario.tool, call.event())
        return answer

    def _stub(self, stubbed: Mapping[str, Any], *, granted: set[str] | None) -> None:
        """Answer the API operations that moto does not know, when the role may call them (None: it may)."""

        def respond(model: Any, **_: Any) -> Any:
            name = _name(model)
            if name not in stubbed:
                return None
            if granted is not None and self.action_of(name) not in granted:
                self.denied.append(name)
                message = f"User: x is not authorized to perform: {self.action_of(name)}"
                error: Any = {"Error": {"Code": "AccessDeniedException", "Message": message}}
                raise ClientError(error, model.name)
            report = ParamValidator().validate(stubbed[name], model.output_shape)
            assert not report.has_errors(), f"{name}: {report.generate_report()}"
            response: Any = type("Response", (), {"status_code": 200, "headers": {}})()
            return response, {**stubbed[name], "ResponseMetadata": {"HTTPStatusCode": 200}}

        self._events().register("before-call", respond)

    def _events(self) -> Any:
        session = boto3.DEFAULT_SESSION
        assert session is not None
        return session.events

    def _credentials(self, actions: frozenset[str]) -> Mapping[str, str]:
        """The credentials of a role that may do `actions`, as the parameters of a session."""
        if actions not in self._roles:
            role = self._iam.create_role(RoleName=f"tool-{len(self._roles)}", AssumeRolePolicyDocument="{}")["Role"]
            statement = {"Effect": "Allow", "Action": sorted(actions) or ["none:None"], "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            self._iam.put_role_policy(RoleName=role["RoleName"], PolicyName="tool", PolicyDocument=document)
            given = self._sts.assume_role(RoleArn=role["Arn"], RoleSessionName="tool")["Credentials"]
            self._roles[actions] = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self._roles[actions]

    def _start_session(self, credentials: Mapping[str, str] | None = None) -> None:
        """Let the tools make their clients anew, with `credentials` or as the account's owner."""
        session = get_session()
        session.register_component("data_loader", _LOADER)
        boto3.setup_default_session(botocore_session=session, region_name=REGION, **(credentials or {}))
        _client.cache_clear()


# Where IAM's prefix is not boto3's name of the service (service authorization reference, each service's first line).
_PREFIXES = {
    "apigatewayv2": "apigateway",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "sesv2": "ses",
}

# Where a request is signed under another name than IAM's prefix; moto takes that one.
_SIGNED = {"cloudwatch": "monitoring"}


def action_of(scenario: Scenario, api_call: str) -> str:
    """The IAM action of a `service:Operation`: of the same name, unless the scenario knows better."""
    return scenario.actions.get(api_call, _prefixed(api_call))


def _prefixed(api_call: str) -> str:
    service, _, operation = api_call.partition(":")
    return f"{_PREFIXES.get(service, service)}:{operation}"


def owner(service: str) -> Any:
    """A client of the account's owner."""
    return boto3.client(service, REGION)  # type: ignore[call-overload]


@contextmanager
def moto_account(scenario: Scenario) -> Iterator[MotoAccount]:
    """An account filled for one scenario."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_REGION", REGION)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # they take seconds
        # moto signs paths with a region or an id otherwise than AWS does; whose call it is it takes from the key.
        patch.setattr(IAMRequestBase, "check_signature", lambda _: None)
        with mock_aws():
            yield MotoAccount(scenario)
    _client.cache_clear()
    boto3.DEFAULT_SESSION = None


def _check_answer(call: Call, answer: Mapping[str, Any]) -> None:
    text = json.dumps(answer)
    assert call.finds in text, f"{call.operation}: {call.finds!r} is not in {text}"
    for secret in call.hides:
        assert secret not in text, f"{call.operation}: shows {secret!r}"


def _name(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"
