"""What the pre-token trigger costs: the processor time of a warm decision, which every token waits for.

A decision is all that the trigger does for a client with ten groups and as many permissions as an entry of the
directory holds. Parameter Store answers at once and is asked as often as ever: for suspensions every few seconds, for
the entry once in thirty. The second line forgets both before each decision, so that every one asks.
Cognito gives up after five seconds
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html).
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import time
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

from tests.unit.governance_support import AGENTS, ENTRY, ENVIRONMENT, ParameterStore

WARM_UP = 100
GROUPS = [f"acme-corp/group-{number}" for number in range(10)]
PERMISSIONS = [f"target-{number}-v1/some_read_operations" for number in range(80)]


def run(calls: int = 5000) -> None:
    """Print the middle and the slowest hundredth, with what is kept and without."""
    for what, forget in (("kept entry", False), ("entry and suspensions asked for", True)):
        cuts = quantiles(_decisions(calls, forget=forget), n=100)
        print(
            f"  warm decision, {what}, processor time: p50 {cuts[49] * 1000:.3f} ms, p99 {cuts[98] * 1000:.3f} ms",
            flush=True,
        )


def _decisions(calls: int, *, forget: bool) -> list[float]:
    """Seconds of processor time of each call; what they print goes nowhere."""
    os.environ |= ENVIRONMENT
    from governance import aws  # noqa: PLC0415 - reads the environment
    from token_claims import handler as module  # noqa: PLC0415

    entry = {**ENTRY, "groups": GROUPS, "permissions": PERMISSIONS}
    store: Any = ParameterStore({f"{AGENTS}/client-1": json.dumps(entry)})
    aws.ssm = lambda: store  # type: ignore[assignment] # stands in for the client
    taken = []
    with _quiet(module.logger) as printed:
        for _ in range(WARM_UP + calls):
            if forget:
                module._directory.cache_clear()
                module._suspensions.cache_clear()
            event = _event(module.SOURCE)
            begin = time.process_time()
            answer = module.handler(event, None)
            taken.append(time.process_time() - begin)
            printed.seek(0)
            printed.truncate()
            claims = answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]
            assert claims["claimsToAddOrOverride"]["permissions"] == PERMISSIONS, answer
    return taken[WARM_UP:]


@contextlib.contextmanager
def _quiet(logger: Any) -> Iterator[io.StringIO]:
    """Where metrics and log lines go meanwhile; they are formatted as ever."""
    printed = io.StringIO()
    streams = [handler for handler in logger.handlers if isinstance(handler, logging.StreamHandler)]
    before = [handler.setStream(printed) for handler in streams]
    try:
        with contextlib.redirect_stdout(printed):
            yield printed
    finally:
        for handler, stream in zip(streams, before, strict=True):
            handler.setStream(stream)


def _event(source: str) -> dict[str, Any]:
    """A V3_0 event as the developer guide shows it (cognito's user-pool-lambda-pre-token-generation.html)."""
    return {
        "version": "3",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": "us-east-1_EXAMPLE",
        "userName": "ClientCredentials",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client-1"},
        "request": {"userAttributes": {}, "groupConfiguration": {}, "scopes": ["aws-operations/read"]},
        "response": {"claimsAndScopeOverrideDetails": None},
    }
