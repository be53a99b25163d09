"""What the gateway asks of a target's kind and of its credential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from foundation.acknowledge import RuleIds
from foundation.targets.context_headers import REQUEST_HEADERS, VERIFIED_HEADERS

Properties = dict[str, Any]
"""Properties of an L1 construct, named as in the AgentCore API."""


LARGEST_INLINE = 32 * 1024
"""Bytes of a document that stay in the template."""

LARGEST_TEMPLATE_SHARE = 400 * 1024
"""Bytes of all documents together that stay in the template, which may have 1 MB in all, indentation included
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""


CONTEXT_HEADERS = (*VERIFIED_HEADERS, *REQUEST_HEADERS)
"""Who calls, for whom, in which request: what the request interceptor sets, whatever the caller sent by these names. A
target receives a header only when it says so, ten at most
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-headers.html)."""


@dataclass
class TemplateRoom:
    """The room that a gateway's template has for documents.

    Attributes:
        left: bytes.
    """

    left: int = LARGEST_TEMPLATE_SHARE

    def takes(self, size: int) -> bool:
        """Whether a document of `size` bytes goes into the template; its room is taken then."""
        if size > min(LARGEST_INLINE, self.left):
            return False
        self.left -= size
        return True


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a target is made.

    Attributes:
        scope: the construct that holds what belongs to the target.
        name: the target's name.
        gateway_name: the gateway's name, first part of the names of what goes with it.
        room: what the template has room for.
    """

    scope: Construct
    name: str
    gateway_name: str
    room: TemplateRoom


@dataclass(frozen=True)
class Grant:
    """Something that the gateway's role is allowed.

    Attributes:
        actions: exact IAM actions.
        resources: ARNs.
        conditions: IAM conditions.
        reasons: why a resource has a wildcard, by the finding of the policy packs on it.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[RuleIds, str] = field(default_factory=dict)

    @property
    def statement(self) -> iam.PolicyStatement:
        """It as a statement of a policy."""
        return iam.PolicyStatement(
            actions=[*self.actions], resources=[*self.resources], conditions={**self.conditions} or None
        )


@dataclass(frozen=True, kw_only=True)
class BoundKind:
    """A target's kind, made.

    Attributes:
        configuration: the property `TargetConfiguration.Mcp`.
        to_call: what the gateway's role has to be allowed when it signs calls itself.
        to_read: what it has to be allowed in any case.
        after: what has to exist before the target.
        headers: those of `CONTEXT_HEADERS` that it can be given.
    """

    configuration: Properties
    to_call: Sequence[Grant] = ()
    to_read: Sequence[Grant] = ()
    after: Sequence[IDependable] = ()
    headers: Sequence[str] = CONTEXT_HEADERS


@dataclass(frozen=True, kw_only=True)
class BoundCredential:
    """A target's credential, made.

    Attributes:
        configuration: the entry of `CredentialProviderConfigurations`, None where the target asks for none.
        grants: what the gateway's role has to be allowed.
        signs: whether the gateway's role signs the calls.
    """

    configuration: Properties | None
    grants: Sequence[Grant] = ()
    signs: bool = False


class Kind(Protocol):
    """A kind of target."""

    def bind(self, at: Surroundings, /) -> BoundKind:
        """Make what the target needs."""
        ...


class Credential(Protocol):
    """How the gateway proves to a target who it is."""

    def bind(self, at: Surroundings, /) -> BoundCredential:
        """Make what the credential needs."""
        ...
