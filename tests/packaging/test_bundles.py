"""A bundle holds all that its function imports beside what the Lambda runtime brings, and nothing that it does not."""

import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from foundation.bundle import bundle
from foundation.function import GOVERNANCE_PACKAGES, SHARED_PACKAGES, SOURCE_ROOT
from foundation.wheels import HOST, PLATFORM
from tests.assemblies import ROOT

SERVERS = ("account", "ai", "data", "edge", "general", "monitoring")
GOVERNANCE = ("audit_router", "gateway_request", "gateway_response", "token_claims")
FUNCTIONS = (*(f"aws_operations.{server}" for server in SERVERS), "release_check", "secret_rotation", *GOVERNANCE)
COMPILED = {"gateway_request", "gateway_response"}
"""Functions with dependencies that are compiled."""
ARM64 = 0xB7
"""e_machine of an ELF file for arm64 (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html)."""
GENERAL = "aws_operations.general"
AWS_SERVICES = {"secret_rotation": ("cognito-idp", "secretsmanager")}
each_function = pytest.mark.parametrize("package", FUNCTIONS)

RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
"""What Lambda's Python runtimes have on their path: boto3 and what it requires
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-version)."""

CALL_GET_TIME = """
import zoneinfo
from types import SimpleNamespace

zoneinfo.reset_tzpath(to=())  # the runtime is not documented to bring time zones
context = SimpleNamespace(
    aws_request_id="1", get_remaining_time_in_millis=lambda: 30000,
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn",
    client_context=SimpleNamespace(custom={"bedrockAgentCoreToolName": "aws-operations-v1___get_time"}),
)
answer = aws_operations.general.handler.handler({"timezone": "America/Sao_Paulo"}, context)
assert answer["timezone"] == "America/Sao_Paulo", answer
"""


def shared(package: str) -> tuple[str, ...]:
    return GOVERNANCE_PACKAGES if package in GOVERNANCE else SHARED_PACKAGES


def made(package: str, cache_folder: Path, source_root: Path = SOURCE_ROOT, *, platform: str = PLATFORM) -> Path:
    return bundle(
        source_root=source_root,
        packages=(package, *shared(package)),
        cache_folder=cache_folder,
        aws_services=AWS_SERVICES.get(package, ()),
        platform=platform,
    )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundle of each function, as it is deployed."""
    return {package: made(package, tmp_path_factory.mktemp("bundles")) for package in FUNCTIONS}


@pytest.fixture(scope="module")
def local_bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundle of each function, as it runs on this machine."""
    return {package: made(package, tmp_path_factory.mktemp("local"), platform=HOST) for package in FUNCTIONS}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the Lambda runtime brings, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    site_packages = Path(str(distribution("boto3").locate_file("")))
    for name in RUNTIME:
        (folder / name).symlink_to(site_packages / name)
    return folder


def run_clean(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in an interpreter that sees the standard library and `path` alone."""
    preamble = f"import sys\nsys.path[:0] = {[str(folder) for folder in path]}\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", preamble + code], capture_output=True, text=True, check=False
    )


@each_function
def test_a_bundle_imports_on_its_own(local_bundles: dict[str, Path], runtime: Path, package: str) -> None:
    run = run_clean(f"import {package}.handler\n{package}.handler.handler", local_bundles[package], runtime)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", sorted(COMPILED))
def test_a_bundle_can_verify_tokens(local_bundles: dict[str, Path], runtime: Path, package: str) -> None:
    """Its own cryptography is loaded at the first call only, so an import says nothing of it."""
    code = (
        "from joserfc.jwk import RSAKey\nfrom governance import keys\n"
        "assert keys.public_keys({'keys': [RSAKey.generate_key(2048).as_dict(private=False)]})"
    )
    run = run_clean(code, local_bundles[package], runtime)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", sorted(COMPILED))
def test_what_is_compiled_is_for_awss_processors(bundles: dict[str, Path], package: str) -> None:
    compiled = list(bundles[package].rglob("*.so"))
    assert {int.from_bytes(file.read_bytes()[18:20], "little") for file in compiled} == {ARM64}
    assert {file.name.partition(".")[0] for file in compiled} == {"_cffi_backend", "_rust"}


def test_without_its_bundle_a_function_does_not_import(runtime: Path) -> None:
    """The interpreter of these tests is as clean as they say."""
    run = run_clean("import secret_rotation.handler", SOURCE_ROOT, runtime)
    assert "No module named 'aws_lambda_powertools'" in run.stderr


def test_a_tool_answers_from_its_bundle(bundles: dict[str, Path], runtime: Path) -> None:
    run = run_clean("import aws_operations.general.handler\n" + CALL_GET_TIME, bundles[GENERAL], runtime)
    assert run.returncode == 0, run.stderr


@each_function
def test_a_bundle_holds_no_rubbish(bundles: dict[str, Path], package: str) -> None:
    files = [path.relative_to(bundles[package]) for path in bundles[package].rglob("*") if path.is_file()]
    assert [file for file in files if file.suffix in {".pyc", ".pyd", ".exe"}] == []
    assert bool([file for file in files if file.suffix == ".so"]) == (package in COMPILED)
    assert [file for file in files if file.suffix == ".pth" or file.name in {"requirements.txt", "RECORD"}] == []
    top = {file.parts[0] for file in files}
    assert {"tests", "bin", "stacks", "foundation", "local"} & top == set()
    outer, _, inner = package.partition(".")
    assert {outer, "aws_lambda_powertools"} <= top
    assert {"toolkit", "governance"} & top == set(shared(package))
    assert {function.partition(".")[0] for function in FUNCTIONS} & top == {outer}
    assert {file.parts[1] for file in files if file.parts[0] == outer} & set(SERVERS) == ({inner} if inner else set())


def test_the_rotations_own_boto3_knows_client_secrets(bundles: dict[str, Path]) -> None:
    code = "import boto3\nassert boto3.client('cognito-idp', 'us-east-1').add_user_pool_client_secret"
    run = run_clean(code, bundles["secret_rotation"])
    assert run.returncode == 0, run.stderr


def test_only_the_rotation_brings_boto3_with_the_services_it_calls(bundles: dict[str, Path]) -> None:
    assert not (bundles[GENERAL] / "boto3").exists()
    data = bundles["secret_rotation"] / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(AWS_SERVICES["secret_rotation"])


@each_function
def test_another_folder_gives_the_same_bundle(bundles: dict[str, Path], package: str, tmp_path: Path) -> None:
    copy = shutil.copytree(SOURCE_ROOT, tmp_path / "lambda", ignore=shutil.ignore_patterns("__pycache__"))
    again = made(package, tmp_path / "cache", copy)
    assert again.name == bundles[package].name
    assert contents(again) == contents(bundles[package])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@each_function
def test_a_bundle_is_what_the_tests_ran_against(package: str) -> None:
    """The pins of a function are those of requirements.txt and constraints.txt: what is deployed is what was tested."""
    pins = set((ROOT / "requirements.txt").read_text().splitlines())
    pins |= set((ROOT / "constraints.txt").read_text().splitlines())
    own = (SOURCE_ROOT / package.partition(".")[0] / "requirements.txt").read_text().splitlines()
    assert {line for line in own if line and not line.startswith("#")} <= pins
