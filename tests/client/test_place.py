"""Where the client goes and as whom: flags, variables, file, the published URL, the platform on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation_client.failure import CommandError, Exit
from foundation_client.place import find_place
from foundation_client.settings import Settings, load
from tests.client.conftest import client_variables
from tests.client.parameter_store import ParameterStore, running

FUNCTION_URL = "https://abc123.lambda-url.eu-west-1.on.aws/"
PARAMETER = "/foundation/dev/agent-service/acme-corp/finance-agent/url"


@pytest.fixture
def store() -> Iterator[ParameterStore]:
    """Parameter Store, with the address of one agent."""
    with running(ParameterStore({PARAMETER: FUNCTION_URL})) as store:
        yield store


@pytest.fixture
def variables(store: ParameterStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of this process, and of nothing else."""
    given = client_variables("", tmp_path)
    del given["FOUNDATION_URL"]
    given["AWS_ENDPOINT_URL_SSM"] = store.url
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return given


def test_the_url_is_read_where_the_agents_stack_publishes_it(store: ParameterStore, variables: dict[str, str]) -> None:
    place = find_place(load(Settings(), variables), variables)
    assert place.url == FUNCTION_URL.rstrip("/")
    assert place.region == "us-east-1"
    assert place.title == "acme-corp/finance-agent in dev"
    assert place.policy == "foundation-dev-acme-corp-finance-agent-caller"
    assert "AKIAIOSFODNN7EXAMPLE" in store.callers[0]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ((400, "ParameterNotFound"), Exit.USAGE, "has no conversational agent acme-corp/finance-agent in us-east-1"),
        ((400, "AccessDeniedException"), Exit.CREDENTIALS, "policy foundation-dev-acme-corp-finance-agent-caller"),
        ((400, "ExpiredTokenException"), Exit.CREDENTIALS, "session has expired"),
        ((400, "UnrecognizedClientException"), Exit.CREDENTIALS, "AWS does not know these credentials"),
    ],
)
def test_a_url_that_cannot_be_read_is_explained(
    store: ParameterStore, variables: dict[str, str], error: tuple[int, str], code: Exit, words: str
) -> None:
    store.error = error
    with pytest.raises(CommandError) as caught:
        find_place(load(Settings(), variables), variables)
    assert words in str(caught.value)
    assert caught.value.code == code


def test_a_function_urls_own_region_is_signed_for(store: ParameterStore, variables: dict[str, str]) -> None:
    for flags in (Settings(url=FUNCTION_URL), Settings(url=FUNCTION_URL, region="eu-west-1")):
        assert find_place(load(flags, variables), variables).region == "eu-west-1", variables["AWS_REGION"]
    with pytest.raises(CommandError, match="is in eu-west-1, and --region says us-west-2") as caught:
        load(Settings(url=FUNCTION_URL, region="us-west-2"), variables)
    assert caught.value.code == Exit.USAGE
    assert store.callers == []


@pytest.mark.parametrize("flags", [Settings(env="dev"), Settings(agent="acme-corp/finance-agent")])
def test_an_address_in_a_variable_does_not_go_before_flags(
    store: ParameterStore, variables: dict[str, str], flags: Settings
) -> None:
    elsewhere = {**variables, "FOUNDATION_URL": "https://elsewhere.lambda-url.us-west-2.on.aws/"}
    assert find_place(load(Settings(), elsewhere), elsewhere).url == elsewhere["FOUNDATION_URL"].rstrip("/")
    place = find_place(load(flags, elsewhere), elsewhere)
    assert (place.url, place.region) == (FUNCTION_URL.rstrip("/"), "us-east-1")
    assert place.title == "acme-corp/finance-agent in dev", "and it is that agent that it speaks to"


def test_an_expired_sso_session_says_how_to_log_in(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile acme]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = finance\n"
        "[sso-session acme]\nsso_region = us-east-1\nsso_start_url = https://acme.example/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(CommandError, match="`aws sso login --profile acme`") as caught:
        find_place(load(Settings(profile="acme"), variables), variables)
    assert caught.value.code == Exit.CREDENTIALS


def _local_state(folder: Path, store: ParameterStore) -> None:
    folder.mkdir(parents=True)
    (folder / "credentials").write_text(
        "[finance-team]\naws_access_key_id = LOCALKEY\naws_secret_access_key = secret\n"
    )
    described = {
        "environment": "dev",
        "region": "us-east-1",
        "endpoint_url": store.url,
        "proxy": "http://127.0.0.1:4570",
        "ca_file": str(folder / "ca.pem"),
        "credentials_file": str(folder / "credentials"),
        "profile": "finance-team",
        "agent": "acme-corp/finance-agent",
    }
    (folder / "client.json").write_text(json.dumps(described))


def test_the_platform_of_this_machine_is_found_from_a_folder_of_its_checkout(
    store: ParameterStore, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _local_state(tmp_path / "checkout" / ".local", store)
    inner = tmp_path / "checkout" / "docs"
    inner.mkdir()
    monkeypatch.chdir(inner)
    del variables["FOUNDATION_AGENT"]
    place = find_place(load(Settings(env="local"), variables), variables)
    assert place.url == FUNCTION_URL.rstrip("/")
    assert "LOCALKEY" in store.callers[0], "the platform's own credentials go before those of the shell"
    assert place.proxy == "http://127.0.0.1:4570"
    assert place.ca_file == tmp_path / "checkout" / ".local" / "ca.pem"
    assert place.as_whom == "profile finance-team"


def test_a_broken_description_of_the_platform_says_so(
    store: ParameterStore, variables: dict[str, str], tmp_path: Path
) -> None:
    _local_state(tmp_path / "state", store)
    (tmp_path / "state" / "client.json").write_text('{"environment": 1}')
    variables["FOUNDATION_STATE"] = str(tmp_path / "state")
    with pytest.raises(CommandError, match=r"does not describe a local platform \(environment is 1\)"):
        find_place(load(Settings(env="local"), variables), variables)


CONFIG = """
env = "prod"
agent = "acme-corp/finance-agent"
[environments.prod]
agent = "acme-corp/reporting-agent"
profile = "acme-prod"
region = "us-east-1"
url = "https://prod.lambda-url.us-east-1.on.aws/"
"""


def _configured(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "foundation" / "config.toml"
    file.parent.mkdir()
    file.write_text(text)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_flags_go_before_variables_and_these_before_the_file(tmp_path: Path) -> None:
    variables = _configured(tmp_path, CONFIG)
    assert load(Settings(), variables) == Settings(
        env="prod",
        agent="acme-corp/reporting-agent",
        profile="acme-prod",
        region="us-east-1",
        url="https://prod.lambda-url.us-east-1.on.aws/",
    )
    variables |= {"FOUNDATION_ENV": "dev", "FOUNDATION_AGENT": "globex/support-agent"}
    assert load(Settings(), variables) == Settings(env="dev", agent="globex/support-agent")
    flags = Settings(env="prod", agent="globex/delivery-agent", profile="me", region="eu-west-1")
    assert load(flags, variables) == flags, "the file's url is another agent's"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("env = ", "cannot be read as TOML"),
        ('environment = "dev"', "environment is no setting; there are env, agent, environments"),
        ("env = 1", "env must be a text, and is 1"),
        ('[environments.prod]\nprofil = "x"', r"environments.prod.profil is no setting"),
        ('environments = "prod"', "environments is no table"),
        ('env = "Prod!"', "names no environment"),
    ],
)
def test_a_wrong_file_is_told_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        load(Settings(), _configured(tmp_path, text))
    assert caught.value.code == Exit.USAGE
