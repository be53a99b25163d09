"""Workload identities: what a gateway, a runtime or an own program is called towards the token vault.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateWorkloadIdentity.html and, for the tokens,
docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetWorkloadAccessToken.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore import arns
from local.emulator.agentcore.collection import Collection, Record, now
from local.emulator.agentcore.errors import ApiError, conflict

_TOKEN_SECONDS = 15 * 60


class WorkloadIdentities:
    """The identities of the account's directory, and the tokens that they got."""

    def __init__(self) -> None:
        self._identities = Collection("Workload identity")
        self._tokens: dict[str, tuple[str, float]] = {}

    def add(self, name: str) -> str:
        """Make the identity that a service gives to its own resource, and give its ARN."""
        return str(self.create({"name": name})["workloadIdentityArn"])

    def discard(self, name: str) -> None:
        """Remove the identity of a resource that ends, unless somebody did before."""
        if name in self._identities:
            self._identities.remove(name)

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreateWorkloadIdentity."""
        name = request["name"]
        if name in self._identities:
            raise conflict(f"A workload identity with name {name} already exists")
        record = {
            "name": name,
            "workloadIdentityArn": arns.workload_identity(name),
            "allowedResourceOauth2ReturnUrls": list(request.get("allowedResourceOauth2ReturnUrls", ())),
            "createdTime": now(),
            "lastUpdatedTime": now(),
            "tags": dict(request.get("tags", {})),
        }
        self._identities.put(name, record)
        return record

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetWorkloadIdentity."""
        return self._identities.get(request["name"])

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListWorkloadIdentities."""
        return self._identities.page(request, called="workloadIdentities")

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdateWorkloadIdentity."""
        urls = list(request.get("allowedResourceOauth2ReturnUrls", ()))
        record = {
            **self._identities.get(request["name"]),
            "allowedResourceOauth2ReturnUrls": urls,
            "lastUpdatedTime": now(),
        }
        self._identities.put(record["name"], record)
        return record

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteWorkloadIdentity."""
        self._identities.remove(request["name"])
        return {}

    def by_arn(self, arn: str) -> Record:
        """The identity with this ARN. Raises ResourceNotFoundException."""
        return self._identities.get(arn.rpartition("/")[2])

    def access_token(self, request: Mapping[str, Any]) -> Record:
        """GetWorkloadAccessToken: a token that lasts a quarter of an hour."""
        self._identities.get(request["workloadName"])
        token = secrets.token_urlsafe(48)
        self._forget_expired()
        self._tokens[token] = (request["workloadName"], time.monotonic() + _TOKEN_SECONDS)
        return {"workloadAccessToken": token}

    def holder(self, token: str) -> str:
        """The name of the identity that a token was given to. Raises UnauthorizedException."""
        name, expires = self._tokens.get(token, ("", 0.0))
        if name not in self._identities or time.monotonic() >= expires:
            raise ApiError("UnauthorizedException", "The workload access token is not valid or has expired")
        return name

    def _forget_expired(self) -> None:
        moment = time.monotonic()
        self._tokens = {token: held for token, held in self._tokens.items() if held[1] > moment}
