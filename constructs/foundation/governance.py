"""What judges the calls of a gateway, as one thing to hand over (R7, R9)."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.interceptors import GatewayInterceptors
from foundation.policy import Enforcement, PolicyEngine


@dataclass(frozen=True, kw_only=True)
class Governance:
    """What judges the calls of a gateway.

    Attributes:
        engine: holds the policies.
        enforcement: what is done with its decisions.
        interceptors: called before and after.
    """

    engine: PolicyEngine
    enforcement: Enforcement
    interceptors: GatewayInterceptors
