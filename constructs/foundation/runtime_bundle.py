"""Bundles for AgentCore Runtime: a package with the file that the runtime starts, and its dependencies for arm64.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html

An MCP server needs compiled dependencies, which cannot be copied from this machine as `foundation.bundle` does for
functions. uv fetches their wheels for AWS's processors, in the versions that are installed here; once fetched they are
in its cache, and a synthesis needs no network.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from foundation.bundle import (
    BundleError,
    appearing,
    copy,
    dependencies,
    listing,
    package_files,
    requirement_lines,
)
from foundation.function import BUNDLES, SOURCE_ROOT

PYTHON = "3.14"
"""Version of the runtime, the same as the functions'."""

PLATFORM = "aarch64-manylinux2014"
"""AgentCore Runtime runs on arm64 only."""

PLATFORM_CONTEXT = "foundation:runtimePlatform"
"""CDK context that names another platform; the one value is `HOST`."""

HOST = "host"
"""This machine's processor and Python, where the local run starts the servers."""

ENTRY_POINT = "main.py"
"""File at the root of the archive that the runtime starts."""


@cache
def runtime_bundle(package: str, *, platform: str = PLATFORM) -> Path:
    """The folder to deploy for a server.

    Args:
        package: a folder under `lambda/` with `main()` in its `main.py`.
        platform: `PLATFORM`, or `HOST` for the local run.

    Raises:
        BundleError: the package has no folder, a dependency is not installed as pinned or has no wheel for the
            platform, or there is no such platform.
    """
    if platform not in (PLATFORM, HOST):
        raise BundleError(f"context {PLATFORM_CONTEXT}: {platform!r} is not known: leave it out, or write {HOST}")
    files = dict(package_files(SOURCE_ROOT, (package,)))
    pins = [f"{dist.name}=={dist.version}" for dist in dependencies(SOURCE_ROOT, (package,))]
    digest = hashlib.sha256(Path(__file__).read_bytes() + listing(files))
    digest.update("\n".join([platform, *pins]).encode())
    folder = BUNDLES / f"runtime-{package}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        with appearing(folder) as made:
            _install(package, pins, made, platform=platform)
            copy(files, made)
            (made / ENTRY_POINT).write_text(f"from {package}.main import main\n\nmain()\n", encoding="utf-8")
    return folder


def _install(package: str, pins: list[str], folder: Path, *, platform: str) -> None:
    """Put the dependencies of `package` into `folder`, from uv's cache if it has them all."""
    requirements = SOURCE_ROOT / package / "requirements.txt"
    if not requirement_lines(requirements):
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(pins))
        constraints.flush()
        command = [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet"),
            *("--requirements", str(requirements), "--constraints", constraints.name, "--target", str(folder)),
            *("--python", sys.executable, "--only-binary", ":all:"),
            *(("--python-platform", platform, "--python-version", PYTHON) if platform != HOST else ()),
        ]
        if subprocess.run([*command, "--offline"], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise BundleError(
            f"lambda/{package}/requirements.txt cannot be installed for {platform}: take versions that have wheels "
            f"there for Python {PYTHON}, and be online the first time. uv says: {' '.join(run.stderr.split())}"
        )
