"""AgentCore runtimes and their endpoints: CreateAgentRuntime and its kin.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateAgentRuntime.html; versions and endpoints
from docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agent-runtime-versioning.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.emulator import authorization
from local.emulator.agentcore import arns, runtime_code
from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.errors import conflict, invalid, not_found
from local.emulator.agentcore.execution_role import SERVICE
from local.emulator.agentcore.identities import WorkloadIdentities

DEFAULT = "DEFAULT"
"""The endpoint that every runtime has and that follows its newest version."""

_LIFECYCLE = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
_KEPT_ON_UPDATE = (
    "agentRuntimeId",
    "agentRuntimeArn",
    "agentRuntimeName",
    "workloadIdentityDetails",
    "createdAt",
    "tags",
)


class Runtimes:
    """The account's runtimes with every version of theirs."""

    def __init__(self, identities: WorkloadIdentities, *, retire: Callable[[Record], None]) -> None:
        """Each runtime gets one of `identities`; `retire` is told each version that nothing serves any more."""
        self._identities = identities
        self._retire = retire
        self._runtimes = Collection("Agent runtime")
        self._versions: dict[str, list[Record]] = {}
        self._endpoints: dict[str, Collection] = {}

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreateAgentRuntime: version 1 and the endpoint DEFAULT."""
        name = request["agentRuntimeName"]
        if any(runtime["agentRuntimeName"] == name for runtime in self._runtimes):
            raise conflict(f"An agent runtime with name {name} already exists")
        runtime_id = f"{name}-{new_suffix()}"
        _check(request, runtime_id)
        record = {
            **_settings(request),
            "agentRuntimeId": runtime_id,
            "agentRuntimeArn": arns.runtime(runtime_id),
            "agentRuntimeVersion": "1",
            "workloadIdentityDetails": {"workloadIdentityArn": self._identities.add(runtime_id)},
            "createdAt": now(),
            "lastUpdatedAt": now(),
            "tags": dict(request.get("tags", {})),
        }
        self._runtimes.put(runtime_id, record)
        self._versions[runtime_id] = [record]
        self._endpoints[runtime_id] = Collection("Agent runtime endpoint")
        self._put_endpoint(record, DEFAULT, "1", {})
        return {**record, "status": "CREATING"}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetAgentRuntime: the newest version, or the named one."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        return self._version(runtime, request.get("agentRuntimeVersion", runtime["agentRuntimeVersion"]))

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListAgentRuntimes."""
        return self._runtimes.page(request, called="agentRuntimes")

    def versions(self, request: Mapping[str, Any]) -> Record:
        """ListAgentRuntimeVersions."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        page = Collection("Agent runtime version")
        for version in reversed(self._versions[runtime["agentRuntimeId"]]):
            page.put(version["agentRuntimeVersion"], version)
        return page.page(request, called="agentRuntimes")

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdateAgentRuntime: makes a version of what the request says; a setting left out is gone."""
        before = self._runtimes.get(request["agentRuntimeId"])
        runtime_id = before["agentRuntimeId"]
        _check(request, runtime_id)
        record = {
            **_settings(request),
            **{name: before[name] for name in _KEPT_ON_UPDATE},
            "agentRuntimeVersion": str(int(before["agentRuntimeVersion"]) + 1),
            "lastUpdatedAt": now(),
        }
        self._runtimes.put(runtime_id, record)
        self._versions[runtime_id].append(record)
        self._put_endpoint(record, DEFAULT, record["agentRuntimeVersion"], self._endpoints[runtime_id].get(DEFAULT))
        self._retire_unserved(runtime_id)
        return {**record, "status": "UPDATING"}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteAgentRuntime, with every endpoint."""
        runtime_id = self._runtimes.get(request["agentRuntimeId"])["agentRuntimeId"]
        self._runtimes.remove(runtime_id)
        self._identities.discard(runtime_id)
        del self._endpoints[runtime_id]
        for version in self._versions.pop(runtime_id):
            self._retire(version)
        return {"agentRuntimeId": runtime_id, "status": "DELETING"}

    def create_endpoint(self, request: Mapping[str, Any]) -> Record:
        """CreateAgentRuntimeEndpoint."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        if request["name"] in self._endpoints[runtime["agentRuntimeId"]]:
            raise conflict(f"An endpoint with name {request['name']} already exists")
        version = request.get("agentRuntimeVersion", runtime["agentRuntimeVersion"])
        endpoint = self._put_endpoint(runtime, request["name"], version, request)
        return {**endpoint, "status": "CREATING"}

    def get_endpoint(self, request: Mapping[str, Any]) -> Record:
        """GetAgentRuntimeEndpoint."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        return self._endpoints[runtime["agentRuntimeId"]].get(request["endpointName"])

    def list_endpoints(self, request: Mapping[str, Any]) -> Record:
        """ListAgentRuntimeEndpoints."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        return self._endpoints[runtime["agentRuntimeId"]].page(request, called="runtimeEndpoints")

    def update_endpoint(self, request: Mapping[str, Any]) -> Record:
        """UpdateAgentRuntimeEndpoint: points it to another version."""
        runtime = self._runtimes.get(request["agentRuntimeId"])
        endpoint = self.get_endpoint(request)
        version = request.get("agentRuntimeVersion", endpoint["liveVersion"])
        changed = self._put_endpoint(runtime, endpoint["name"], version, {**endpoint, **request})
        self._retire_unserved(runtime["agentRuntimeId"])
        return {**changed, "status": "UPDATING"}

    def delete_endpoint(self, request: Mapping[str, Any]) -> Record:
        """DeleteAgentRuntimeEndpoint: DEFAULT ends with its runtime only."""
        endpoint = self.get_endpoint(request)
        if endpoint["name"] == DEFAULT:
            raise conflict("The endpoint DEFAULT cannot be deleted")
        self._endpoints[request["agentRuntimeId"]].remove(endpoint["name"])
        self._retire_unserved(request["agentRuntimeId"])
        return {"agentRuntimeId": request["agentRuntimeId"], "endpointName": endpoint["name"], "status": "DELETING"}

    def by_arn(self, arn: str) -> Record:
        """The runtime with this ARN. Raises ResourceNotFoundException."""
        return self._runtimes.get(arn.rpartition(":runtime/")[2])

    def endpoint_by_arn(self, arn: str) -> Record:
        """The endpoint with this ARN. Raises ResourceNotFoundException."""
        runtime, _, name = arn.partition("/runtime-endpoint/")
        return self._endpoints[self.by_arn(runtime)["agentRuntimeId"]].get(name)

    def served(self, arn: str, qualifier: str) -> Record:
        """The version that an endpoint of a runtime serves. Raises ResourceNotFoundException."""
        runtime = self.by_arn(arn)
        endpoint = self._endpoints[runtime["agentRuntimeId"]].get(qualifier)
        return self._version(runtime, endpoint["liveVersion"])

    def with_role(self, role_arn: str) -> Sequence[str]:
        """The ARNs of the runtimes that have this role."""
        return [runtime["agentRuntimeArn"] for runtime in self._runtimes if runtime["roleArn"] == role_arn]

    def _version(self, runtime: Record, version: str) -> Record:
        for record in self._versions[runtime["agentRuntimeId"]]:
            if record["agentRuntimeVersion"] == version:
                return record
        raise not_found(f"Version {version} of the agent runtime {runtime['agentRuntimeId']} does not exist")

    def _put_endpoint(self, runtime: Record, name: str, version: str, said: Mapping[str, Any]) -> Record:
        self._version(runtime, version)
        arn = arns.runtime_endpoint(runtime["agentRuntimeId"], name)
        endpoint = {
            "id": said.get("id", f"{name}-{new_suffix()}"),
            "name": name,
            "endpointName": name,
            "agentRuntimeId": runtime["agentRuntimeId"],
            "agentRuntimeArn": runtime["agentRuntimeArn"],
            "agentRuntimeEndpointArn": arn,
            "targetVersion": version,
            "liveVersion": version,
            "description": said.get("description"),
            "createdAt": said.get("createdAt", now()),
            "lastUpdatedAt": now(),
            "status": "READY",
            "tags": dict(said.get("tags", {})),
        }
        self._endpoints[runtime["agentRuntimeId"]].put(name, endpoint)
        return endpoint

    def _retire_unserved(self, runtime_id: str) -> None:
        served = {endpoint["liveVersion"] for endpoint in self._endpoints[runtime_id]}
        for version in self._versions[runtime_id]:
            if version["agentRuntimeVersion"] not in served:
                self._retire(version)


def _settings(request: Mapping[str, Any]) -> Record:
    about_the_call = ("agentRuntimeId", "clientToken", "tags")
    settings = {name: value for name, value in request.items() if name not in about_the_call}
    return {
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "protocolConfiguration": {"serverProtocol": "HTTP"},
        "status": "READY",
        **settings,
        "lifecycleConfiguration": {**_LIFECYCLE, **request.get("lifecycleConfiguration", {})},
    }


def _check(request: Mapping[str, Any], runtime_id: str) -> None:
    role = request["roleArn"]
    if not authorization.role_trusts(role, SERVICE, source_arn=arns.runtime(runtime_id)):
        raise invalid(f"The role {role} does not exist or does not let {SERVICE} assume it")
    network = request.get("networkConfiguration", {"networkMode": "PUBLIC"})
    if (network["networkMode"] == "VPC") != ("networkModeConfig" in network):
        raise invalid("networkModeConfig is required for the network mode VPC and not allowed for PUBLIC")
    if "allowedWorkloadConfiguration" in request.get("authorizerConfiguration", {}).get("customJWTAuthorizer", {}):
        raise invalid("The local run does not check allowedWorkloadConfiguration: leave it out")
    runtime_code.check(request["agentRuntimeArtifact"])
