"""Rules for the targets of AgentCore gateways, which no public policy pack has."""

from collections.abc import Callable, Iterator

from foundation.checks.finding import Finding
from foundation.checks.template import Resource, Template, as_list, as_text
from foundation.checks.width import width

TARGET = "AWS::BedrockAgentCore::GatewayTarget"
ROLE_POLICY_TYPES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")

CONCURRENT_TARGETS = 5
"""Target operations that one gateway takes at a time."""

TARGETS_PER_GATEWAY = 100
"""Targets that one gateway has at most. Both are AgentCore quotas:
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html."""

CREDENTIALS = {
    "Lambda": ("GATEWAY_IAM_ROLE",),
    "OpenApiSchema": (None, "GATEWAY_IAM_ROLE", "OAUTH", "API_KEY"),
    "SmithyModel": ("GATEWAY_IAM_ROLE", "OAUTH"),
    "McpServer": (None, "GATEWAY_IAM_ROLE", "OAUTH", "API_KEY"),
    "ApiGateway": (None, "GATEWAY_IAM_ROLE", "API_KEY"),
}
"""Credentials by kind of target, None for no credential at all
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html)."""


def target_waits_for_policy(template: Template) -> Iterator[Finding]:
    """A target with a credential is created after the gateway role's policies, or AgentCore refuses it."""
    for target in template.of_type(TARGET):
        gateway = template.referred(target.get("GatewayIdentifier"))
        role = template.referred(gateway.get("RoleArn")) if gateway else None
        if role is None or not target.get("CredentialProviderConfigurations"):
            continue
        missing = {policy.logical_id for policy in _policies_of(template, role)} - template.before(target.logical_id)
        if missing:
            yield Finding(
                "AgentCore-TargetWaitsForPolicy",
                target.logical_id,
                "DependsOn",
                f"The target may be created before {', '.join(sorted(missing))} of the gateway's role and then fails; "
                "add the policy to the target's DependsOn.",
            )


def concurrent_targets(template: Template) -> Iterator[Finding]:
    """CloudFormation never works on more of a gateway's targets at a time than AgentCore takes."""
    for targets in _by_gateway(template).values():
        at_once = width({target: template.before(target) & set(targets) for target in targets})
        if at_once > CONCURRENT_TARGETS:
            yield Finding(
                "AgentCore-ConcurrentTargets",
                targets[-1],
                "DependsOn",
                f"CloudFormation would work on {at_once} targets of one gateway at a time and AgentCore takes "
                f"{CONCURRENT_TARGETS}; chain the targets with DependsOn.",
            )


def targets_per_gateway(template: Template) -> Iterator[Finding]:
    """A gateway has no more targets than AgentCore takes."""
    for targets in _by_gateway(template).values():
        if len(targets) > TARGETS_PER_GATEWAY:
            yield Finding(
                "AgentCore-TargetsPerGateway",
                targets[-1],
                "GatewayIdentifier",
                f"The gateway has {len(targets)} targets and AgentCore takes {TARGETS_PER_GATEWAY}; put tools "
                "together, or make another gateway.",
            )


def target_credential(template: Template) -> Iterator[Finding]:
    """A target has a credential of a kind that AgentCore supports for it, which is checked late at deployment."""
    for target in template.of_type(TARGET):
        [kind] = target.get("TargetConfiguration.Mcp") or [None]
        given = [
            entry.get("CredentialProviderType") for entry in as_list(target.get("CredentialProviderConfigurations"))
        ]
        supported = CREDENTIALS.get(kind)
        if supported is not None and (given or [None])[0] not in supported:
            yield Finding(
                "AgentCore-TargetCredential",
                target.logical_id,
                "CredentialProviderConfigurations",
                f"{kind} targets do not support {as_text(given[0]) if given else 'no credential'}; use "
                f"{' or '.join(name or 'none' for name in supported)}.",
            )


def secrets_in_templates(template: Template) -> Iterator[Finding]:
    """A credential provider refers to its secret: what CloudFormation is given is in stack histories and logs."""
    for provider in template.of_type("AWS::BedrockAgentCore::ApiKeyCredentialProvider"):
        if provider.get("ApiKey") is not None:
            yield _secret(provider, "ApiKey", "ApiKeySecretConfig")
    for provider in template.of_type("AWS::BedrockAgentCore::OAuth2CredentialProvider"):
        for kind, config in (provider.get("Oauth2ProviderConfigInput") or {}).items():
            if "ClientSecret" in config:
                yield _secret(provider, f"Oauth2ProviderConfigInput.{kind}.ClientSecret", "ClientSecretConfig")


def _secret(provider: Resource, place: str, instead: str) -> Finding:
    return Finding(
        "AgentCore-SecretInTemplate",
        provider.logical_id,
        place,
        f"{place} is given to CloudFormation; leave the value in Secrets Manager and name it in {instead}.",
    )


RULES: tuple[Callable[[Template], Iterator[Finding]], ...] = (
    target_waits_for_policy,
    concurrent_targets,
    targets_per_gateway,
    target_credential,
    secrets_in_templates,
)


def _by_gateway(template: Template) -> dict[str, list[str]]:
    """Logical ids of the targets of each gateway."""
    groups: dict[str, list[str]] = {}
    for target in template.of_type(TARGET):
        identifier = target.get("GatewayIdentifier")
        gateway = template.referred(identifier)
        groups.setdefault(gateway.logical_id if gateway else as_text(identifier), []).append(target.logical_id)
    return groups


def _policies_of(template: Template, role: Resource) -> Iterator[Resource]:
    """The separate policy resources of a template that are attached to a role."""
    for policy in template.of_type(*ROLE_POLICY_TYPES):
        attached = as_list(policy.get("Roles")) + as_list(policy.get("RoleName"))
        if any(template.referred(name) is role for name in attached):
            yield policy
