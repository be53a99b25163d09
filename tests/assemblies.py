"""Cloud assemblies of the real app: each environment is synthesized once for a whole run of the tests."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ENVIRONMENTS = ("dev", "gamma", "prod")
ROOT = Path(__file__).parent.parent

_folders: list[TemporaryDirectory[str]] = []


@cache
def assembly(environment: str) -> Path:
    """The folder with the environment's templates, written as a user writes them, policy checks included.

    Raises AssertionError with what the app printed when it fails.
    """
    folder = TemporaryDirectory(prefix=f"foundation-{environment}-")
    _folders.append(folder)  # kept until the process ends
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"CDK_OUTDIR": folder.name, "CDK_CONTEXT_JSON": f'{{"env": "{environment}"}}'},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise AssertionError(f"app.py fails for {environment}:\n{run.stdout}{run.stderr}")
    return Path(folder.name)
