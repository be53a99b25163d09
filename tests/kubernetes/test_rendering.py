"""Files of manifests: the same each time, readable, and replaced as a whole or not at all."""

from pathlib import Path

import pytest
import yaml

from foundation.kubernetes import tenant_manifests, write_manifests
from tests.kubernetes.plans import tenant_plan, two_tenants

MADE_BY = "make manifests ENV=prod"


def contents(folder: Path) -> dict[str, str]:
    """Every file below `folder` by its path there."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_files_are_one_object_each_in_order(tmp_path: Path) -> None:
    written = write_manifests(tmp_path, {"acme-corp": tenant_manifests(tenant_plan())}, made_by=MADE_BY)
    assert [str(file.relative_to(tmp_path / "manifests")) for file in written] == [
        "acme-corp/00-namespace-tenant-acme-corp.yaml",
        "acme-corp/01-resourcequota-tenant.yaml",
        "acme-corp/02-limitrange-containers.yaml",
        "acme-corp/03-networkpolicy-default-deny.yaml",
        "acme-corp/04-networkpolicy-agents-from-gateway.yaml",
        "acme-corp/05-networkpolicy-dns.yaml",
        "acme-corp/06-networkpolicy-pod-identity.yaml",
        "acme-corp/07-networkpolicy-aws-endpoints.yaml",
        "acme-corp/08-applicationnetworkpolicy-hosts.yaml",
        "acme-corp/09-serviceaccount-reporting-agent.yaml",
        "acme-corp/10-service-reporting-agent.yaml",
        "acme-corp/11-deployment-reporting-agent.yaml",
        "acme-corp/12-poddisruptionbudget-reporting-agent.yaml",
        "acme-corp/13-horizontalpodautoscaler-reporting-agent.yaml",
        "kustomization.yaml",
    ]
    assert sorted(written) == sorted(file for file in tmp_path.rglob("*") if file.is_file())


def test_files_say_what_the_objects_are(tmp_path: Path) -> None:
    manifests = two_tenants()
    written = write_manifests(tmp_path, manifests, made_by=MADE_BY)
    read = [yaml.safe_load(file.read_text()) for file in written if file.parent.name in manifests]
    assert read == [manifest for ours in manifests.values() for manifest in ours]


def test_names_sort_as_the_objects_have_to_be_applied(tmp_path: Path) -> None:
    """kubectl goes through a folder by name."""
    agents = [f"agent-{letter}" for letter in "abcdefghijklmnopqrst"]
    manifests = tenant_manifests(tenant_plan("acme-corp", *agents))
    written = write_manifests(tmp_path, {"acme-corp": manifests}, made_by=MADE_BY)
    assert len(manifests) > 100
    assert written[:-1] == sorted(written[:-1])


def test_headers_say_who_made_them_and_nothing_of_when_and_where(tmp_path: Path) -> None:
    write_manifests(tmp_path / "one", two_tenants(), made_by=MADE_BY)
    write_manifests(tmp_path / "two", two_tenants(), made_by=MADE_BY)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one == two
    assert all(text.startswith(f"# Made by `{MADE_BY}` from the settings in config/.") for text in one.values())


def test_files_of_a_tenant_that_is_gone_are_gone(tmp_path: Path) -> None:
    manifests = two_tenants()
    write_manifests(tmp_path, manifests, made_by=MADE_BY)
    del manifests["globex"]
    write_manifests(tmp_path, manifests, made_by=MADE_BY)
    assert {file.name for file in (tmp_path / "manifests").iterdir()} == {"acme-corp", "kustomization.yaml"}


def test_without_manifests_there_is_no_folder(tmp_path: Path) -> None:
    write_manifests(tmp_path, two_tenants(), made_by=MADE_BY)
    assert write_manifests(tmp_path, {}, made_by=MADE_BY) == []
    assert list(tmp_path.iterdir()) == []


def test_failure_while_writing_leaves_the_former_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifests(tmp_path, two_tenants(), made_by=MADE_BY)
    before = contents(tmp_path)
    written: list[Path] = []

    def full_disk(file: Path, *arguments: object, **options: object) -> int:
        written.append(file)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return 0

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_manifests(tmp_path, {"acme-corp": tenant_manifests(tenant_plan())}, made_by="another")
    assert contents(tmp_path) == before


def test_failure_while_replacing_leaves_the_former_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifests(tmp_path, two_tenants(), made_by=MADE_BY)
    before = contents(tmp_path)
    rename = Path.rename

    def refuse_the_new_folder(source: Path, target: Path) -> Path:
        if source.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_folder)
    with pytest.raises(PermissionError):
        write_manifests(tmp_path, {"acme-corp": tenant_manifests(tenant_plan())}, made_by="another")
    assert contents(tmp_path) == before
