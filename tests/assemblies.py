"""Cloud assemblies of the real app: each environment is synthesized once for a whole run of the tests.

`make test` has two pytest processes at work. It gives both a folder, by SHARED, in which the first that needs an
environment leaves its assembly for the other.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ENVIRONMENTS = ("dev", "gamma", "prod")
ROOT = Path(__file__).parent.parent
SHARED = "FOUNDATION_SHARED_ASSEMBLIES"

Run = subprocess.CompletedProcess[str]

_workers = ThreadPoolExecutor(max_workers=min(len(ENVIRONMENTS), os.cpu_count() or 1))
_runs: dict[str, Future[tuple[Path, Run]]] = {}
_folders: list[TemporaryDirectory[str]] = []
_told: set[str] = set()


def start(*environments: str) -> None:
    """Begin to synthesize `environments` in the background, unless they are under way or done."""
    for environment in environments:
        if environment not in _runs:
            _runs[environment] = _workers.submit(_synthesize, environment)


def assembly(environment: str) -> Path:
    """The folder with the environment's templates, written as a user writes them, policy checks included.

    Raises AssertionError when it fails, the first time with what the app printed.
    """
    start(environment)
    folder, run = _runs[environment].result()
    if run.returncode:
        printed = "see the first failure" if environment in _told else f"\n{run.stdout}{run.stderr}"
        _told.add(environment)
        raise AssertionError(f"app.py fails for {environment}: {printed}")
    return folder


def run_app(*, outdir: Path, context: str, root: Path = ROOT) -> Run:
    """Run the app of the checkout `root` as a user does; `context` is the JSON of what `-c` options would say."""
    own_code = os.pathsep.join(str(root / folder) for folder in ("constructs", "lambda"))
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=root,
        env=os.environ | {"CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": context, "PYTHONPATH": own_code},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_of_the_app(folder: Path) -> Path:
    """Copy what `app.py` reads into `folder`, without what earlier runs left."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("config", "constructs", "lambda", "stacks", "versions"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("app.py", "cdk.json"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def _synthesize(environment: str) -> tuple[Path, Run]:
    if SHARED in os.environ:
        return _shared(Path(os.environ[SHARED]), environment)
    folder = TemporaryDirectory(prefix=f"foundation-{environment}-")
    _folders.append(folder)  # kept until the process ends
    return Path(folder.name), _run(environment, Path(folder.name))


def _shared(folder: Path, environment: str) -> tuple[Path, Run]:
    """The assembly in the folder of several processes, made by whichever comes first."""
    outdir, record = folder / environment, folder / f"{environment}.json"
    with (folder / f"{environment}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            run = _run(environment, outdir)
            record.write_text(json.dumps(vars(run)), encoding="utf-8")
    return outdir, Run(**json.loads(record.read_text(encoding="utf-8")))


def _run(environment: str, outdir: Path) -> Run:
    return run_app(outdir=outdir, context=f'{{"env": "{environment}"}}')
