"""The real kubectl takes the files as they are, and refuses broken ones; the cluster's version is its own.

kubectl maps kinds and checks every field before it would send anything: with `--dry-run=client` that is all it does.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from foundation.kubernetes import write_manifests
from foundation.kubernetes.rendering import KUSTOMIZATION
from tests.kubernetes.kubectl import DRY_RUN, Kubectl, kubectl_with_api
from tests.kubernetes.plans import two_tenants
from tests.kubernetes.schemas import VERSION


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    with kubectl_with_api(tmp_path_factory.mktemp("kubectl")) as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = write_manifests(tmp_path_factory.mktemp("cdk.out"), two_tenants(), made_by="make manifests ENV=prod")
    return written[0].parent.parent


def test_kubectl_is_of_the_clusters_version(kubectl: Kubectl) -> None:
    assert f"Client Version: v{VERSION}." in kubectl.run("version", "--client").stdout


@pytest.mark.parametrize("tenant", ["acme-corp", "globex"])
def test_kubectl_takes_every_file_in_order(kubectl: Kubectl, files: Path, tenant: str) -> None:
    run = kubectl.run(*DRY_RUN, "--filename", str(files / tenant))
    assert (run.returncode, run.stderr) == (0, "")
    made = run.stdout.split()
    assert len(made) == len(list((files / tenant).iterdir())) == len(two_tenants()[tenant])
    assert made[0] == f"namespace/tenant-{tenant}"
    assert made[-1].startswith("horizontalpodautoscaler.autoscaling/")


def test_kustomize_takes_all_of_them_in_the_same_order(kubectl: Kubectl, files: Path) -> None:
    each = [kubectl.run(*DRY_RUN, "--filename", str(files / tenant)).stdout for tenant in two_tenants()]
    run = kubectl.run(*DRY_RUN, "--kustomize", str(files))
    assert run.returncode == 0, run.stderr
    assert run.stdout == "".join(each)


def test_kustomize_changes_nothing(kubectl: Kubectl, files: Path) -> None:
    """What `kubectl apply -k` sends is what the files say."""
    run = kubectl.run("kustomize", str(files))
    assert run.returncode == 0, run.stderr
    assert list(yaml.safe_load_all(run.stdout)) == [one for ours in two_tenants().values() for one in ours]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("readOnlyRootFilesystem:", "readOnlyRootFileSystem:", 'unknown field "readOnlyRootFileSystem"'),
        ("minReadySeconds: 10", "minReadySeconds: ten", 'got "string", expected "integer"'),
        ("kind: Deployment", "kind: Deploymint", 'no matches for kind "Deploymint" in version "apps/v1"'),
        ("  selector:\n", "  selectors:\n", 'missing required field "selector"'),
        ("spec:\n  selector", "spec\n  selector", "error parsing"),
    ],
)
def test_kubectl_refuses_a_broken_deployment(kubectl: Kubectl, files: Path, right: str, wrong: str, says: str) -> None:
    [file] = (files / "acme-corp").glob("*-deployment-finance-agent.yaml")
    text = file.read_text(encoding="utf-8")
    assert right in text
    run = kubectl.run(*DRY_RUN, "--filename", "-", text=text.replace(right, wrong, 1))
    assert run.returncode == 1
    assert says in run.stderr


def test_kubectl_refuses_a_broken_host_rule(kubectl: Kubectl, files: Path) -> None:
    [file] = (files / "globex").glob("*-applicationnetworkpolicy-*.yaml")
    text = file.read_text(encoding="utf-8").replace("domainNames:", "domains:", 1)
    run = kubectl.run(*DRY_RUN, "--filename", "-", text=text)
    assert run.returncode == 1
    assert 'unknown field "domains"' in run.stderr


def test_kustomization_is_beside_the_folders(files: Path) -> None:
    """Inside one of them `kubectl apply -f <folder>` would take it for an object of the cluster's."""
    assert [file.name for file in files.iterdir() if file.is_file()] == [KUSTOMIZATION]
    assert not list(files.glob(f"*/{KUSTOMIZATION}"))
