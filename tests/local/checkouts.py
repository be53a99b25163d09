"""Copies of this checkout whose settings tests and benchmarks may change, to be run like the real one."""

from __future__ import annotations

import shutil
from pathlib import Path

from local.layout import REPOSITORY
from tests.assemblies import copy_of_the_app


def checkout(folder: Path) -> Path:
    """A copy of the app and of the commands of the local run, with what `make setup` installs."""
    copy_of_the_app(folder)
    shutil.copytree(REPOSITORY / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("constraints.txt", "requirements.txt"):
        shutil.copy(REPOSITORY / name, folder / name)
    for name in ("node_modules", ".local"):
        (folder / name).symlink_to(REPOSITORY / name)
    return folder
