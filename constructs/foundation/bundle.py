"""Lambda bundles without Docker and without a network.

A bundle holds the function's package, the packages it shares with others, and the dependencies that the package's
requirements.txt names, copied from this interpreter's own site-packages: what the tests ran against is what is
deployed, and a synthesis needs no registry. Only distributions in pure Python can be taken this way; a compiled one is
fetched for where the function runs (`foundation.wheels`).

A bundle is kept under the hash of its inputs, every file of our packages, what was generated for it and the version of
every dependency, so that a synthesis makes one only when something changed. The hash does not depend on when and where
it was made, so that the asset is the same from any checkout.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from foundation.wheels import HOST, PLATFORM, BundleError, check_platform, fetch

_SKIPPED = {"__pycache__", "requirements.txt", ".DS_Store"}
_METADATA_KEPT = {"METADATA"}
"""Of a distribution's metadata: enough for importlib.metadata.version(). RECORD and INSTALLER differ by installer."""


@cache
def bundle(
    *,
    source_root: Path,
    packages: tuple[str, ...],
    cache_folder: Path,
    aws_services: tuple[str, ...] = (),
    generated: tuple[tuple[str, str], ...] = (),
    platform: str = PLATFORM,
) -> Path:
    """The folder to deploy for a function made of `packages`.

    Args:
        source_root: folder of the packages (`lambda/`).
        packages: the function's package first, then the shared ones it imports; of `outer.inner` the modules of `outer`
            come along, its other packages do not.
        cache_folder: where bundles are kept between syntheses.
        aws_services: services whose API descriptions a bundle with boto3 of its own takes along, by botocore's names.
            All of them together would be thirty times the rest.
        generated: names at the bundle's root and texts of files that a synthesis makes for it.
        platform: of `foundation.wheels`: where compiled dependencies are to run.

    Returns:
        A folder below `cache_folder`, complete, named by its inputs.

    Raises:
        BundleError: a package has no folder, a dependency is not installed as pinned or has no wheel for the
            platform, or there is no such platform.
    """
    check_platform(platform)
    files = dict(package_files(source_root, packages))
    needed = dependencies(source_root, packages)
    digest = hashlib.sha256(listing(files))
    compiled = [dist for dist in needed if not _is_pure(dist)]
    digest.update("".join(f"{pin}\n" for pin in _pins(needed)).encode())
    digest.update(f"{' '.join(aws_services)}{platform if compiled else ''}{json.dumps(generated)}".encode())
    digest.update(Path(__file__).read_bytes())  # which files are taken is decided here
    folder = cache_folder / f"{packages[0]}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        with _for_platform(compiled, platform=platform, label=f"lambda/{packages[0]}") as fetched:
            for dist in (*(dist for dist in needed if dist not in compiled), *fetched):
                files |= {name: path for name, path in _distribution_files(dist) if _wanted(name, aws_services)}
            with appearing(folder) as made:
                copy(files, made)
                for name, text in generated:
                    (made / name).write_text(text, encoding="utf-8")
    return folder


def archive(folder: Path) -> Path:
    """The bundle `folder` as a zip beside it, for CDK to copy as one file instead of a thousand.

    Names are sorted and times left out; how well it is packed is the zlib's own affair, so whoever needs the same hash
    from every machine takes the folder's name.
    """
    target = folder.with_name(f"{folder.name}.zip")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
            made = Path(staging) / target.name
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
                for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                    entry = zipfile.ZipInfo(str(path.relative_to(folder)))
                    entry.external_attr = 0o644 << 16
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    packed.writestr(entry, path.read_bytes())
            made.replace(target)
    return target


def package_files(source_root: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Every file of the packages, and of a package inside another the modules that lie above it."""
    for package in packages:
        folders = _folders(source_root, package)
        for folder in folders:
            if not (folder / "__init__.py").is_file():
                raise BundleError(f"{folder} is no Python package: create {folder / '__init__.py'}")
        above = [path for folder in folders[:-1] for path in folder.glob("*.py")]
        for path in (*above, *folders[-1].rglob("*")):
            if path.is_file() and not _SKIPPED.intersection(path.relative_to(folders[0]).parts):
                yield str(path.relative_to(source_root)), path


def _folders(source_root: Path, package: str) -> list[Path]:
    """The folder of `outer.inner` and those above it, the outermost first."""
    parts = package.split(".")
    return [source_root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]


def dependencies(source_root: Path, packages: tuple[str, ...]) -> list[Distribution]:
    """The installed distributions that the packages' requirements.txt name, and all that those require.

    Raises:
        BundleError: one is not installed as pinned.
    """
    found: dict[str, Distribution] = {}
    folders = [folder for package in packages for folder in _folders(source_root, package)]
    waiting = [(line, "") for folder in folders for line in requirement_lines(folder / "requirements.txt")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = _normal(requirement.name)
        found[name] = _installed(requirement)
        for wanted in {(name, extra) for extra in ("", *requirement.extras)} - seen:
            seen.add(wanted)
            waiting += [(needed, wanted[1]) for needed in found[name].requires or []]
    return [found[name] for name in sorted(found)]


def requirement_lines(file: Path) -> list[str]:
    """What a requirements.txt asks for; nothing where there is none."""
    if not file.is_file():
        return []
    lines = (line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _installed(requirement: Requirement) -> Distribution:
    try:
        dist = distribution(requirement.name)
    except PackageNotFoundError:
        raise BundleError(f"{requirement} is not installed: run `make setup`") from None
    if dist.version not in requirement.specifier:
        raise BundleError(f"{requirement} is wanted and {dist.version} is installed: run `make setup`")
    return dist


def _normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_pure(dist: Distribution) -> bool:
    """https://packaging.python.org/en/latest/specifications/binary-distribution-format/#what-s-the-deal-with-purelib-vs-platlib."""
    return "Root-Is-Purelib: true" in (dist.read_text("WHEEL") or "")


def _pins(found: Sequence[Distribution]) -> list[str]:
    return [f"{_normal(dist.name)}=={dist.version}" for dist in found]


def fetch_ahead(source_root: Path, packages: tuple[str, ...]) -> None:
    """Put into uv's cache what a bundle of `packages` will take from a registry, so that a synthesis needs none.

    Raises:
        BundleError: a dependency is not installed as pinned, has no wheel for AWS, or cannot be reached.
    """
    compiled = [dist for dist in dependencies(source_root, packages) if not _is_pure(dist)]
    with _for_platform(compiled, platform=PLATFORM, label=f"lambda/{packages[0]}"):
        pass


@contextmanager
def _for_platform(compiled: Sequence[Distribution], *, platform: str, label: str) -> Iterator[Sequence[Distribution]]:
    """The same distributions, compiled for the platform; this environment's own when that is this machine."""
    if not compiled or platform == HOST:
        yield compiled
        return
    with tempfile.TemporaryDirectory() as folder:
        fetch(_pins(compiled), Path(folder), platform=platform, label=label, options=("--no-deps",))
        yield list(distributions(path=[folder]))


def _distribution_files(dist: Distribution) -> Iterator[tuple[str, Path]]:
    for file in dist.files or []:
        in_metadata = file.parts[0].endswith(".dist-info")
        if (
            file.parts[0] in ("..", "bin")
            or "__pycache__" in file.parts
            or (in_metadata and file.name not in _METADATA_KEPT)
        ):
            continue
        yield str(file), Path(str(dist.locate_file(file)))


def _wanted(name: str, aws_services: tuple[str, ...]) -> bool:
    """Leave out what botocore knows of services that the function does not call."""
    parts = Path(name).parts
    return parts[:2] != ("botocore", "data") or len(parts) == 3 or parts[2] in aws_services


def listing(files: Mapping[str, Path]) -> bytes:
    """Names and hashes of files, the same for the same content wherever they lie."""
    lines = (f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in sorted(files.items()))
    return "".join(lines).encode()


def copy(files: Mapping[str, Path], folder: Path) -> None:
    """Put files into a folder under their names."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `folder` whole or not at all: another process may be synthesizing beside this."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
        made = Path(staging) / "bundle"
        made.mkdir()
        yield made
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():
                raise
