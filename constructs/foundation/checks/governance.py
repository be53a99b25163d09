"""Rules for what checks, judges and counts the calls of AgentCore gateways, which no public policy pack has."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from foundation.checks.finding import Finding
from foundation.checks.statements import Statement, allow_statements
from foundation.checks.template import Resource, Template, Value, as_list, as_text

GATEWAY = "AWS::BedrockAgentCore::Gateway"
TARGET = "AWS::BedrockAgentCore::GatewayTarget"
RATE_LIMIT = "AWS::BedrockAgentCore::GatewayRateLimit"

INTERCEPTION_POINTS = ("REQUEST", "RESPONSE")

PROPAGATED_HEADERS = 10
"""Headers that a target is given at most, and as many that it may answer with
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-headers.html)."""

JUDGEMENT = (
    "bedrock-agentcore:GetPolicyEngine",
    "bedrock-agentcore:AuthorizeAction",
    "bedrock-agentcore:PartiallyAuthorizeActions",
)
"""What a gateway's role needs to have calls judged, or every call is denied
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-permissions.html)."""


def policy_engine(template: Template) -> Iterator[Finding]:
    """A gateway has a policy engine: without one it permits every tool to every caller that it lets in."""
    for gateway in template.of_type(GATEWAY):
        if not gateway.get("PolicyEngineConfiguration.Arn"):
            yield Finding(
                "AgentCore-PolicyEngine",
                gateway.logical_id,
                "PolicyEngineConfiguration",
                "The gateway has no policy engine, so every caller may call every tool; give it one.",
            )


def enforcement(template: Template) -> Iterator[Finding]:
    """A policy engine decides; LOG_ONLY, which only writes down what it would have decided, is for development."""
    for gateway in template.of_type(GATEWAY):
        mode = gateway.get("PolicyEngineConfiguration.Mode")
        if gateway.get("PolicyEngineConfiguration.Arn") and mode != "ENFORCE":
            yield Finding(
                "AgentCore-Enforcement",
                gateway.logical_id,
                "PolicyEngineConfiguration.Mode",
                f"Mode is {as_text(mode)}, so what the policies deny passes; set ENFORCE.",
            )


def policy_engine_key(template: Template) -> Iterator[Finding]:
    """A policy engine is encrypted under a customer-managed key, from the beginning: it cannot be given one later.

    Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-encryption.html
    """
    for engine in template.of_type("AWS::BedrockAgentCore::PolicyEngine"):
        if not engine.get("EncryptionKeyArn"):
            yield Finding(
                "AgentCore-PolicyEngineKey",
                engine.logical_id,
                "EncryptionKeyArn",
                "EncryptionKeyArn is missing, so AWS owns the key for good; give the engine a customer-managed key.",
            )


def policy_permission(template: Template) -> Iterator[Finding]:
    """A gateway's role may have calls judged before the engine is attached, or the gateway cannot be made."""
    for gateway in template.of_type(GATEWAY):
        if not gateway.get("PolicyEngineConfiguration.Arn"):
            continue
        statements = _of_role(template, gateway)
        missing = [action for action in JUDGEMENT if not any(statement.may(action) for statement in statements or ())]
        if statements is not None and missing:
            yield Finding(
                "AgentCore-PolicyPermission",
                gateway.logical_id,
                "RoleArn",
                f"The role is not allowed {missing[0]} before the gateway is made, so every call would be denied; "
                "allow it on the engine and the gateway, and let the gateway wait for the policy.",
            )


def interceptors(template: Template) -> Iterator[Finding]:
    """A gateway has an interceptor before and after: Cedar judges tools alone, and the record has two halves."""
    for gateway in template.of_type(GATEWAY):
        points = {
            point
            for entry in as_list(gateway.get("InterceptorConfigurations"))
            for point in as_list(entry.get("InterceptionPoints"))
        }
        for point in INTERCEPTION_POINTS:
            if point not in points:
                yield Finding(
                    "AgentCore-Interceptors",
                    gateway.logical_id,
                    "InterceptorConfigurations",
                    f"The gateway has no {point} interceptor, so calls pass without context or without a record; "
                    f"add one for {point}.",
                )


def interceptor_permission(template: Template) -> Iterator[Finding]:
    """A gateway's role may invoke its interceptors before the gateway is made: a call whose interceptor fails fails."""
    for gateway in template.of_type(GATEWAY):
        statements = _of_role(template, gateway)
        if statements is None:
            continue
        invoked = [r for s in statements if s.may("lambda:InvokeFunction") for r in s.resources]
        for entry in as_list(gateway.get("InterceptorConfigurations")):
            function = as_text((entry.get("Interceptor") or {}).get("Lambda", {}).get("Arn"))
            if not any(fnmatchcase(function, pattern) for pattern in invoked):
                yield Finding(
                    "AgentCore-InterceptorPermission",
                    gateway.logical_id,
                    "InterceptorConfigurations",
                    f"The role is not allowed to invoke {function} before the gateway is made, so every call would "
                    "fail; allow lambda:InvokeFunction on it, and let the gateway wait for the policy.",
                )


def rate_limits(template: Template) -> Iterator[Finding]:
    """A gateway has rate limits, and each of them one for everybody who has none of their own."""
    limits = list(template.of_type(RATE_LIMIT))
    limited = {as_text(limit.get("GatewayIdentifier")) for limit in limits}
    for gateway in template.of_type(GATEWAY):
        names = {f"<{gateway.logical_id}.GatewayIdentifier>", f"<{gateway.logical_id}>"}
        if not names & limited:
            yield Finding(
                "AgentCore-RateLimits",
                gateway.logical_id,
                "GatewayIdentifier",
                "The gateway has no rate limit, so one caller can take all of it; add an "
                "AWS::BedrockAgentCore::GatewayRateLimit.",
            )
    for limit in limits:
        if not any(set(entry.get("Dimensions", {}).values()) == {"*"} for entry in as_list(limit.get("Entries"))):
            yield Finding(
                "AgentCore-RateLimits",
                limit.logical_id,
                "Entries",
                "No entry is for everybody else, so whoever has none of its own is not limited; add one with *.",
            )


def web_acl(template: Template) -> Iterator[Finding]:
    """A gateway has a web ACL."""
    protected = {as_text(a.get("ResourceArn")) for a in template.of_type("AWS::WAFv2::WebACLAssociation")}
    for gateway in template.of_type(GATEWAY):
        if f"<{gateway.logical_id}.GatewayArn>" not in protected:
            yield Finding(
                "AgentCore-WebAcl",
                gateway.logical_id,
                "GatewayArn",
                "No web ACL is associated with the gateway; add an AWS::WAFv2::WebACLAssociation with its ARN.",
            )


def target_headers(template: Template) -> Iterator[Finding]:
    """A target is given no more headers than AgentCore takes."""
    for target in template.of_type(TARGET):
        for name in ("AllowedRequestHeaders", "AllowedResponseHeaders"):
            headers = as_list(target.get(f"MetadataConfiguration.{name}"))
            if len(headers) > PROPAGATED_HEADERS:
                yield Finding(
                    "AgentCore-TargetHeaders",
                    target.logical_id,
                    f"MetadataConfiguration.{name}",
                    f"{len(headers)} headers are to be propagated and AgentCore takes {PROPAGATED_HEADERS}; leave some "
                    "out.",
                )


def policy_waits_for_targets(template: Template) -> Iterator[Finding]:
    """A policy is made after the targets of its template: AgentCore refuses one that names a tool not yet there.

    Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-create-update-validation.html
    """
    targets = {target.logical_id for target in template.of_type(TARGET)}
    for policy in template.of_type("AWS::BedrockAgentCore::Policy"):
        if missing := targets - template.before(policy.logical_id):
            yield Finding(
                "AgentCore-PolicyWaitsForTargets",
                policy.logical_id,
                "DependsOn",
                f"The policy may be made before {sorted(missing)[0]}, whose tools it may name, and then fails; add the "
                "target to its DependsOn.",
            )


Check = Callable[[Template], Iterator[Finding]]

RULES: tuple[Check, ...] = (
    policy_engine,
    policy_engine_key,
    policy_permission,
    policy_waits_for_targets,
    interceptors,
    interceptor_permission,
    rate_limits,
    target_headers,
)

OUTSIDE_DEVELOPMENT: tuple[Check, ...] = (enforcement, web_acl)
"""Rules that a place to try things may break."""


def _of_role(template: Template, gateway: Resource) -> list[Statement] | None:
    """What the gateway's role is allowed before the gateway is made; None for a role of another template."""
    role = template.referred(gateway.get("RoleArn"))
    if role is None:
        return None
    before = template.before(gateway.logical_id)
    return [
        statement
        for statement in allow_statements(template)
        if statement.carrier.logical_id in before and _is_of(template, statement.carrier, role)
    ]


def _is_of(template: Template, carrier: Resource, role: Resource) -> bool:
    """Whether a policy resource, or the role itself, speaks for a role."""
    attached: list[Value] = as_list(carrier.get("Roles")) + as_list(carrier.get("RoleName"))
    return carrier is role or any(template.referred(name) is role for name in attached)
