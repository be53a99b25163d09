"""Every mistake in `config/` becomes one sentence that names file, key, value and the way out: files as a whole."""

from pathlib import Path

import pytest

from stacks.settings import SettingsError, load_settings
from tests.assemblies import ENVIRONMENTS
from tests.unit.settings_support import SLUG, Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_kits_own_files_are_right(environment: str) -> None:
    settings = load_settings(environment)
    assert settings.prefix == f"foundation-{environment}"
    assert [tenant.tenant for tenant in settings.tenants] == ["acme-corp", "globex"]
    assert {"AwsSolutions", "Serverless"} <= set(settings.environment.checks.packs)


def test_prod_is_held_to_the_compliance_packs() -> None:
    assert {"NIST80053R5", "PCIDSS321", "HIPAASecurity"} <= set(load_settings("prod").environment.checks.packs)


def test_a_right_configuration_loads(config: Config) -> None:
    assert config.mistakes() == []


FILE_MISTAKES = [
    (
        "dev.yaml",
        "network: [",
        "line 1 is no YAML (expected the node content, but found '<stream end>'): correct it there",
    ),
    ("dev.yaml", "- network", "holds no mapping: write keys and values as in the other files beside it"),
    ("dev.yaml", "", "holds no mapping: write keys and values as in the other files beside it"),
    ("dev.yaml", "region: a\nregion: b\n", "region: stands twice (again in line 2): keep one of the two"),
    ("tenants/acme-corp.yml", "", "is not read: call it acme-corp.yaml"),
    ("gamma.yml", "", "is not read: call it gamma.yaml"),
]


@pytest.mark.parametrize(("file", "content", "sentence"), FILE_MISTAKES, ids=range(len(FILE_MISTAKES)))
def test_file_that_cannot_be_used(config: Config, file: str, content: str, sentence: str) -> None:
    config.write(file, content)
    assert config.mistakes() == [f"config/{file}: {sentence}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Dev_2", f"'Dev_2' cannot be an environment's name: rename the file, with {SLUG}, 32 at most"),
        ("e" * 33, f"'{'e' * 33}' cannot be an environment's name: rename the file, with {SLUG}, 32 at most"),
        ("dev-aws", "'dev-aws' contains 'aws', which Cognito refuses in a domain: rename the file"),
    ],
)
def test_environment_name_that_aws_refuses(config: Config, name: str, sentence: str) -> None:
    config.write(f"{name}.yaml", config.environment)
    assert config.mistakes(name) == [f"config/{name}.yaml: {sentence}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (None, "no environment is chosen: choose with -c env=<name>, or make's ENV=<name>, one of dev"),
        ("prd", "there is no environment 'prd': choose with -c env=<name>, or make's ENV=<name>, one of dev"),
    ],
)
def test_environment_that_does_not_exist(config: Config, name: str | None, sentence: str) -> None:
    assert config.mistakes(name) == [sentence]


def test_all_mistakes_of_all_files_are_reported_at_once(config: Config) -> None:
    config.environment["network"] |= {"nat_gateways": 5, "cidr": "10.0.0.0/30"}
    config.environment["regoin"] = "us-east-1"
    config.tenant["organization"] = 7
    config.write("tenants/globex.yaml", "tenant: globex")
    assert [mistake.split(": ")[:2] for mistake in config.mistakes()] == [
        ["config/dev.yaml", "network.cidr"],
        ["config/dev.yaml", "network.nat_gateways"],
        ["config/dev.yaml", "regoin"],
        ["config/tenants/acme-corp.yaml", "organization"],
        ["config/tenants/globex.yaml", "organization"],
        ["config/tenants/globex.yaml", "agents"],
    ]


def test_the_error_says_all_of_them(config: Config) -> None:
    config.write("dev.yaml", "region: Ireland")
    with pytest.raises(SettingsError) as caught:
        load_settings("dev", root=config.root)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    assert len(caught.value.mistakes) == 6
