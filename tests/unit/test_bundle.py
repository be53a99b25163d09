"""A bundle that cannot be made says which package stands in the way, and the way out."""

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from foundation.bundle import bundle, fetch_ahead
from foundation.wheels import HOST, PLATFORM, BundleError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source root with one package, `probe`, that requires nothing."""
    package = tmp_path / "lambda" / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return package.parent


def make(source: Path, *packages: str, **options: Any) -> Path:
    return bundle(source_root=source, packages=packages or ("probe",), cache_folder=source.parent / "cache", **options)


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


def test_a_generated_file_is_part_of_the_bundle_and_of_its_hash(source: Path) -> None:
    bundles = [make(source, generated=(("catalogue.json", text),)) for text in ("{}", "[]")]
    assert [(made / "catalogue.json").read_text() for made in bundles] == ["{}", "[]"]
    assert len({made.name for made in (*bundles, make(source))}) == 3


def compiled_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.so"))


def test_a_compiled_dependency_is_fetched_for_where_the_function_runs(source: Path) -> None:
    (source / "probe" / "requirements.txt").write_text("cffi\n")
    deployed, local = make(source), make(source, platform=HOST)
    assert [file.name.split("-")[2] for file in compiled_files(deployed)] == ["aarch64"]
    own = Path(str(distribution("cffi").locate_file(""))) / compiled_files(local)[0].name
    assert own.read_bytes() == compiled_files(local)[0].read_bytes()
    # What is in pure Python is copied as ever, and no installer leaves its traces.
    assert all((made / "pycparser" / "__init__.py").is_file() for made in (deployed, local))
    assert not [path for path in deployed.rglob("*") if path.name in {"RECORD", "INSTALLER", "bin", ".lock"}]


def test_the_platform_is_none_of_a_bundle_in_pure_python(source: Path) -> None:
    assert make(source).name == make(source, platform=HOST).name


def test_a_platform_without_wheels_is_refused_with_uvs_reason(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source / "probe" / "requirements.txt").write_text("cffi\n")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(source / "empty"))
    with pytest.raises(BundleError, match=r"^lambda/probe cannot be installed for aarch64-manylinux2014: .* uv says: "):
        make(source)


def test_another_platform_is_refused(source: Path) -> None:
    with pytest.raises(BundleError, match="'riscv' is not known: leave it out, or write host"):
        make(source, platform="riscv")


def test_what_is_compiled_is_fetched_ahead_for_aws(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make setup` a synthesis needs no network: the wheels that it cannot copy are in uv's cache."""
    asked: list[tuple[list[str], str]] = []

    def fetch(requirements: list[str], folder: Path, *, platform: str, **_: object) -> None:
        asked.append((requirements, platform))

    monkeypatch.setattr("foundation.bundle.fetch", fetch)
    (source / "probe" / "requirements.txt").write_text("joserfc\n")
    fetch_ahead(source, ("probe",))
    [(requirements, platform)] = asked
    assert {pin.partition("==")[0] for pin in requirements} >= {"cryptography"}
    assert "joserfc" not in {pin.partition("==")[0] for pin in requirements}
    assert platform == PLATFORM
