"""Bundles for AgentCore Runtime: a package with the file that the runtime starts, and its dependencies for arm64.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html

An MCP server needs so many compiled dependencies that all of them are fetched (`foundation.wheels`), in the versions
that are installed here.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path

from foundation.bundle import appearing, copy, dependencies, listing, package_files, requirement_lines
from foundation.function import BUNDLES, SOURCE_ROOT
from foundation.wheels import PLATFORM, check_platform, fetch

ENTRY_POINT = "main.py"
"""File at the root of the archive that the runtime starts."""


@cache
def runtime_bundle(package: str, *, platform: str = PLATFORM) -> Path:
    """The folder to deploy for a server.

    Args:
        package: a folder under `lambda/` with `main()` in its `main.py`.
        platform: of `foundation.wheels`: `PLATFORM`, or `HOST` for the local run.

    Raises:
        BundleError: the package has no folder, a dependency is not installed as pinned or has no wheel for the
            platform, or there is no such platform.
    """
    check_platform(platform)
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
    """Put the dependencies of `package` into `folder`."""
    lines = requirement_lines(SOURCE_ROOT / package / "requirements.txt")
    if not lines:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(pins))
        constraints.flush()
        label = f"lambda/{package}/requirements.txt"
        fetch(lines, folder, platform=platform, label=label, options=("--constraints", constraints.name))
