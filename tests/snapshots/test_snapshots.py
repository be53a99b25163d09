"""No template changes without somebody seeing how, and no data-bearing resource loses its logical id."""

from difflib import unified_diff

import pytest

from tests.assemblies import ENVIRONMENTS, ROOT
from tests.snapshots.files import FOLDER, LOGICAL_IDS, data_bearing, file_of, locked
from tests.snapshots.rendering import render
from tests.templates import Json, template, units

STACKS = [(environment, unit) for environment in ENVIRONMENTS for unit in units(environment)]


@pytest.mark.parametrize(("environment", "unit"), STACKS)
def test_the_template_is_the_reviewed_one(environment: str, unit: str) -> None:
    file = file_of(environment, unit)
    reviewed = file.read_text(encoding="utf-8") if file.exists() else ""
    now = render(template(environment, unit).body)
    if now != reviewed:
        name = str(file.relative_to(ROOT))
        difference = unified_diff(reviewed.splitlines(), now.splitlines(), f"{name} (reviewed)", "now", lineterm="")
        text = "\n".join(difference)
        pytest.fail(
            f"The template of {environment} {unit} changed:\n{text}\nReview this; `make snapshots` accepts it.",
            pytrace=False,
        )


def test_no_snapshot_is_left_of_a_stack_that_is_gone() -> None:
    assert set(FOLDER.glob("*/*.yaml")) - {file_of(*stack) for stack in STACKS} == set()


def test_data_bearing_resources_keep_their_logical_ids() -> None:
    """CloudFormation deletes a resource whose logical id is gone, and makes an empty one for a new id."""
    ids = data_bearing()
    gone = [
        f"{stack}: {logical_id} ({kind}) is gone or has a new id: its data would be lost or left behind. Keep the path "
        f"of its construct, or take it out of {LOGICAL_IDS.name} when that is meant."
        for stack, known in locked().items()
        for logical_id, kind in known.items()
        if ids.get(stack, {}).get(logical_id) != kind
    ]
    new = [
        f"{stack}: {logical_id} ({kind}) is not locked yet: run `make snapshots`."
        for stack, present in ids.items()
        for logical_id, kind in present.items()
        if logical_id not in locked().get(stack, {})
    ]
    if gone or new:
        pytest.fail("\n".join(gone + new), pytrace=False)


def a_template(**properties: object) -> Json:
    return {"Resources": {"Thing": {"Type": "AWS::Some::Thing", "Properties": properties}}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Name": {"Ref": "A"}}, {"Name": {"Ref": "B"}}),
        ({"Name": {"Ref": "A"}}, {"Name": "A"}),
        ({"Name": {"Fn::GetAtt": ["A", "Arn"]}}, {"Name": {"Ref": "A.Arn"}}),
        ({"Name": {"Fn::Join": ["", ["a-", {"Ref": "B"}]]}}, {"Name": {"Fn::Join": ["", ["a-", {"Ref": "C"}]]}}),
        ({"Name": {"Fn::Join": ["", ["a-", {"Ref": "B"}]]}}, {"Name": "a-${B}"}),
        ({"Tags": [{"Key": "team", "Value": "a"}]}, {"Tags": [{"Key": "team", "Value": "b"}]}),
        ({"Flag": True}, {"Flag": "true"}),
        ({"Flag": False}, {}),
        ({"List": []}, {}),
    ],
)
def test_what_differs_is_shown(one: Json, other: Json) -> None:
    assert render(a_template(**one)) != render(a_template(**other))


def test_hashes_of_code_are_not_shown() -> None:
    assert render(a_template(Key=f"{'a1' * 32}.zip")) == render(a_template(Key=f"{'b2' * 32}.zip"))
