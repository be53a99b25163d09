"""What holds for every stack: protection, retention, tags, and how stacks refer to each other and to an account."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from foundation.checks.statements import allow_statements
from foundation.checks.template import Template as CheckedTemplate
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS, assembly, copy_of_the_app, run_app
from tests.templates import Json, Template, all_templates, strings, template, units

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
DATA_BEARING = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EKS::Cluster",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
"""Types whose deletion loses something that a new deployment does not bring back."""


def stacks_of(assembly_folder: Path) -> dict[str, Json]:
    """What the assembly says of each stack, by the stack's name."""
    artifacts = json.loads((assembly_folder / "manifest.json").read_text())["artifacts"]
    return {name: a for name, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}


@in_every_environment
def test_stacks_are_split_by_lifetime(environment: str) -> None:
    assert stacks_of(assembly(environment)).keys() == {
        f"foundation-{environment}-{unit}" for unit in units(environment)
    }


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("gamma", True), ("prod", True)])
def test_stacks_are_protected_where_data_lives(environment: str, protected: bool) -> None:
    for stack in stacks_of(assembly(environment)).values():
        assert stack["properties"]["terminationProtection"] is protected


@pytest.mark.parametrize(("environment", "outlives"), [("dev", False), ("gamma", True), ("prod", True)])
def test_data_outlives_its_stack_where_it_should(environment: str, outlives: bool) -> None:
    """What a first creation that fails leaves behind would be in the way of the second, if it has a name."""
    kept = {("Retain", "Retain"), ("RetainExceptOnCreate", "Retain")}
    named = {"AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::KMS::Key"}
    for unit in units(environment):
        for logical_id, resource in template(environment, unit).resources.items():
            if resource["Type"] in DATA_BEARING:
                policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
                assert policies in (kept if outlives else {("Delete", "Delete")}), logical_id
                if outlives and resource["Type"] in named:
                    assert policies == ("RetainExceptOnCreate", "Retain"), logical_id


def test_a_development_environment_leaves_nothing_behind() -> None:
    for unit in units("dev"):
        for logical_id, resource in template("dev", unit).resources.items():
            assert resource.get("DeletionPolicy", "Delete") == "Delete", logical_id
    assert template("dev", "identity").only("AWS::Cognito::UserPool").get("DeletionProtection") != "ACTIVE"


@pytest.mark.parametrize("environment", ["gamma", "prod"])
def test_the_user_pool_is_protected_from_deletion(environment: str) -> None:
    assert template(environment, "identity").only("AWS::Cognito::UserPool")["DeletionProtection"] == "ACTIVE"


def test_references_between_stacks_are_weak() -> None:
    """An export that another stack imports can be neither changed nor removed: deployments would lock each other."""
    for stack in all_templates():
        assert "Fn::ImportValue" not in set(strings(stack.body)), stack.name
        assert all("Export" not in output for output in stack.body.get("Outputs", {}).values()), stack.name


@in_every_environment
def test_a_stack_refers_to_outputs_that_exist(environment: str) -> None:
    outputs = {
        f"foundation-{environment}-{unit}": template(environment, unit).body.get("Outputs", {})
        for unit in units(environment)
    }
    for unit in units(environment):
        for reference in references(template(environment, unit).body):
            assert reference["OutputName"] in outputs[reference["StackName"]]


def references(node: object) -> list[Json]:
    """The arguments of every Fn::GetStackOutput below `node`."""
    if isinstance(node, dict):
        own = [node["Fn::GetStackOutput"]] if "Fn::GetStackOutput" in node else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for item in node for found in references(item)] if isinstance(node, list) else []


@in_every_environment
def test_identity_never_depends_on_the_gateway(environment: str) -> None:
    deployed_before = {
        unit: stacks_of(assembly(environment))[f"foundation-{environment}-{unit}"].get("dependencies", [])
        for unit in ("network", "audit", "identity", "data")
    }
    others = {
        (unit, name.removeprefix(f"foundation-{environment}-"))
        for unit, names in deployed_before.items()
        for name in names
        if not name.endswith(".assets")
    }
    assert others == {("identity", "audit")}  # whose topic its alarm tells


@in_every_environment
def test_without_an_account_the_templates_fit_any(environment: str) -> None:
    assert load_settings(environment).environment.account is None
    for stack in stacks_of(assembly(environment)).values():
        assert stack["environment"] == "aws://unknown-account/us-east-1"


@in_every_environment
def test_resources_carry_the_tags_that_costs_are_told_apart_by(environment: str) -> None:
    for unit in units(environment):
        for logical_id, resource in template(environment, unit).resources.items():
            if tags := resource.get("Properties", {}).get("Tags"):
                given = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
                assert given.items() >= {("project", "foundation"), ("environment", environment)}, logical_id


READER = "arn:aws:iam::210987654321:role/finance-agent"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """From copies of the checkout in other folders: `dev` as it is, and `gamma` bound to an account and a region, with
    a role from outside that reads an agent's secret.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    checkouts = {name: copy_of_the_app(folder / name) for name in ("dev", "gamma")}
    settings = checkouts["gamma"] / "config" / "gamma.yaml"
    elsewhere = settings.read_text().replace("us-east-1", "eu-west-1").replace("profile: us", "profile: eu")
    settings.write_text(f'account: "210987654321"\nregion: eu-west-1\n{elsewhere}')
    file = checkouts["gamma"] / "config" / "tenants" / "acme-corp.yaml"
    tenant = yaml.safe_load(file.read_text())
    tenant["agents"]["finance-agent"]["principals"] = {"gamma": [READER]}
    file.write_text(yaml.safe_dump(tenant))

    def synthesize(name: str) -> Path:
        run = run_app(root=checkouts[name], outdir=folder / f"{name}-out", context=json.dumps({"env": name}))
        assert run.returncode == 0, run.stderr
        return folder / f"{name}-out"

    with ThreadPoolExecutor(len(checkouts)) as workers:
        return dict(zip(checkouts, workers.map(synthesize, checkouts), strict=True))


def test_another_checkout_gives_the_same_bytes(elsewhere: dict[str, Path]) -> None:
    def assets(folder: Path) -> set[str]:
        return {path.name for path in folder.glob("asset.*")}

    def templates(folder: Path) -> dict[str, str]:
        return {path.name: path.read_text() for path in folder.glob("*.template.json")}

    assert assets(elsewhere["dev"]) == assets(assembly("dev"))
    packages = {major.package for majors in load_settings("dev").served_majors.values() for major in majors}
    # Secret rotation, claims, both interceptors, audit router, check of releases, the conversational agent (one for
    # all), CDK's for default security groups.
    others = 8
    assert len(assets(elsewhere["dev"])) == len(packages) + others
    assert templates(elsewhere["dev"]) == templates(assembly("dev"))


def test_with_an_account_the_stacks_are_bound_to_it(elsewhere: dict[str, Path]) -> None:
    stacks = stacks_of(elsewhere["gamma"])
    assert {stack["environment"] for stack in stacks.values()} == {"aws://210987654321/eu-west-1"}
    for stack in stacks.values():
        body = json.loads((elsewhere["gamma"] / stack["properties"]["templateFile"]).read_text())
        assert "us-east-1" not in json.dumps(body)


def test_a_role_from_outside_reads_its_agents_secret_and_decrypts_it(elsewhere: dict[str, Path]) -> None:
    body = json.loads((elsewhere["gamma"] / "foundation-gamma-tenant-acme-corp.template.json").read_text())
    tenant = Template("tenant", body)
    policies = tenant.properties("AWS::SecretsManager::ResourcePolicy")
    statements_of_each = (policy["ResourcePolicy"]["Statement"] for policy in policies)
    (deny, allow), *others = sorted(statements_of_each, key=len, reverse=True)
    assert [len(statements) for statements in others] == [1]
    assert READER in deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    is_reader = {"ArnEquals": {"aws:PrincipalArn": [READER]}}
    assert (allow["Effect"], allow["Condition"]) == ("Allow", is_reader)
    [decrypt] = [
        statement
        for statement in tenant.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
        if "ArnEquals" in statement.get("Condition", {})
    ]
    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Condition"] == is_reader | {
        "StringLike": {
            "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-west-1:210987654321:secret:"
            "foundation/gamma/agents/acme-corp/finance-agent-??????"
        }
    }


def test_a_role_uses_a_key_on_conditions_alone() -> None:
    """By way of one service, or for one secret: a key that serves several things opens none of the others."""
    without = [
        (template.name, statement.carrier.logical_id)
        for template in all_templates()
        for statement in allow_statements(CheckedTemplate(template.body))
        if statement.may("kms:Decrypt") and "Condition" not in statement.body
    ]
    assert without == []
