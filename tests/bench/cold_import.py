"""How long each Lambda function's handler takes to import, over a bare `import boto3`: the part of a cold start that
is ours; and how large its package is.

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

from foundation.bundle import archive, bundle
from foundation.function import GOVERNANCE_PACKAGES, SHARED_PACKAGES
from foundation.wheels import HOST
from stacks.settings import load_settings
from tests.bench.measure import ROOT, medians, show

OTHERS = {"secret_rotation": ("cognito-idp", "secretsmanager"), "release_check": ()}
"""Functions beside the tool servers, with the AWS services that their bundles bring along."""

GOVERNANCE = ("token_claims", "gateway_request", "gateway_response", "audit_router")
"""Functions that judge and record calls. Their bundles are this machine's, with its compiled dependencies."""

_TIMED = """
import sys, time
sys.path[:0] = {path!r}
begin = time.perf_counter()
import {module}
print(time.perf_counter() - begin)
"""


def run(rounds: int = 9) -> None:
    """Print a ratio per function."""
    servers = load_settings("dev").environment.tool_servers.values()
    functions: dict[str, tuple[str, ...]] = {
        **{server.package: () for server in servers},
        **OTHERS,
        **dict.fromkeys(GOVERNANCE, ()),
    }
    sizes: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        tasks: dict[str, Callable[[], float]] = {"boto3": lambda: import_seconds("boto3", runtime_path())}
        for package, services in functions.items():
            made = bundle(
                source_root=ROOT / "lambda",
                packages=(package, *(GOVERNANCE_PACKAGES if package in GOVERNANCE else SHARED_PACKAGES)),
                cache_folder=Path(folder),
                aws_services=services,
                platform=HOST,
            )
            sizes[package] = archive(made).stat().st_size
            tasks[package] = partial(import_seconds, f"{package}.handler", made, runtime_path())
        found = medians(tasks, rounds=rounds)
    for package in functions:
        show(f"import {package}.handler", found[package], "import boto3", found["boto3"], scale=1000, unit="ms")
        print(f"    its package has {sizes[package] / 1024:.0f} KiB", flush=True)


def runtime_path() -> Path:
    """The folder with what the Lambda runtime brings."""
    return Path(str(distribution("boto3").locate_file("")))


def import_seconds(module: str, *path: Path) -> float:
    """Seconds that an import takes in a new interpreter that sees the standard library and `path` alone."""
    code = _TIMED.format(path=[str(folder) for folder in path], module=module)
    run = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)
