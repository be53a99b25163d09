"""How soon the client answers: its help, which loads no library, and an answer of a service on the loopback in a pipe,
over starting Python and over importing what AWS, HTTP and signing take.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import medians, process_seconds, show
from tests.client.conftest import client_variables
from tests.client.fake_service import FakeService, Server
from tests.client.terminal import COMMAND


def run(rounds: int = 9) -> None:
    """Print the ratios."""
    with TemporaryDirectory() as home, Server() as server:
        variables = client_variables(server.serve(FakeService()).url, Path(home))
        found = medians(
            {
                "python": partial(process_seconds, "pass"),
                "libraries": partial(process_seconds, "import botocore.session, botocore.auth, httpx2"),
                "help": partial(_seconds, ["--help"], variables),
                "answer": partial(_seconds, ["chat", "-m", "What time is it?"], variables),
            },
            rounds=rounds,
        )
    show("foundation --help", found["help"], "python -c pass", found["python"], scale=1000, unit="ms")
    show("foundation chat -m", found["answer"], "importing AWS and HTTP", found["libraries"], scale=1000, unit="ms")


def _seconds(arguments: Sequence[str], variables: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], env=variables, check=True, capture_output=True)
    return time.perf_counter() - begin
