"""Target kinds. A kind is one module with a `build` function; `KINDS` names it by its member of targetConfiguration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local.gateway.aws import EmulatedAws, ExecutionRole
from local.gateway.configuration import TargetRecord
from local.gateway.targets import lambda_function
from local.gateway.targets.interface import Target

KINDS: Mapping[str, Callable[[TargetRecord, str, EmulatedAws, ExecutionRole], Target]] = {
    "mcp.lambda": lambda_function.build,
}
