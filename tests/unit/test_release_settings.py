"""What `release:` in `config/<environment>.yaml` refuses, and what it is when nothing is said."""

from pathlib import Path

import pytest

from stacks.settings import load_settings
from tests.unit.settings_support import Change, Config, at

STRATEGIES = (
    "all-at-once, canary-10-percent-5-minutes, canary-10-percent-10-minutes, canary-10-percent-15-minutes, "
    "canary-10-percent-30-minutes, linear-10-percent-every-1-minute, linear-10-percent-every-2-minutes, "
    "linear-10-percent-every-3-minutes, linear-10-percent-every-10-minutes"
)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (
            at("release", {"strategy": "canary"}),
            f"release.strategy: 'canary' is not known: use one of {STRATEGIES}",
        ),
        (
            at("release", {"strategy": "canary-10-percent-5-minute"}),
            "release.strategy: 'canary-10-percent-5-minute' is not known: did you mean canary-10-percent-5-minutes? "
            f"use one of {STRATEGIES}",
        ),
        (at("release", {"errors_per_minute": 0}), "release.errors_per_minute: 0 is too small: use 1 or more"),
        (at("release", {"latency_percent": 101}), "release.latency_percent: 101 is too large: use 100 or less"),
        (
            at("release", {"rollback": False}),
            "release.rollback: is an unknown key: known here are strategy, errors_per_minute, latency_percent",
        ),
    ],
)
def test_a_mistake_is_told_with_the_way_out(config: Config, change: Change, mistake: str) -> None:
    change(config.environment)
    assert config.mistakes() == [f"config/dev.yaml: {mistake}"]


def test_an_environment_that_says_nothing_shifts_a_tenth_first_and_goes_back_at_one_error(config: Config) -> None:
    assert config.mistakes() == []
    release = load_settings("dev", root=config.root).environment.release
    assert (release.strategy, release.errors_per_minute) == ("canary-10-percent-5-minutes", 1)
