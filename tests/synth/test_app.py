"""How the app ends when it cannot go on: one sentence for each mistake, no stack trace, nothing half written."""

from pathlib import Path

import pytest

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
            "gateway, access, limits, waf, audit, classification, quotas, log_retention_days, protection, checks, tags",
        ],
        outdir=tmp_path / "out",
    )
