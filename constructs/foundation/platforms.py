"""The machines that code is packed for, and the compiled wheels that it needs there.

Pure Python is the same everywhere; a compiled dependency has a wheel per processor and version of Python. uv fetches
the one for AWS's machines in the version that is installed here; once fetched it is in uv's cache, and a synthesis
needs no network.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PYTHON = "3.14"
"""Version of the Lambda runtime and of AgentCore Runtime."""

PLATFORM = "aarch64-manylinux2014"
"""Functions and AgentCore Runtime run on arm64."""

PLATFORM_CONTEXT = "foundation:runtimePlatform"
"""CDK context that names another platform; the one value is `HOST`."""

HOST = "host"
"""This machine's processor and Python, where the local run starts functions and servers."""


class WheelError(Exception):
    """Wheels cannot be had; the message is uv's, in one line."""


def known_platform(given: object) -> str:
    """The platform that the CDK context names; `PLATFORM` when it names none.

    Raises:
        ValueError: there is no such platform.
    """
    if given not in (None, PLATFORM, HOST):
        raise ValueError(f"context {PLATFORM_CONTEXT}: {given!r} is not known: leave it out, or write {HOST}")
    return str(given or PLATFORM)


def install_wheels(arguments: Sequence[str], folder: Path, *, platform: str) -> None:
    """Put wheels for `platform` into `folder`, from uv's cache if it has them all.

    Args:
        arguments: what to install, as `uv pip install` takes it.
        folder: where to.
        platform: `PLATFORM` or `HOST`.

    Raises:
        WheelError: there is no such wheel, or no way to fetch it.
    """
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", *arguments, "--target", str(folder)),
        *("--python", sys.executable, "--only-binary", ":all:"),
        *(("--python-platform", platform, "--python-version", PYTHON) if platform != HOST else ()),
    ]
    if subprocess.run([*command, "--offline"], capture_output=True, check=False).returncode == 0:  # noqa: S603
        return
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise WheelError(" ".join(run.stderr.split()))
