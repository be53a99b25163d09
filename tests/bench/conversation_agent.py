"""What the conversational agent costs in time: its import, and how long a person waits for the first byte and text.

Import and package are those of a bundle for this machine, without byte code, as in Lambda. What answers is the service
over HTTP with a scripted model, a gateway made of the MCP SDK's server, and moto for DynamoDB, all in this process:
what is left is the service's own time, Strands' and the MCP client's. Time to first byte is that of the event `start`,
which waits for the store; the first text waits for the gateway's connection and the model besides.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

from foundation.bundle import archive, bundle
from foundation.function import SOURCE_ROOT
from foundation.wheels import HOST
from tests.bench.cold_import import import_seconds, runtime_path
from tests.bench.measure import medians, show
from tests.sse import events
from tests.unit.agent_services import agent_services
from tests.unit.conversation_agent_support import Running, question, running
from tests.unit.conversations_support import world

IMPORT_LIMIT = 1.5
"""The goal, in seconds: until the service listens, a caller of a new environment waits."""
PACKAGES = ("conversation_agent", "gateway_agent", "conversations")


def run(rounds: int = 5, questions: int = 21) -> None:
    """Print each, the import beside its limit."""
    with TemporaryDirectory() as folder:
        made = bundle(source_root=SOURCE_ROOT, packages=PACKAGES, cache_folder=Path(folder), platform=HOST)
        size = archive(made).stat().st_size
        found = medians(
            {
                "boto3": lambda: import_seconds("boto3", runtime_path()),
                "listens": lambda: import_seconds("conversation_agent.__main__", made, runtime_path()),
                "answers": lambda: import_seconds("conversation_agent.assistant", made, runtime_path()),
            },
            rounds=rounds,
        )
    show("import conversation_agent", found["listens"], "import boto3", found["boto3"], scale=1000, unit="ms")
    print(f"    {found['listens']:.2f} s of {IMPORT_LIMIT} s until it listens", flush=True)
    print(f"    the agent's libraries, loaded while it listens: {found['answers']:.2f} s", flush=True)
    print(f"    its package has {size / 1024 / 1024:.1f} MiB", flush=True)
    first_byte, first_text = _waits(questions)
    print(f"  first byte: {first_byte * 1000:.0f} ms, first text: {first_text * 1000:.0f} ms", flush=True)


def _waits(questions: int) -> tuple[float, float]:
    """Seconds until the first byte and the first text of an answer, medians without the first question."""
    with (
        _quiet(),
        world() as table,
        agent_services() as services,
        patch.dict(os.environ, AWS_ENDPOINT_URL=services.origin),
        running(table, services) as agent,
    ):
        taken = [_wait(agent) for _ in range(questions)][1:]
    return median(first for first, _ in taken), median(text for _, text in taken)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No lines of the log below warnings meanwhile."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def _wait(agent: Running) -> tuple[float, float]:
    begin = time.perf_counter()
    with agent.client.stream("POST", "/stream", json=question("What time is it in Tokyo?")) as response:
        stream = events(response)
        next(stream)
        first = time.perf_counter() - begin
        text = next(time.perf_counter() for name, _ in stream if name == "text") - begin
        for _ in stream:
            pass
    return first, text
