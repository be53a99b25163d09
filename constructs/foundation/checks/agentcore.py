"""Rules for AgentCore gateways, which no public policy pack has.

Those for their targets are in `targets`, for what judges their calls in `governance`, for agents in `function_urls`.

Each rule reads one synthesized template, so it sees raw overrides too, and yields a finding per resource: what is
wrong and the way out. Ids are ``AgentCore-<rule>``; `foundation.acknowledge` accepts them like those of other packs.
"""

from collections.abc import Callable, Iterator

from foundation.checks import function_urls, governance, targets
from foundation.checks.finding import Finding
from foundation.checks.statements import allow_statements, reaches_every
from foundation.checks.template import Resource, Template, Value, as_list, as_text

GATEWAY = "AWS::BedrockAgentCore::Gateway"
REQUIRED_MCP_VERSION = "2025-11-25"
GATEWAY_ACTIONS = (
    "bedrock-agentcore:AuthorizeAction",
    "bedrock-agentcore:CreateGatewayTarget",
    "bedrock-agentcore:DeleteGateway",
    "bedrock-agentcore:DeleteGatewayTarget",
    "bedrock-agentcore:DeleteResourcePolicy",
    "bedrock-agentcore:GetGateway",
    "bedrock-agentcore:GetGatewayTarget",
    "bedrock-agentcore:GetResourcePolicy",
    "bedrock-agentcore:InvokeGateway",
    "bedrock-agentcore:ListGatewayTargets",
    "bedrock-agentcore:ListTagsForResource",
    "bedrock-agentcore:ManageResourceScopedPolicy",
    "bedrock-agentcore:PartiallyAuthorizeActions",
    "bedrock-agentcore:PutResourcePolicy",
    "bedrock-agentcore:SynchronizeGatewayTargets",
    "bedrock-agentcore:TagResource",
    "bedrock-agentcore:UntagResource",
    "bedrock-agentcore:UpdateGateway",
    "bedrock-agentcore:UpdateGatewayTarget",
)
"""Actions that can be narrowed to a gateway's ARN (service authorization reference, Amazon Bedrock AgentCore:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrockagentcore.html)."""


Check = Callable[[Template], Iterator[Finding]]


def authorizer(template: Template) -> Iterator[Finding]:
    """A gateway checks who calls: by JWT or by IAM, never not at all and never without authorizing."""
    for gateway in template.of_type(GATEWAY):
        kind = gateway.get("AuthorizerType")
        if kind not in ("CUSTOM_JWT", "AWS_IAM"):
            yield Finding(
                "AgentCore-Authorizer",
                gateway.logical_id,
                "AuthorizerType",
                f"AuthorizerType is {as_text(kind)}, so the gateway would serve callers nobody has authorized; "
                "set CUSTOM_JWT (or AWS_IAM).",
            )


def cognito_audience(template: Template) -> Iterator[Finding]:
    """No AllowedAudience with Cognito, whose client-credentials tokens have a client_id and no aud.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    for gateway, jwt in _jwt_authorizers(template):
        if jwt.get("AllowedAudience") and _may_be_cognito(jwt.get("DiscoveryUrl")):
            yield Finding(
                "AgentCore-CognitoAudience",
                gateway.logical_id,
                "AuthorizerConfiguration.CustomJWTAuthorizer.AllowedAudience",
                "AllowedAudience refuses every client-credentials token of Cognito, which has no aud claim; "
                "remove it and use AllowedScopes with AllowedClients or CustomClaims.",
            )


def cognito_clients_and_scopes(template: Template) -> Iterator[Finding]:
    """With Cognito a token has to show a scope, and that its client is one of ours.

    Either the gateway lists the clients, or it asks for a claim that only our own trigger writes, for clients that it
    knows: any client of the pool could otherwise call.
    """
    for gateway, jwt in _jwt_authorizers(template):
        if not _may_be_cognito(jwt.get("DiscoveryUrl")):
            continue
        for names, what in ((("AllowedClients", "CustomClaims"), "clients"), (("AllowedScopes",), "scopes")):
            if not any(jwt.get(name) for name in names):
                are = "are" if len(names) > 1 else "is"
                yield Finding(
                    "AgentCore-CognitoClientsAndScopes",
                    gateway.logical_id,
                    f"AuthorizerConfiguration.CustomJWTAuthorizer.{names[0]}",
                    f"{' and '.join(names)} {are} empty, so the gateway does not tell the pool's {what} apart; "
                    f"fill {' or '.join(names)} with what may call.",
                )


def gateway_key(template: Template) -> Iterator[Finding]:
    """A gateway is encrypted under a customer-managed key."""
    for gateway in template.of_type(GATEWAY):
        if not gateway.get("KmsKeyArn"):
            yield Finding(
                "AgentCore-GatewayKey",
                gateway.logical_id,
                "KmsKeyArn",
                "KmsKeyArn is missing, so AWS owns the key; give the gateway a customer-managed key.",
            )


def debug_exceptions(template: Template) -> Iterator[Finding]:
    """A gateway does not tell its callers the inside of an error; DEBUG, the only level there is, does.

    Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-debug-messages.html
    """
    for gateway in template.of_type(GATEWAY):
        level = gateway.get("ExceptionLevel")
        if level is not None:
            yield Finding(
                "AgentCore-DebugExceptions",
                gateway.logical_id,
                "ExceptionLevel",
                f"ExceptionLevel is {as_text(level)}, which shows callers the inside of errors; "
                "leave it out wherever debugging is not allowed.",
            )


def permission_scope(template: Template) -> Iterator[Finding]:
    """Permissions on gateways name their gateway."""
    for statement in allow_statements(template):
        actions = [action for action in GATEWAY_ACTIONS if statement.may(action)]
        wide = [r for r in statement.resources if reaches_every(r, service="bedrock-agentcore", kind="gateway")]
        if actions and wide:
            yield Finding(
                "AgentCore-PermissionScope",
                statement.carrier.logical_id,
                "Policies" if statement.carrier.type == "AWS::IAM::Role" else "PolicyDocument",
                f"{actions[0]} is allowed on {wide[0]}, which is every gateway; name the gateway's ARN.",
            )


def gateway_role_trust(template: Template) -> Iterator[Finding]:
    """A gateway's role trusts the service only on behalf of this account.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    for gateway in template.of_type(GATEWAY):
        role = template.referred(gateway.get("RoleArn"))
        if role is None:
            continue
        for statement in as_list(role.get("AssumeRolePolicyDocument.Statement")):
            if "aws:sourceaccount" not in as_text(statement.get("Condition")).lower():
                yield Finding(
                    "AgentCore-GatewayRoleTrust",
                    role.logical_id,
                    "AssumeRolePolicyDocument",
                    "A statement lets the service assume the gateway's role for any account (confused deputy); "
                    "add a condition on aws:SourceAccount to each statement.",
                )
                break


def protocol_version(template: Template) -> Iterator[Finding]:
    """A gateway speaks the MCP revision that today's clients ask for."""
    for gateway in template.of_type(GATEWAY):
        versions = gateway.get("ProtocolConfiguration.Mcp.SupportedVersions")
        if REQUIRED_MCP_VERSION not in as_list(versions):
            yield Finding(
                "AgentCore-ProtocolVersion",
                gateway.logical_id,
                "ProtocolConfiguration.Mcp.SupportedVersions",
                f"SupportedVersions lacks {REQUIRED_MCP_VERSION}; add it.",
            )


ALWAYS: tuple[Check, ...] = (
    authorizer,
    cognito_audience,
    cognito_clients_and_scopes,
    gateway_key,
    permission_scope,
    gateway_role_trust,
    protocol_version,
    *targets.RULES,
    *governance.RULES,
    *function_urls.RULES,
)


OUTSIDE_DEVELOPMENT: tuple[Check, ...] = (debug_exceptions, *governance.OUTSIDE_DEVELOPMENT)


def findings(template: Template, *, debug_allowed: bool) -> Iterator[Finding]:
    """Every breach in one template; `debug_allowed`, for development, leaves `OUTSIDE_DEVELOPMENT` out."""
    for check in ALWAYS if debug_allowed else (*ALWAYS, *OUTSIDE_DEVELOPMENT):
        yield from check(template)


def _jwt_authorizers(template: Template) -> Iterator[tuple[Resource, dict[str, Value]]]:
    for gateway in template.of_type(GATEWAY):
        jwt = gateway.get("AuthorizerConfiguration.CustomJWTAuthorizer")
        if isinstance(jwt, dict):
            yield gateway, jwt


def _may_be_cognito(url: Value) -> bool:
    """Whether a discovery URL is Cognito's, or might be because its host is not written out."""
    text = as_text(url)
    host = text.removeprefix("https://").split("/", 1)[0]
    return "cognito-idp." in text or not text.startswith("https://") or "<" in host
