"""A web application's bundle: its start script is there, executable, and starts the package."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from foundation.bundle import archive, bundle
from foundation.web_server import SCRIPT, start_script, web_archive


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The bundle of a package that says that it was started, as PythonFunction makes it."""
    package = tmp_path / "lambda" / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("print('started')\n")
    return bundle(
        source_root=package.parent,
        packages=("probe",),
        cache_folder=tmp_path / "cache",
        generated=((SCRIPT, start_script("probe")),),
    )


def modes(packed: Path) -> dict[str, int]:
    with zipfile.ZipFile(packed) as package:
        return {entry.filename: entry.external_attr >> 16 & 0o777 for entry in package.infolist()}


def test_only_the_start_script_is_executable(made: Path) -> None:
    found = modes(web_archive(made))
    assert {name for name, mode in found.items() if mode == 0o755} == {SCRIPT}
    assert found.keys() == modes(archive(made)).keys()


def test_the_plain_archive_stays_as_it_is(made: Path) -> None:
    plain = archive(made).read_bytes()
    web_archive(made)
    assert archive(made).read_bytes() == plain
    assert set(modes(archive(made)).values()) == {0o644}


def test_the_script_starts_the_package_from_its_bundle(made: Path, tmp_path: Path) -> None:
    """As the adapter's wrapper does: by its path, with the task root in the environment."""
    root = tmp_path / "task"
    with zipfile.ZipFile(web_archive(made)) as package:
        package.extractall(root)
    script = root / SCRIPT
    script.chmod(modes(web_archive(made))[SCRIPT])
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.symlink_to(shutil.which("python3") or sys.executable)
    run = subprocess.run(
        [script],
        env={"LAMBDA_TASK_ROOT": str(root), "PATH": f"{python.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "started\n"
