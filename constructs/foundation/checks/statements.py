"""IAM statements in templates: where they stand and what their wildcards reach."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from re import sub

from foundation.checks.template import Resource, Template, Value, as_list, as_text

IDENTITY_POLICY_TYPES = (
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)
PRINCIPAL_TYPES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")


@dataclass(frozen=True)
class Statement:
    """One Allow statement of an identity policy, with the resource that carries it."""

    carrier: Resource
    body: Mapping[str, Value]

    def may(self, action: str) -> bool:
        """Whether the statement allows an action such as ``bedrock-agentcore:InvokeGateway``, wildcards included."""
        if "NotAction" in self.body:
            return not _matches(action, as_list(self.body["NotAction"]))
        return _matches(action, as_list(self.body.get("Action")))

    @property
    def resources(self) -> list[str]:
        """Resources as text; everything counts as ``*`` where the statement says NotResource."""
        if "NotResource" in self.body:
            return ["*"]
        return [as_text(resource) for resource in as_list(self.body.get("Resource"))]


def allow_statements(template: Template) -> Iterator[Statement]:
    """Every Allow statement of the identity policies in a template, those written inside roles included."""
    for policy in template.of_type(*IDENTITY_POLICY_TYPES):
        yield from _allowed(policy, policy.get("PolicyDocument"))
    for principal in template.of_type(*PRINCIPAL_TYPES):
        for inline in as_list(principal.get("Policies")):
            yield from _allowed(principal, inline.get("PolicyDocument"))


def _allowed(carrier: Resource, document: Value) -> Iterator[Statement]:
    statements = as_list(document.get("Statement")) if isinstance(document, Mapping) else []
    return (Statement(carrier, statement) for statement in statements if statement.get("Effect") == "Allow")


def _matches(action: str, patterns: list[Value]) -> bool:
    """Whether an action name is matched by one of the patterns; IAM compares actions without regard to case."""
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)


def reaches_every(resource: str, *, service: str, kind: str) -> bool:
    """Whether a resource pattern covers all resources of a kind rather than chosen ones.

    `resource` is an ARN as text (intrinsics in angle brackets), `kind` the first part of the ARN's resource,
    e.g. ``gateway``. A pattern that covers two names which have nothing in common covers all.
    """
    pattern = sub(r"<[^<>]*>", "x", resource)
    if pattern.count(":") < 5:
        return fnmatchcase(f"arn:aws:{service}:us-east-1:123456789012:{kind}/alpha-0000000000", pattern)
    _, _, its_service, _, _, name = pattern.split(":", 5)
    return fnmatchcase(service, its_service) and all(
        fnmatchcase(f"{kind}/{other}", name) for other in ("alpha-0000000000", "omega-zzzzzzzzzz")
    )
