"""Bundles for AgentCore Runtime: a Lambda bundle with the file at its root that the runtime starts.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html
"""

from __future__ import annotations

import shutil
from pathlib import Path

from foundation.bundle import bundle
from foundation.function import BUNDLES, SHARED_PACKAGES, SOURCE_ROOT

PYTHON = "3.14"
"""Version of the runtime, the same as the functions'."""

ENTRY_POINT = "main.py"
"""File at the root of the archive that the runtime starts."""


def runtime_bundle(package: str) -> Path:
    """The folder to deploy for the server `package`, a folder under `lambda/` with `main()` in its `main.py`.

    Raises:
        BundleError: the package has no folder, or a dependency is not installed as pinned or not pure Python.
    """
    packages = (package, *SHARED_PACKAGES)
    made = bundle(source_root=SOURCE_ROOT, packages=packages, cache_folder=BUNDLES)
    folder = made.with_name(f"runtime-{made.name}")
    if not (folder / ENTRY_POINT).is_file():
        shutil.copytree(made, folder, dirs_exist_ok=True)
        (folder / ENTRY_POINT).write_text(f"from {package}.main import main\n\nmain()\n", encoding="utf-8")
    return folder
