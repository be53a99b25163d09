"""The templates of every environment are what CloudFormation's schemas ask for, intrinsics resolved or not."""

import pytest

from tests.assemblies import ENVIRONMENTS, assembly
from tests.lint.check import lint_assembly
from tests.lint.literal import Assembly


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cfn_lint_finds_neither_errors_nor_warnings(environment: str) -> None:
    assert lint_assembly(Assembly.read(assembly(environment))) == {}
