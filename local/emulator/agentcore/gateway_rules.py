"""What AgentCore refuses of a gateway's policy engine and interceptors.

The permissions are those of docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-permissions.html ("Gateway
Execution Role"), which the service tries out when it attaches an engine; one REQUEST and one RESPONSE interceptor at
most, and the permission to invoke them, from …/gateway-interceptors-permissions.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.emulator import authorization
from local.emulator.agentcore.errors import ApiError, invalid
from local.emulator.agentcore.policy_engines import PolicyEngines

_SERVICE = "bedrock-agentcore"


def check_policy_engine(request: Mapping[str, Any], gateway_arn: str, engines: PolicyEngines) -> None:
    """Raise ValidationException when the engine is missing or the gateway's role may not ask it."""
    configuration = request.get("policyEngineConfiguration")
    if configuration is None:
        return
    arn, role = configuration["arn"], request["roleArn"]
    _require(role, "GetPolicyEngine", arn, f"Access denied while calling GetPolicyEngine: Gateway role {role}")
    try:
        engine = engines.by_arn(arn)
    except ApiError as error:
        raise invalid(f"The policy engine {arn} does not exist") from error
    for action in ("AuthorizeAction", "PartiallyAuthorizeActions"):
        for resource in (arn, gateway_arn):
            refusal = f"Policy Engine '{engine['policyEngineId']}' does not have the required permissions. {role}"
            _require(role, action, resource, refusal)


def _require(role: str, action: str, resource: str, refusal: str) -> None:
    name = f"{_SERVICE}:{action}"
    if not authorization.role_may(role, name, resource):
        raise invalid(f"{refusal} is not authorized to perform: {name} on resource: {resource}")


def check_interceptors(request: Mapping[str, Any]) -> None:
    """Raise ValidationException for a point that two interceptors take, or a function that the role may not invoke."""
    interceptors = request.get("interceptorConfigurations") or ()
    points = Counter(point for each in interceptors for point in each["interceptionPoints"])
    if twice := sorted(point for point, times in points.items() if times > 1):
        raise invalid(f"A gateway has at most one {' and one '.join(twice)} interceptor")
    for each in interceptors:
        arn = each["interceptor"]["lambda"]["arn"]
        may = authorization.role_may(request["roleArn"], "lambda:InvokeFunction", arn)
        if not may or not authorization.function_exists(arn):
            raise invalid(
                f"Gateway execution role lacks permission to invoke interceptor Lambda function {arn}. Update the "
                "permission and retry"
            )
