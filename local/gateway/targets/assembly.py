"""Build the targets of one gateway, and keep those that did not change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.gateway.aws import EmulatedAws, ExecutionRole
from local.gateway.configuration import GatewayRecord, TargetRecord
from local.gateway.outbound import Outbound
from local.gateway.targets import CLOUD_ONLY, KINDS
from local.gateway.targets.context import TargetContext
from local.gateway.targets.interface import Target, UnusableTargetError
from local.gateway.vault import Vault
from local.headers import restricted

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """The targets that can be served, and a sentence about each that cannot, by its name.

    `incomplete` says that one of those may work a little later: it is worth assembling again.
    """

    targets: tuple[Target, ...] = ()
    unserved: Mapping[str, str] = field(default_factory=dict)
    incomplete: bool = False


class Assembly:
    """The targets of one gateway from one reading of the control plane to the next."""

    def __init__(self, *, aws: EmulatedAws, outbound: Outbound) -> None:
        self._aws = aws
        self._outbound = outbound
        self._role: ExecutionRole | None = None
        self._identity = ("", "")
        self._built: dict[str, tuple[TargetRecord, Target]] = {}

    def role(self, gateway: GatewayRecord) -> ExecutionRole:
        """Return the gateway's role, the same one with its clients until another is deployed."""
        identity = (gateway.role_arn, gateway.workload)
        if self._role is None or self._identity != identity:
            self._identity = identity
            self._built.clear()
            self._role = ExecutionRole(aws=self._aws, role_arn=gateway.role_arn, session_name=gateway.gateway_id[:64])
        return self._role

    async def assemble(self, gateway: GatewayRecord) -> Assembled:
        """Build every target that is new or changed."""
        role = self.role(gateway)
        vault = Vault(role=role, workload=gateway.workload)

        async def build(record: TargetRecord) -> Target | UnusableTargetError:
            kept = self._built.get(record.target_id)
            if kept is not None and kept[0] == record:
                return kept[1]
            context = TargetContext(
                record=record,
                gateway_id=gateway.gateway_id,
                aws=self._aws,
                role=role,
                vault=vault,
                outbound=self._outbound,
            )
            try:
                return await _build(context)
            except UnusableTargetError as error:
                # What was synchronized before stays when a later synchronization fails, as on AWS.
                if error.may_recover and kept is not None and replace(kept[0], version=record.version) == record:
                    logger.warning("%s; it keeps the tools that it had", error)
                    return kept[1]
                return error

        results = await asyncio.gather(*(build(record) for record in gateway.targets))
        pairs = list(zip(gateway.targets, results, strict=True))
        failures = {record.name: found for record, found in pairs if isinstance(found, UnusableTargetError)}
        self._built = {
            record.target_id: (record, found) for record, found in pairs if not isinstance(found, UnusableTargetError)
        }
        return Assembled(
            targets=tuple(target for _, target in self._built.values()),
            unserved={name: str(error) for name, error in failures.items()},
            incomplete=any(error.may_recover for error in failures.values()),
        )


async def _build(context: TargetContext) -> Target:
    record = context.record
    if what := CLOUD_ONLY.get(record.kind) or CLOUD_ONLY.get(record.kind.partition(".")[0]):
        raise UnusableTargetError(f"target {record.name} is {what}, which the local run cannot call; it works on AWS")
    build = KINDS.get(record.kind)
    if build is None:
        kinds = ", ".join(KINDS)
        raise UnusableTargetError(f"target {record.name} is of kind {record.kind}; served here: {kinds}")
    if found := restricted([*record.request_headers, *record.response_headers]):
        names = ", ".join(found)
        raise UnusableTargetError(f"target {record.name} propagates headers that AgentCore does not: {names}")
    return await build(context)
