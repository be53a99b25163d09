"""The version to check, on Lambda: invoked with the client context that AgentCore Gateway sends."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from release_check.check import CheckError
from toolkit.invocation import GATEWAY_REQUEST_ID, MESSAGE_ID, PROPAGATED_HEADERS, SEPARATOR, TOOL_NAME
from toolkit.self_checks import CHECKS, QUESTION

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

NOBODY = {"X-Tenant-ID": "release-check", "X-Org-ID": "release-check", "X-Client-ID": "release-check"}
"""For whom a self-check calls: a name that no tenant has, so that a tool which serves tenants finds no data."""


@dataclass(frozen=True, kw_only=True)
class LambdaVersion:
    """The port `NewVersion` on a boto3 client.

    Attributes:
        client: Client of Lambda; its read timeout is what a call may take.
        arn: The published version, qualified.
        target: The gateway target that the version is to answer for, as aws-operations-v1.
    """

    client: LambdaClient
    arn: str
    target: str

    def self_checks(self) -> Mapping[str, Mapping[str, Any]]:
        """See `NewVersion`."""
        checks = self._answer({}, {QUESTION: True}).get(CHECKS)
        if not isinstance(checks, dict):
            raise CheckError("it does not tell its self-checks")
        return checks

    def call(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """See `NewVersion`."""
        answer = self._answer(
            arguments,
            {
                "bedrockAgentCoreMessageVersion": "1.0",
                GATEWAY_REQUEST_ID: str(uuid.uuid4()),
                MESSAGE_ID: "release-check",
                "bedrockAgentCoreGatewayId": "release-check",
                "bedrockAgentCoreTargetId": "release-check",
                TOOL_NAME: f"{self.target}{SEPARATOR}{tool}",
                PROPAGATED_HEADERS: NOBODY,
            },
        )
        if set(answer) == {"isError", "content"} and answer["isError"] is True:
            raise CheckError(" ".join(str(part.get("text", "")) for part in answer["content"]))

    def _answer(self, arguments: Mapping[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
        context = base64.b64encode(json.dumps({"custom": custom}).encode()).decode("ascii")
        try:
            answer = self.client.invoke(
                FunctionName=self.arn, ClientContext=context, Payload=json.dumps(arguments).encode()
            )
            payload = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise CheckError(f"it cannot be invoked: {error}") from None
        except ValueError:
            raise CheckError("it does not answer with JSON") from None
        if "FunctionError" in answer:
            raise CheckError(f"{payload.get('errorType')}: {payload.get('errorMessage')}")
        if not isinstance(payload, dict):
            raise CheckError("it does not answer with a JSON object")
        return payload
