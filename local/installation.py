"""What the emulator runs in, and what must be there before anything starts."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local.failure import LocalRunError
from local.layout import REPOSITORY
from local.surroundings import search_path

CDK = REPOSITORY / "node_modules" / "aws-cdk" / "bin" / "cdk"
INSPECTOR = REPOSITORY / "node_modules" / ".bin" / "mcp-inspector"
_EMULATOR = REPOSITORY / "local" / "emulator"
_CACHE = REPOSITORY / ".local"


def check_setup() -> None:
    """Raise LocalRunError when `make setup` has not been run, or not to its end."""
    for program in (CDK, INSPECTOR):
        if not program.exists():
            raise LocalRunError(f"{program.relative_to(REPOSITORY)} is missing: run `make setup`.")


def emulator_python() -> Path:
    """The interpreter of the emulator's own environment, which also runs Python functions.

    It is apart from the project's: what a function's bundle lacks must be missing there. Raises LocalRunError when a
    package cannot be installed.
    """
    requirements, venv = _EMULATOR / "requirements.txt", _CACHE / "venv"
    python = venv / "bin" / "python"

    def install() -> None:
        uv = (sys.executable, "-m", "uv", "--quiet")
        _run(*uv, "venv", "--clear", "--python", sys.executable, venv)
        _run(*uv, "pip", "install", "--python", python, "--requirement", requirements)

    _once(venv, requirements, install)
    return python


def emulator_node_modules() -> Path:
    """The modules that AWS's Node.js runtime brings to functions: CDK's own functions need them.

    Raises LocalRunError when a package cannot be installed.
    """
    lock, folder = _EMULATOR / "nodejs" / "package-lock.json", _CACHE / "nodejs"

    def install() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for file in (lock, lock.with_name("package.json")):
            shutil.copy(file, folder)
        _run(
            Path(sys.executable).with_name("npm"),
            "ci",
            "--silent",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            folder,
        )

    _once(folder, lock, install)
    return folder / "node_modules"


def _once(folder: Path, requirements: Path, install: Callable[[], None]) -> None:
    """Call `install` when `folder` was not made from `requirements` as they are now."""
    stamp = folder / ".requirements"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    with requirements.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests and a local run may want it at the same time
        if not stamp.is_file() or stamp.read_text() != wanted:
            install()
            stamp.write_text(wanted)


def _run(*command: str | Path) -> None:
    """Run an installer, with the settings for registries that the developer's environment has."""
    environment = {**os.environ, "PATH": search_path()}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        shown = " ".join(str(part) for part in command)
        raise LocalRunError(
            f"`{shown}` failed: {(run.stderr or run.stdout).strip()}\n"
            "Check that the package registry is reachable, then run the command again."
        )
