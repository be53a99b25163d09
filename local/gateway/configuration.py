"""What a deployed gateway says it is: plain data, read from the control plane and enforced as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

DISCOVERY_SUFFIX = "/.well-known/openid-configuration"

ClaimOperator = Literal["EQUALS", "CONTAINS", "CONTAINS_ANY"]
"""CustomClaimValidationType.authorizingClaimMatchValue.claimMatchOperator of the control plane API."""


@dataclass(frozen=True, kw_only=True)
class CustomClaim:
    """One rule over a claim of the token.

    `values` holds the single `matchValueString` for EQUALS and CONTAINS, or the `matchValueStringList`.
    Source: bedrock-agentcore-control API, CustomClaimValidationType.
    """

    name: str
    value_type: Literal["STRING", "STRING_ARRAY"]
    operator: ClaimOperator
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JwtAuthorizer:
    """A gateway's `customJWTAuthorizer`. An empty tuple means that the template does not restrict that claim.

    Source: bedrock-agentcore-control API, CustomJWTAuthorizerConfiguration.
    """

    discovery_url: str
    allowed_audience: tuple[str, ...] = ()
    allowed_clients: tuple[str, ...] = ()
    allowed_scopes: tuple[str, ...] = ()
    advertised_scopes: tuple[str, ...] = ()
    custom_claims: tuple[CustomClaim, ...] = ()

    @property
    def issuer_url(self) -> str:
        """The authorization server, as the gateway names it to clients: the discovery URL without its suffix."""
        return self.discovery_url.removesuffix(DISCOVERY_SUFFIX)


@dataclass(frozen=True, kw_only=True)
class TargetRecord:
    """A gateway target as deployed.

    `kind` is the member of `targetConfiguration` that is set, such as `mcp.lambda`; `configuration` is its value.
    `version` changes with every update and synchronization of the target. `credentials` is the only member of
    `credentialProviderConfigurations`, None for a target that is called without any.
    """

    target_id: str
    name: str
    kind: str
    configuration: Mapping[str, Any]
    version: str
    credentials: Mapping[str, Any] | None = None
    request_headers: tuple[str, ...] = ()
    query_parameters: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InterceptorRecord:
    """The Lambda function at one interception point. Source: API, GatewayInterceptorConfiguration."""

    function_arn: str
    pass_headers: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyRecord:
    """One policy of a policy engine: Cedar text. `enforced` is False for its enforcementMode LOG_ONLY."""

    policy_id: str
    statement: str
    enforced: bool = True


@dataclass(frozen=True, kw_only=True)
class PolicyEngineRecord:
    """A gateway's policy engine with its policies. In mode LOG_ONLY nothing is denied and nothing hidden.

    Source: devguide, policy-enforcement-modes.
    """

    arn: str
    mode: Literal["ENFORCE", "LOG_ONLY"]
    policies: tuple[PolicyRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How much of a metric one bucket may use in a second or in a minute; 0 blocks."""

    metric: Literal["requests", "connections"]
    rate: float
    period: Literal["second", "minute"]


@dataclass(frozen=True, kw_only=True)
class RateLimitEntry:
    """The rates for one combination of dimension values, in the order of the limit's keys; `*` is any value."""

    values: tuple[str, ...]
    rates: tuple[Rate, ...]


@dataclass(frozen=True, kw_only=True)
class RateLimitRecord:
    """A gateway's rate limit as deployed. Source: API, GatewayRateLimitDetail."""

    rate_limit_id: str
    keys: tuple[str, ...]
    entries: tuple[RateLimitEntry, ...]


@dataclass(frozen=True, kw_only=True)
class GatewayRecord:
    """A gateway as deployed, with its targets and everything that stands before them.

    `workload` is the name of its workload identity, as whom it asks the token vault for credentials. `refusals` says
    why this gateway must not be served: each sentence names a check that would otherwise be skipped.
    """

    gateway_id: str
    arn: str
    name: str
    url: str
    role_arn: str
    workload: str
    authorizer: JwtAuthorizer | None
    supported_versions: tuple[str, ...]
    instructions: str | None = None
    semantic_search: bool = False
    streaming: bool = False
    paginated: bool = True
    debug: bool = False
    request_interceptor: InterceptorRecord | None = None
    response_interceptor: InterceptorRecord | None = None
    policy_engine: PolicyEngineRecord | None = None
    rate_limits: tuple[RateLimitRecord, ...] = ()
    targets: tuple[TargetRecord, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host of the gateway's URL, without its port."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the gateway's URL; 0 when it names none."""
        return urlsplit(self.url).port or 0

    @property
    def metadata_url(self) -> str:
        """Where the protected resource metadata lies."""
        return metadata_url(self.url)


def metadata_url(url: str) -> str:
    """Where the gateway at `url` publishes its protected resource metadata (RFC 9728 section 3.1), to anyone.

    AgentCore serves it at the root of the host.
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource"
