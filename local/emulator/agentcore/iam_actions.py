"""What the caller of an operation must be allowed to do, for principals that are not the account's root.

docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrockagentcore.html: an operation needs its
action on every resource type that the page marks as required. That reading a credential also needs the secret's own
permission is in docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_actions, iam_evaluator, router

from local.emulator.agentcore import arns
from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.policy_statements import parse, text_of
from local.emulator.agentcore.wire import Route
from local.emulator.patching import replace
from local.emulator.settings import REGION

_SERVICE = "bedrock-agentcore"
_OF_CREDENTIAL = ("GetResourceApiKey", "GetResourceOauth2Token")

Request = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One action on one resource."""

    service: str
    action: str
    resource: str


class Permissions:
    """Names the permissions of operations, and asks IAM for them."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        holder: Callable[[str], str],
        secret_arn: Callable[[str, str], str | None],
    ) -> None:
        """`holder` names the workload that a token was given to, `secret_arn` the secret of a provider by operation."""
        self._routes = routes
        self._holder = holder
        self._secret_arn = secret_arn

    def install(self) -> None:
        """Let ministack ask for the first permission; it only authenticates requests whose action it does not know."""
        action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

        def extract_iam_action(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
            found = self._first(service, method, path, body)
            return found.action if found else action_of(service, method, path, headers, body, *rest)

        def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
            found = self._first(service, method, path, body)
            return found.resource if found else resource_of(service, method, path, headers, body, *rest)

        replace(action_of, extract_iam_action)
        replace(resource_of, extract_resource_arn)

    def check_rest(self, route: Route, request: Request, headers: Mapping[str, str], query: Mapping[str, Any]) -> None:
        """Ask for the permissions after the first, as the caller who signed. Raises AccessDeniedException."""
        key = router.extract_access_key_id(headers, query)
        for needed in self._needed(route.operation.name, request)[1:]:
            denied = iam_evaluator.enforce(key, needed.action, needed.service, REGION, resource_arn=needed.resource)
            if denied is not None:
                raise ApiError(
                    "AccessDeniedException",
                    f"User: {iam_evaluator.caller_arn()} is not authorized to perform: {needed.action} on resource: "
                    f"{needed.resource}",
                )

    def _first(self, service: str, method: str, path: str, body: bytes) -> Permission | None:
        if service != _SERVICE:
            return None
        for route in self._routes:
            labels = route.labels(method, path)
            if labels is not None:
                return self._needed(route.operation.name, route.members(labels, body))[0]
        return None

    def _needed(self, operation: str, request: Request) -> list[Permission]:
        resources = list(self._resources(operation, request)) or ["*"]
        needed = [
            Permission(service=_SERVICE, action=f"{_SERVICE}:{operation}", resource=resource) for resource in resources
        ]
        if operation in _OF_CREDENTIAL:
            secret = self._secret_arn(operation, str(request.get("resourceCredentialProviderName", "")))
            if secret:
                action = "secretsmanager:GetSecretValue"
                needed.append(Permission(service="secretsmanager", action=action, resource=secret))
        if "definition" in request:
            needed += _of_policy(request["definition"])
        return needed

    def _resources(self, operation: str, request: Request) -> Iterator[str]:
        if "resourceArn" in request:
            yield request["resourceArn"]
        elif "gatewayIdentifier" in request:
            yield arns.gateway(request["gatewayIdentifier"])
        elif operation in _OF_CREDENTIAL:
            provider = str(request.get("resourceCredentialProviderName", ""))
            yield _provider(operation, provider)
            yield arns.TOKEN_VAULT
            yield from self._identity_of(str(request.get("workloadIdentityToken", "")))
            yield arns.WORKLOAD_IDENTITY_DIRECTORY
        elif "CredentialProvider" in operation:
            if "name" in request:
                yield _provider(operation, str(request["name"]))
            yield arns.TOKEN_VAULT
        elif operation == "GetWorkloadAccessToken" or "WorkloadIdent" in operation:
            if name := request.get("workloadName", request.get("name")):
                yield arns.workload_identity(str(name))
            yield arns.WORKLOAD_IDENTITY_DIRECTORY
        elif "policyEngineId" in request:
            engine = str(request["policyEngineId"])
            yield arns.policy_engine(engine)
            if "policyId" in request:
                yield arns.policy(engine, str(request["policyId"]))
        elif "agentRuntimeId" in request:
            runtime = str(request["agentRuntimeId"])
            yield arns.runtime(runtime)
            if "endpointName" in request:
                yield arns.runtime_endpoint(runtime, str(request["endpointName"]))

    def _identity_of(self, token: str) -> Iterator[str]:
        try:
            yield arns.workload_identity(self._holder(token))
        except ApiError:
            return  # the operation refuses the token itself


def _provider(operation: str, name: str) -> str:
    return arns.api_key_provider(name) if "ApiKey" in operation else arns.oauth2_provider(name)


def _of_policy(definition: Any) -> list[Permission]:
    """What writing a policy needs besides: to manage the scope that it has, and to ask its gateway for the tools.

    docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-permissions.html ("Resource Management Role").
    """
    try:
        gateway = parse(text_of(definition)).gateway_arn
    except (ApiError, AttributeError, KeyError, TypeError, ValueError):
        return []  # the operation refuses the definition itself
    if gateway is None:
        return [Permission(service=_SERVICE, action=f"{_SERVICE}:ManageAdminPolicy", resource="*")]
    actions = ("ManageResourceScopedPolicy", "InvokeGateway")
    return [Permission(service=_SERVICE, action=f"{_SERVICE}:{action}", resource=gateway) for action in actions]
