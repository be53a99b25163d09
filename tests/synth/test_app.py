"""How the app ends when it cannot go on: one sentence for each mistake, no stack trace, nothing half written."""

from pathlib import Path

import pytest

import app as application
from foundation import variables
from stacks.settings import load_settings
from tests.assemblies import ROOT, copy_of_the_app, run_app


def assert_refused(run_of: Path, *, context: str, sentences: list[str], outdir: Path) -> None:
    run = run_app(root=run_of, outdir=outdir, context=context)
    assert run.returncode == 1
    assert run.stderr.splitlines() == sentences
    assert run.stdout == ""
    assert list(outdir.glob("*")) == []


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("{}", "no environment is chosen: choose with -c env=<name>, or make's ENV=<name>, one of dev, gamma, prod"),
        (
            '{"env": "production"}',
            "there is no environment 'production' (did you mean prod?): choose with -c env=<name>, or make's "
            "ENV=<name>, one of dev, gamma, prod",
        ),
    ],
    ids=["none", "unknown"],
)
def test_environment_that_does_not_exist(context: str, sentence: str, tmp_path: Path) -> None:
    assert_refused(ROOT, context=context, sentences=[sentence], outdir=tmp_path / "out")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the app needs, to be spoiled."""
    return copy_of_the_app(tmp_path / "elsewhere")


def test_mistakes_in_settings(checkout: Path, tmp_path: Path) -> None:
    dev = checkout / "config" / "dev.yaml"
    dev.write_text(
        dev.read_text().replace("nat_gateways: 0", "nat_gateways: 9").replace("log_retention", "log_retentoin")
    )
    assert_refused(
        checkout,
        context='{"env": "dev"}',
        sentences=[
            "config/dev.yaml: network.nat_gateways: 9 is more than one per availability zone: use 0 to 2, or raise "
            "availability_zones",
            "config/dev.yaml: log_retention_days: is missing: add it",
            "config/dev.yaml: log_retentoin_days: is an unknown key: did you mean log_retention_days? known here are "
            "account, region, development, network, identity, data, tool_servers, tool_access, targets, release, "
            "gateway, access, limits, waf, audit, classification, quotas, models, agent_service, cluster, "
            "log_retention_days, protection, checks, tags",
        ],
        outdir=tmp_path / "out",
    )


def test_variables_that_lambda_would_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are bounded before; what they leave through ends in a sentence as well."""
    monkeypatch.setattr(application, "load_settings", lambda _: load_settings("dev"))
    monkeypatch.setattr(variables, "LARGEST", 100)
    with pytest.raises(SystemExit) as caught:
        application.main()
    assert str(caught.value).startswith("lambda/token_claims: its environment variables have ")
    assert " bytes and Lambda takes 100: shorten " in str(caught.value)
