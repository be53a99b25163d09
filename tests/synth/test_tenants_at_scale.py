"""One, a hundred and a thousand tenants fit: every stack below CloudFormation's limits, with room (R19)."""

import json
from pathlib import Path

import pytest

from tests.synth.tenants_at_scale import synthesize, with_tenants

MOST_RESOURCES = 450
LARGEST_TEMPLATE = 900_000
"""CloudFormation takes 500 resources and 1 MB
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""


@pytest.mark.parametrize("count", [1, 100, 1000])
def test_every_stack_fits_however_many_tenants_there_are(tmp_path: Path, count: int) -> None:
    synthesize(with_tenants(tmp_path / "root", count), tmp_path / "out")
    files = list((tmp_path / "out").glob("*.template.json"))
    assert len([file for file in files if "-tenant-" in file.name]) == count
    for file in files:
        size = file.stat().st_size
        resources = len(json.loads(file.read_text(encoding="utf-8"))["Resources"])
        assert (size < LARGEST_TEMPLATE, resources < MOST_RESOURCES) == (True, True), (file.name, size, resources)
