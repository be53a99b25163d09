"""How long each Lambda function's handler takes to import, over a bare `import boto3`: the part of a cold start that
is ours.

Bundles carry no byte code, as in Lambda, where the folder is read-only and Python compiles at every cold start.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from foundation.bundle import bundle
from tests.bench.measure import ROOT, medians, show

FUNCTIONS = ("aws_operations", "secret_rotation")
_TIMED = """
import sys, time
sys.path[:0] = {path!r}
begin = time.perf_counter()
import {module}
print(time.perf_counter() - begin)
"""


def run(rounds: int = 9) -> None:
    """Print a ratio per function."""
    runtime = Path(str(distribution("boto3").locate_file("")))
    with TemporaryDirectory() as folder:
        tasks: dict[str, Callable[[], float]] = {"boto3": lambda: _import_seconds("boto3", runtime)}
        for package in FUNCTIONS:
            made = bundle(source_root=ROOT / "lambda", packages=(package, "toolkit"), cache_folder=Path(folder))
            tasks[package] = partial(_import_seconds, f"{package}.handler", made, runtime)
        found = medians(tasks, rounds=rounds)
    for package in FUNCTIONS:
        show(f"import {package}.handler", found[package], "import boto3", found["boto3"], scale=1000, unit="ms")


def _import_seconds(module: str, *path: Path) -> float:
    code = _TIMED.format(path=[str(folder) for folder in path], module=module)
    run = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)
