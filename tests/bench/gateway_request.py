"""What the request interceptor costs: its import over a bare `import boto3`, and the processor time of a warm decision.

The import leaves joserfc out, which the first decision loads: its time is printed beside. A decision is all that the
interceptor does for a tools/call of an agent with ten groups and a hundred permissions: the body, an RS256 signature,
the context, the record. The identity provider and Parameter Store answer at once and are asked as often as ever; what
an acknowledged audit record takes, which is CloudWatch Logs' time, is left out.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from foundation.bundle import bundle
from foundation.function import GOVERNANCE_PACKAGES, SOURCE_ROOT
from foundation.wheels import HOST
from tests.bench.cold_import import import_seconds, runtime_path
from tests.bench.measure import medians, show
from tests.unit.governance_support import (
    CATALOGUE,
    ENVIRONMENT,
    ParameterStore,
    Provider,
    call,
    request_event,
    token,
    token_settings,
)  # fmt: skip

IMPORT_LIMIT = 0.150
DECISION_LIMIT = 0.002
"""The goals, in seconds: what the interceptor may add to a cold start, and to every call (99 of 100)."""

PERMISSIONS = [f"target-{number}-v1/some_read_operations" for number in range(100)]
GROUPS = [f"acme-corp/group-{number}" for number in range(10)]


def run(rounds: int = 9, calls: int = 5000) -> None:
    """Print both, each beside its limit."""
    with TemporaryDirectory() as folder:
        made = bundle(
            source_root=SOURCE_ROOT,
            packages=("gateway_request", *GOVERNANCE_PACKAGES),
            cache_folder=Path(folder),
            platform=HOST,
        )
        tasks: dict[str, Callable[[], float]] = {
            "boto3": lambda: import_seconds("boto3", runtime_path()),
            "handler": lambda: import_seconds("gateway_request.handler", made, runtime_path()),
        }
        tasks["joserfc"] = lambda: import_seconds("joserfc.jws, joserfc.jwk", made, runtime_path())
        found = medians(tasks, rounds=rounds)
    show("import gateway_request.handler", found["handler"], "import boto3", found["boto3"], scale=1000, unit="ms")
    print(f"    {found['handler'] * 1000:.0f} ms of {IMPORT_LIMIT * 1000:.0f} ms", flush=True)
    print(f"    its first decision loads joserfc: {found['joserfc'] * 1000:.0f} ms", flush=True)
    taken = sorted(_decisions(calls))
    p50, p99 = quantiles(taken, n=100)[49], quantiles(taken, n=100)[98]
    print(f"  warm decision, processor time: p50 {p50 * 1000:.3f} ms, p99 {p99 * 1000:.3f} ms", flush=True)
    print(f"    p99 is {p99 / DECISION_LIMIT:.0%} of {DECISION_LIMIT * 1000:.0f} ms", flush=True)


def _decisions(calls: int) -> list[float]:
    """Seconds of processor time of each call; what they print goes nowhere."""
    from gateway_request import handler as module  # noqa: PLC0415 - reads the environment
    from governance import aws, catalogue, keys  # noqa: PLC0415

    store: Any = ParameterStore()
    with (
        TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()) as printed,
        patch.dict(os.environ, {**ENVIRONMENT, "FOUNDATION_TOKENS": token_settings()}),
        patch.object(catalogue, "FILE", Path(folder) / "catalogue.json"),
        patch.object(keys, "https", Provider()),
        patch.object(aws, "ssm", lambda: store),
    ):
        catalogue.FILE.write_text(json.dumps(CATALOGUE))
        event = request_event(
            call(arguments={"operation": "list_buckets"}), bearer=token(permissions=PERMISSIONS, groups=GROUPS)
        )
        taken = []
        for _ in range(calls):
            begin = time.process_time()
            answer = module.handler(event, None)
            taken.append(time.process_time() - begin)
            printed.seek(0)
            printed.truncate()
            assert "transformedGatewayRequest" in answer["mcp"], answer
    return taken[100:]
