"""The rotation keeps its promise in every state that a kill can leave behind."""

import itertools
import json
import re
from collections.abc import Callable

import pytest

from secret_rotation.ports import CURRENT, PENDING, PREVIOUS, RotationError, TokenRefusedError
from secret_rotation.rotation import TEST_DELAYS_SECONDS, Rotation
from tests.unit.secret_rotation_fakes import (
    ARN,
    CLIENT,
    STEPS,
    TOKEN_ENDPOINT,
    FakeClients,
    FakeStore,
    FakeTokens,
    KilledError,
    Platform,
)


def rotation_on(platform: Platform, *, store: FakeStore | None = None, tokens: FakeTokens | None = None) -> Rotation:
    return Rotation(
        store=store or FakeStore(platform),
        clients=FakeClients(platform),
        tokens=tokens or FakeTokens(platform),
        sleep=platform.slept.append,
    )


def rotate(platform: Platform, version: str) -> None:
    """One rotation as Secrets Manager runs it, without interruption."""
    platform.announce(version)
    for step in STEPS:
        rotation_on(platform).run(step=step, secret_id=ARN, version=version)


def rotate_through_kills(platform: Platform, version: str, *, restart: bool) -> None:
    """One rotation; a killed one goes on with the same step or, with `restart`, from the first."""
    platform.announce(version)
    position = 0
    while position < len(STEPS):
        try:
            rotation_on(platform).run(step=STEPS[position], secret_id=ARN, version=version)
            position += 1
        except KilledError:
            position = 0 if restart else position


def killing_at(*moments: tuple[int, bool]) -> Callable[[int, bool], bool]:
    return lambda number, done: (number, done) in moments


def assert_settled(platform: Platform, *, current: str, previous: str | None) -> None:
    """What a finished rotation leaves, whatever happened before."""
    assert platform.with_label(CURRENT) == current
    assert platform.with_label(PREVIOUS) == previous
    assert platform.with_label(PENDING) is None
    value = platform.values[current]
    assert set(value) == {"client_id", "client_secret", "token_endpoint", "scopes"}
    real = [version for version in (current, previous) if version and "client_secret" in platform.values[version]]
    assert sorted(platform.cognito.values()) == sorted(str(platform.values[v]["client_secret"]) for v in real)
    labelled = {version: labels - {CURRENT, PREVIOUS} for version, labels in platform.stages.items()}
    by_value = {value: f"cognito-{secret_id}" for secret_id, value in platform.cognito.items()}
    for version, labels in labelled.items():
        expected = {by_value[str(platform.values[version]["client_secret"])]} if version in real else set()
        assert labels == expected, f"{version} has stale labels"


def rotated(times: int) -> Platform:
    """A platform after some rotations, the calls counted from zero."""
    platform = Platform()
    for number in range(1, times + 1):
        rotate(platform, f"v{number}")
    platform.calls.clear()
    platform.slept.clear()
    return platform


def moments(start: int, end: int) -> list[tuple[int, bool]]:
    """Before and after each call from one number up to another."""
    return list(itertools.product(range(start, end), [False, True]))


def rotation_killed_at(*kills: tuple[int, bool], before: int, restart: bool) -> Platform:
    """A platform after a rotation that was killed at some moments and went on each time."""
    platform = rotated(before)
    platform.kill = killing_at(*kills)
    rotate_through_kills(platform, "next", restart=restart)
    return platform


def calls_of_a_rotation(times_before: int) -> int:
    platform = rotated(times_before)
    rotate(platform, "next")
    return len(platform.calls)


def test_the_first_rotation_writes_the_first_value_and_removes_the_secret_that_cognito_generated() -> None:
    platform = Platform()
    rotate(platform, "v1")
    assert_settled(platform, current="v1", previous="v0")
    value = platform.values["v1"]
    assert value["client_id"] == CLIENT
    assert value["token_endpoint"] == TOKEN_ENDPOINT
    assert value["scopes"] == ["aws-operations/read"]
    assert re.fullmatch(r"[\w+]{24,64}", str(value["client_secret"]))  # AddUserPoolClientSecret's pattern and lengths
    json.dumps(value)


def test_later_rotations_keep_the_one_before() -> None:
    platform = rotated(4)
    assert_settled(platform, current="v4", previous="v3")


def test_a_rotation_writes_the_scopes_of_that_time() -> None:
    platform = rotated(1)
    platform.scopes = ["aws-operations/read", "aws-operations/write"]
    rotate(platform, "v2")
    assert platform.values["v2"]["scopes"] == ["aws-operations/read", "aws-operations/write"]


@pytest.mark.parametrize("restart", [False, True], ids=["same step again", "from the first step"])
@pytest.mark.parametrize("before", [0, 1, 2], ids=["first", "second", "third"])
def test_a_rotation_killed_around_any_two_calls_ends_well(before: int, restart: bool) -> None:
    for first in moments(0, calls_of_a_rotation(before)):
        killed_once = rotation_killed_at(first, before=before, restart=restart)
        for second in moments(first[0], len(killed_once.calls)):
            platform = rotation_killed_at(first, second, before=before, restart=restart)
            assert_settled(platform, current="next", previous=f"v{before}")
            platform.kill = killing_at()
            rotate(platform, "after")
            assert_settled(platform, current="after", previous="next")


@pytest.mark.parametrize("before", [0, 1, 2], ids=["first", "second", "third"])
def test_a_rotation_given_up_around_any_call_leaves_the_next_one_able_to_end_well(before: int) -> None:
    for moment in moments(0, calls_of_a_rotation(before)):
        platform = rotated(before)
        platform.kill = killing_at(moment)
        with pytest.raises(KilledError):
            rotate(platform, "given-up")
        platform.kill = killing_at()
        platform.check_promise()
        moved = platform.with_label(CURRENT) == "given-up"
        rotate(platform, "next")
        assert_settled(platform, current="next", previous="given-up" if moved else f"v{before}")


def test_steps_run_twice_change_nothing_more() -> None:
    platform = rotated(2)
    platform.announce("v3")
    for step in STEPS:
        for _ in range(2):
            rotation_on(platform).run(step=step, secret_id=ARN, version="v3")
    assert_settled(platform, current="v3", previous="v2")
    assert platform.calls.count("add") == 1


def test_late_repetitions_of_earlier_steps_leave_a_finished_rotation_alone() -> None:
    platform = rotated(2)
    for step in STEPS[:3]:
        rotation_on(platform).run(step=step, secret_id=ARN, version="v2")
    assert_settled(platform, current="v2", previous="v1")
    assert set(platform.calls) == {"describe"}


def test_an_agent_that_has_just_read_the_previous_version_gets_time_to_use_it() -> None:
    platform = rotated(2)
    rotate(platform, "v3")
    label_gone, deleted = platform.calls.index(f"move_label {PREVIOUS}"), platform.calls.index("delete")
    assert label_gone < deleted
    assert platform.slept == [5.0]


def test_a_rollback_by_hand_is_respected() -> None:
    platform = rotated(3)
    platform._move(CURRENT, to="v2", off="v3")
    rotate(platform, "v4")
    assert_settled(platform, current="v4", previous="v2")


def test_a_placeholder_written_over_a_real_value_does_not_kill_the_value_before() -> None:
    platform = rotated(2)
    platform.values["oops"] = {"status": "waiting"}
    platform._move(CURRENT, to="oops", off="v2")
    rotate(platform, "v3")
    assert platform.with_label(CURRENT) == "v3"


def test_a_value_written_by_hand_stops_the_rotation_before_it_changes_anything() -> None:
    platform = rotated(2)
    platform.values["by-hand"] = {**platform.values["v2"]}
    platform._move(CURRENT, to="by-hand", off="v2")
    before = dict(platform.cognito)
    with pytest.raises(RotationError, match=r"by-hand of .* holds a client secret that no rotation wrote"):
        rotate(platform, "v3")
    assert platform.cognito == before


def test_the_label_named_in_that_error_is_the_way_out() -> None:
    platform = rotated(2)
    platform.values["by-hand"] = {**platform.values["v2"]}
    platform._move(CURRENT, to="by-hand", off="v2")
    label = next(label for label in platform.stages["v2"] if label.startswith("cognito-"))
    platform._move(label, to="by-hand", off="v2")
    platform._move(PREVIOUS, off="v2")
    rotate(platform, "v3")
    assert_settled(platform, current="v3", previous="by-hand")


def test_a_new_client_behind_the_same_secret_gets_a_secret_of_its_own() -> None:
    platform = rotated(2)
    platform.stages["v1"], platform.stages["v2"] = set(), {CURRENT, "cognito-client0--2"}
    platform.values["v2"] = {}  # the old client is gone, so nothing is promised for it
    platform.cognito = {f"{CLIENT}--0": "generated-by-cognito"}
    rotate(platform, "v3")
    assert list(platform.cognito.values()) == [platform.values["v3"]["client_secret"]]


def test_test_secret_tries_again_while_a_new_secret_spreads() -> None:
    platform = rotated(1)
    tokens = FakeTokens(platform, refusals=len(TEST_DELAYS_SECONDS))
    platform.announce("v2")
    for step in STEPS:
        rotation_on(platform, tokens=tokens).run(step=step, secret_id=ARN, version="v2")
    assert platform.slept == list(TEST_DELAYS_SECONDS)
    assert_settled(platform, current="v2", previous="v1")


def test_a_secret_that_gives_no_token_never_becomes_current() -> None:
    platform = rotated(1)
    tokens = FakeTokens(platform, refusals=100)
    platform.announce("v2")
    for step in STEPS[:2]:
        rotation_on(platform, tokens=tokens).run(step=step, secret_id=ARN, version="v2")
    with pytest.raises(TokenRefusedError):
        rotation_on(platform, tokens=tokens).run(step="testSecret", secret_id=ARN, version="v2")
    assert platform.with_label(CURRENT) == "v1"


def test_finish_refuses_a_version_that_was_never_set() -> None:
    platform = rotated(1)
    platform.announce("v2")
    rotation_on(platform).run(step="createSecret", secret_id=ARN, version="v2")
    with pytest.raises(RotationError, match="holds no live client secret"):
        rotation_on(platform).run(step="finishSecret", secret_id=ARN, version="v2")
    assert platform.with_label(CURRENT) == "v1"


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_steps_out_of_order_say_which_comes_first(step: str) -> None:
    platform = rotated(1)
    platform.announce("v2")
    with pytest.raises(RotationError, match="createSecret must come first"):
        rotation_on(platform).run(step=step, secret_id=ARN, version="v2")


def test_a_version_that_secrets_manager_did_not_announce_is_refused() -> None:
    with pytest.raises(RotationError, match="is not labelled AWSPENDING"):
        rotation_on(rotated(1)).run(step="createSecret", secret_id=ARN, version="v9")


def test_an_unknown_step_is_refused_by_name() -> None:
    with pytest.raises(RotationError, match="'deleteSecret' is unknown"):
        rotation_on(rotated(1)).run(step="deleteSecret", secret_id=ARN, version="v1")


def test_a_secret_without_rotation_or_client_is_refused() -> None:
    platform = rotated(1)
    platform.announce("v2")
    for store, message in (
        (FakeStore(platform, rotation_enabled=False), "not enabled for rotation"),
        (FakeStore(platform, client_id=""), "no tag foundation:client-id"),
    ):
        with pytest.raises(RotationError, match=message):
            rotation_on(platform, store=store).run(step="createSecret", secret_id=ARN, version="v2")
