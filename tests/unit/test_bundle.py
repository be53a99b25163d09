"""A bundle that cannot be made says which package stands in the way, and the way out."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from foundation.bundle import BundleError, bundle
from foundation.platforms import HOST, PLATFORM, PLATFORM_CONTEXT, PYTHON


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source root with one package, `probe`, that requires nothing."""
    package = tmp_path / "lambda" / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return package.parent


def make(source: Path, *packages: str, platform: str = PLATFORM, generated: tuple[tuple[str, str], ...] = ()) -> Path:
    return bundle(
        source_root=source,
        packages=packages or ("probe",),
        cache_folder=source.parent / "cache",
        platform=platform,
        generated=generated,
    )


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        ("no-such-package==1.0", "no-such-package==1.0 is not installed: run `make setup`"),
        ("jmespath==0.1", r"jmespath==0.1 is wanted and [\d.]+ is installed: run `make setup`"),
    ],
    ids=["missing", "another version"],
)
def test_dependency_that_cannot_be_bundled(source: Path, requirement: str, sentence: str) -> None:
    (source / "probe" / "requirements.txt").write_text(f"# what it needs\n{requirement}\n")
    with pytest.raises(BundleError, match=f"^{sentence}$"):
        make(source)


def test_a_compiled_dependency_is_taken_for_the_machine_that_runs_it(source: Path) -> None:
    (source / "probe" / "requirements.txt").write_text("cffi\n")
    extensions = {
        platform: [path.name for path in make(source, platform=platform).rglob("_cffi_backend*")]
        for platform in (PLATFORM, HOST)
    }
    [there], [here] = extensions.values()
    assert there == f"_cffi_backend.cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so"
    module = find_spec("_cffi_backend")
    assert module is not None
    assert here == Path(str(module.origin)).name


def test_a_compiled_dependency_brings_no_more_than_a_pure_one(source: Path) -> None:
    (source / "probe" / "requirements.txt").write_text("cffi\n")
    made = make(source)
    assert {path.name for path in made.iterdir()} >= {"cffi", "pycparser", "probe"}
    assert [path.name for path in made.rglob("RECORD")] == []
    assert not (made / "bin").exists()


def test_an_unknown_platform(source: Path) -> None:
    with pytest.raises(BundleError, match=f"context {PLATFORM_CONTEXT}: 'riscv' is not known"):
        make(source, platform="riscv")


def test_documents_lie_beside_the_packages_and_count(source: Path) -> None:
    without = make(source)
    made = make(source, generated=(("catalogue.json", "{}"),))
    assert (made / "catalogue.json").read_text() == "{}"
    assert made.name != without.name
    assert make(source, generated=(("catalogue.json", "[]"),)).name != made.name


def test_package_without_init(source: Path) -> None:
    (source / "bare").mkdir()
    with pytest.raises(BundleError, match=r"bare is no Python package: create .*/bare/__init__\.py$"):
        make(source, "bare")


def test_dependencies_of_dependencies_come_along(source: Path) -> None:
    (source / "probe" / "requirements.txt").write_text("aws-lambda-powertools\n")
    assert {"aws_lambda_powertools", "jmespath", "typing_extensions.py"} <= {
        path.name for path in make(source).iterdir()
    }


def test_what_a_build_leaves_is_left_out(source: Path) -> None:
    clean = make(source).name
    (source / "probe" / "__pycache__").mkdir()
    (source / "probe" / "__pycache__" / "old.pyc").write_bytes(b"old")
    bundle.cache_clear()
    assert make(source).name == clean


def test_a_changed_file_gives_another_bundle(source: Path) -> None:
    first = make(source)
    (source / "probe" / "__init__.py").write_text("CHANGED = True\n")
    bundle.cache_clear()
    assert make(source).name != first.name
    assert (make(source) / "probe" / "__init__.py").read_text() == "CHANGED = True\n"


def test_two_syntheses_at_once_make_one_whole_bundle(source: Path) -> None:
    (source / "probe" / "requirements.txt").write_text("aws-lambda-powertools\n")
    uncached = bundle.__wrapped__
    with ThreadPoolExecutor(4) as workers:
        runs = [
            workers.submit(uncached, source_root=source, packages=("probe",), cache_folder=source.parent / "cache")
            for _ in range(4)
        ]
    assert len({run.result() for run in runs}) == 1
    assert [path.name for path in (source.parent / "cache").iterdir()] == [runs[0].result().name]
