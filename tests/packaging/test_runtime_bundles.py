"""Bundles for AgentCore Runtime hold all that their server imports, compiled for where it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from foundation.runtime_bundle import ENTRY_POINT, runtime_bundle
from foundation.wheels import HOST, PLATFORM_CONTEXT, BundleError

PACKAGE = "unit_converter"
ARM64 = 0xB7
"""e_machine of an ELF file for arm64 (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html)."""


def machines(folder: Path) -> set[int]:
    """The processors that the compiled files in `folder` are for."""
    return {int.from_bytes(file.read_bytes()[18:20], "little") for file in folder.rglob("*.so*")}


def test_what_is_deployed_is_compiled_for_awss_processors() -> None:
    folder = runtime_bundle(PACKAGE)
    assert machines(folder) == {ARM64}
    assert (folder / ENTRY_POINT).is_file()
    assert (folder / PACKAGE / "main.py").is_file()


def test_a_server_of_the_local_run_has_all_that_it_imports() -> None:
    folder = runtime_bundle(PACKAGE, platform=HOST)
    # Without site-packages, and the bundle as the one place to import from.
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import unit_converter.main as m; print(m.__file__)"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == str(folder / PACKAGE / "main.py"), run.stderr


def test_a_bundle_is_made_once_from_the_same_inputs() -> None:
    assert runtime_bundle(PACKAGE) is runtime_bundle(PACKAGE)
    assert runtime_bundle(PACKAGE) != runtime_bundle(PACKAGE, platform=HOST)


def test_another_platform_is_refused() -> None:
    with pytest.raises(BundleError, match=f"context {PLATFORM_CONTEXT}: 'riscv' is not known: leave it out, or write"):
        runtime_bundle(PACKAGE, platform="riscv")
