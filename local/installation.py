"""The emulator's own Python environment, and what must be there before anything starts."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

from local.failure import LocalRunError
from local.layout import REPOSITORY

CDK = REPOSITORY / "node_modules" / "aws-cdk" / "bin" / "cdk"
INSPECTOR = REPOSITORY / "node_modules" / ".bin" / "mcp-inspector"
_REQUIREMENTS = REPOSITORY / "local" / "emulator" / "requirements.txt"
_VENV = REPOSITORY / ".local" / "venv"


def check_setup() -> None:
    """Raise LocalRunError when `make setup` has not been run, or not to its end."""
    for program in (CDK, INSPECTOR):
        if not program.exists():
            raise LocalRunError(f"{program.relative_to(REPOSITORY)} is missing: run `make setup`.")


def emulator_python() -> Path:
    """The interpreter of the emulator's environment, which is made once for each version of its requirements.

    It is apart from the project's, because the emulator runs Lambda functions in its own: what a bundle lacks must
    be missing there. Raises LocalRunError when a package cannot be installed.
    """
    python, stamp = _VENV / "bin" / "python", _VENV / ".requirements"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    with _REQUIREMENTS.open() as requirements:
        fcntl.flock(requirements, fcntl.LOCK_EX)  # tests and a local run may want it at the same time
        if not stamp.is_file() or stamp.read_text() != wanted:
            _uv("venv", "--clear", "--python", sys.executable, _VENV)
            _uv("pip", "install", "--python", python, "--requirement", _REQUIREMENTS)
            stamp.write_text(wanted)
    return python


def _uv(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if run.returncode:
        raise LocalRunError(
            f"The emulator's environment {_VENV.relative_to(REPOSITORY)} cannot be made: {run.stderr.strip()}\n"
            "Check that the package registry is reachable, then run the command again."
        )
