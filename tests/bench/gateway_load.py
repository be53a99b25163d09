"""An authenticated tools/call through the whole local gateway, by 1, 10 and 100 callers at a time.

It deploys dev to an emulated AWS of its own, with rate limits out of the way, and prints percentiles of what callers
wait, and how many calls failed. Interceptors, policies, rate limits and the tool run as deployed; what is measured is
this machine's emulator as much as the gateway, so compare runs, not products. More callers than a function's reserved
concurrency takes are refused, as on AWS: dev reserves five executions for the tool, and thirty for each interceptor.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import httpx2
import yaml

from tests.local.checkouts import checkout
from tests.local.local_run import AGENT, LocalRun

CALLERS = (1, 10, 100)
CALLS = 300
"""Calls of each round, shared among its callers."""

BODY = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "aws-operations-v1___get_time", "arguments": {}},
}


def run() -> None:
    """Print a line for each number of callers."""
    with _platform() as platform:
        url, token = platform.platform.account.gateway_url(), platform.platform.account.token(AGENT).value
        for callers in CALLERS:
            asyncio.run(_round(url, token, callers, 2 * callers))  # starts as many execution environments as it takes
            _show(callers, *asyncio.run(_round(url, token, callers, CALLS)))


@contextmanager
def _platform() -> Iterator[LocalRun]:
    with tempfile.TemporaryDirectory() as folder:
        run = LocalRun.beside_others(Path(folder) / "state", checkout(Path(folder) / "checkout"))
        settings_file = run.repository / "config" / "dev.yaml"
        settings = yaml.safe_load(settings_file.read_text())
        settings["limits"] = {f"{kind}_requests_per_minute": 1_000_000 for kind in ("tenant", "agent", "tool")}
        settings_file.write_text(yaml.safe_dump(settings))
        for tenant in (run.repository / "config" / "tenants").glob("*.yaml"):
            tenant.write_text(yaml.safe_dump(_without_limits(yaml.safe_load(tenant.read_text()))))
        try:
            run.up()
            yield run
        finally:
            run.command("down")


def _without_limits(tenant: dict[str, object]) -> dict[str, object]:
    agents = tenant["agents"]
    assert isinstance(agents, dict)
    for agent in agents.values():
        agent.pop("limits", None)
    return {name: value for name, value in tenant.items() if name != "limits"}


async def _round(url: str, token: str, callers: int, calls: int) -> tuple[list[float], Counter[str]]:
    """Seconds that each call took, and what went wrong how often."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
    }
    limits = httpx2.Limits(max_connections=callers)
    waited: list[float] = []
    errors: Counter[str] = Counter()
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False, limits=limits) as http:

        async def caller(share: int) -> None:
            for _ in range(share):
                begin = time.perf_counter()
                answer = await http.post(url, json=BODY)
                waited.append(time.perf_counter() - begin)
                if wrong := _wrong(answer):
                    errors[wrong] += 1

        await asyncio.gather(*(caller(max(calls // callers, 1)) for _ in range(callers)))
    return waited, errors


def _wrong(answer: httpx2.Response) -> str | None:
    """What was wrong with an answer, None for a result."""
    message = answer.json()
    if error := message.get("error"):
        return f"{answer.status_code} {error['message']}"
    result = message["result"]
    return str(result["content"][0]["text"]) if result.get("isError") else None


def _show(callers: int, waited: list[float], errors: Counter[str]) -> None:
    cuts = quantiles(waited, n=100)
    p50, p95, p99 = (cuts[percent - 1] * 1000 for percent in (50, 95, 99))
    print(
        f"  {callers:>3} callers: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, "
        f"{errors.total()} errors in {len(waited)} calls",
        flush=True,
    )
    for what, count in errors.most_common(3):
        print(f"      {count} times: {what[:160]}", flush=True)
