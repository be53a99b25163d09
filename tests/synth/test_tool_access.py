"""Reading other regions and accounts is a setting: IAM and the function learn of it together (R12)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.assemblies import copy_of_the_app, run_app
from tests.templates import Json, Template, many, written

ROLE = "arn:aws:iam::111122223333:role/foundation-reader"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The tools stack of dev that may read a second region and a second account."""
    root = copy_of_the_app(tmp_path_factory.mktemp("app"))
    file = root / "config" / "dev.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["tool_access"] = {"regions": ["eu-west-1"], "accounts": {"111122223333": "foundation-reader"}}
    file.write_text(yaml.safe_dump(settings))
    run = run_app(outdir=root / "out", context='{"env": "dev"}', root=root)
    assert run.returncode == 0, run.stderr
    name = "foundation-dev-tools"
    return Template(name, json.loads((root / "out" / f"{name}.template.json").read_text()))


def statements(tools: Template) -> list[Json]:
    """The statements of the tool servers' roles."""
    servers = {
        function["Role"]["Fn::GetAtt"][0]
        for function in tools.properties("AWS::Lambda::Function")
        if "FOUNDATION_REGIONS" in function.get("Environment", {}).get("Variables", {})
    }
    assert servers
    return [
        statement
        for policy in tools.properties("AWS::IAM::Policy")
        if servers & {role["Ref"] for role in policy["Roles"]}
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_the_functions_are_told_what_they_may_read(tools: Template) -> None:
    told = [
        function["Environment"]["Variables"]
        for function in tools.properties("AWS::Lambda::Function")
        if "FOUNDATION_REGIONS" in function.get("Environment", {}).get("Variables", {})
    ]
    for variables in told:
        assert written(variables["FOUNDATION_REGIONS"]) == "<AWS::Region>,eu-west-1"
        assert json.loads(variables["FOUNDATION_ACCOUNTS"]) == {"111122223333": ROLE}


def test_the_roles_may_assume_exactly_the_roles_of_the_settings(tools: Template) -> None:
    assumed = [statement for statement in statements(tools) if "sts:AssumeRole" in many(statement["Action"])]
    assert assumed
    assert all(statement["Resource"] == ROLE for statement in assumed)


def test_both_regions_are_open_and_no_third(tools: Template) -> None:
    buckets = [statement for statement in statements(tools) if "ec2:DescribeVpcs" in many(statement["Action"])]
    assert [statement["Condition"] for statement in buckets] == [
        {"StringEquals": {"aws:RequestedRegion": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
    ]
    functions = [statement for statement in statements(tools) if "lambda:GetPolicy" in many(statement["Action"])]
    for statement in functions:
        first, second = (written(resource) for resource in many(statement["Resource"]))
        assert first.replace("<AWS::Region>", "eu-west-1") == second


def test_settings_that_are_no_region_role_or_account_are_refused(tmp_path: Path) -> None:
    root = copy_of_the_app(tmp_path)
    file = root / "config" / "dev.yaml"
    access = {"regions": ["europe"], "accounts": {"1": "arn:aws:iam::1:role/x"}}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"tool_access": access}))
    run = run_app(outdir=root / "out", context='{"env": "dev"}', root=root)
    assert run.returncode == 1
    assert "tool_access.regions" in run.stderr
    assert "tool_access.accounts" in run.stderr
    assert "Traceback" not in run.stderr
