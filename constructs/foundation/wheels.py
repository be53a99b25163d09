"""Compiled dependencies of bundles: their wheels for where the code runs, through uv.

What is compiled cannot be copied from this machine, whose processor and Python are others than AWS's. uv fetches it for
the platform in the version that is installed here; once fetched it is in uv's cache, and a synthesis needs no network.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

PYTHON = "3.14"
"""Version of Python that functions and AgentCore Runtime run on."""

PLATFORM = "aarch64-manylinux2014"
"""Functions are made for arm64, and AgentCore Runtime runs on nothing else."""

PLATFORM_CONTEXT = "foundation:runtimePlatform"
"""CDK context that names another platform; the one value is `HOST`."""

HOST = "host"
"""This machine's processor and Python, where the local run starts functions and servers."""


class BundleError(Exception):
    """A bundle cannot be made; the message names the package and the way out."""


def check_platform(platform: str) -> None:
    """Refuse a platform that nothing here runs on.

    Raises:
        BundleError: It is neither `PLATFORM` nor `HOST`.
    """
    if platform not in (PLATFORM, HOST):
        raise BundleError(f"context {PLATFORM_CONTEXT}: {platform!r} is not known: leave it out, or write {HOST}")


def fetch(requirements: Iterable[str], folder: Path, *, platform: str, label: str, options: Sequence[str] = ()) -> None:
    """Put distributions into `folder`, from uv's cache if it has them all.

    Args:
        requirements: What to install, a line each as in a requirements.txt.
        folder: Where to; uv leaves its traces there too.
        platform: `PLATFORM` or `HOST`.
        label: Who asks, for errors.
        options: More options of `uv pip install`.

    Raises:
        BundleError: One has no wheel for the platform, or is not in the cache and there is no network.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        command = [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--requirements", wanted.name),
            *("--target", str(folder), "--python", sys.executable, "--only-binary", ":all:", *options),
            *(("--python-platform", platform, "--python-version", PYTHON) if platform != HOST else ()),
        ]
        if subprocess.run([*command, "--offline"], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise BundleError(
            f"{label} cannot be installed for {platform}: take versions that have wheels there for Python {PYTHON}, "
            f"and be online the first time. uv says: {' '.join(run.stderr.split())}"
        )
