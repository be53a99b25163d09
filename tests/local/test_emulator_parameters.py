"""Parameter Store: reading a path in pages, who may, and parameters of a template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import ACCOUNT_TRUST, StackFailedError, allow, get_att, outputs, role, stack

ARN = "arn:aws:ssm:us-east-1:123456789012:parameter"
AGENTS = "/platform/dev/agents"


def parameters(count: int, **changes: Any) -> dict[str, Any]:
    """Entries of a directory, by client ids as Cognito makes them."""
    return {
        f"Agent{number}": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": f"{AGENTS}/1h57kf5cpq17m0eml{number:02}12exampl",
                "Type": "String",
                "Value": "{}",
                **changes,
            },
        }
        for number in range(count)
    }


@pytest.fixture
def api(emulator: Emulator) -> Any:
    return emulator.client("ssm")


@pytest.fixture(scope="module")
def readers(emulator: Emulator) -> Iterator[dict[str, Any]]:
    """A client that may read the path of the agents, one that may read one of them, by name."""
    resources = {
        "Path": role(ACCOUNT_TRUST, allow("ssm:GetParametersByPath", resource=f"{ARN}{AGENTS}")),
        "Below": role(ACCOUNT_TRUST, allow("ssm:GetParametersByPath", resource=f"{ARN}{AGENTS}/*")),
        "One": role(ACCOUNT_TRUST, allow("ssm:GetParameter", "ssm:GetParameters", resource=f"{ARN}{AGENTS}/one")),
    }
    with stack(emulator, "parameter-readers") as made:
        told = made.create(resources, Outputs=outputs(**{name: get_att(name, "Arn") for name in resources}))
        yield {name: emulator.client_as(arn, "ssm") for name, arn in told.items()}


def test_a_directory_lives_and_ends_with_its_stack(emulator: Emulator, api: Any) -> None:
    with stack(emulator, "directory") as made:
        told = made.create(parameters(12), Outputs=outputs(Arn=get_att("Agent0", "Arn")))
        first = made.id_of("Agent0")
        assert (first, told["Arn"]) == (f"{AGENTS}/1h57kf5cpq17m0eml0012exampl", f"{ARN}{first}")
        pages = list(api.get_paginator("get_parameters_by_path").paginate(Path=AGENTS, Recursive=True))
        assert [len(page["Parameters"]) for page in pages] == [10, 2]
        made.update(parameters(11, Value='{"suspended": true}'))
        assert api.get_parameter(Name=first)["Parameter"]["Value"] == '{"suspended": true}'
        found = api.get_parameters_by_path(Path=AGENTS)
        assert len(found["Parameters"]) == 10
        assert len(api.get_parameters_by_path(Path=AGENTS, NextToken=found["NextToken"])["Parameters"]) == 1
    assert api.get_parameters_by_path(Path=AGENTS)["Parameters"] == []


def test_only_a_recursive_question_goes_below(api: Any) -> None:
    name = "/platform/dev/suspended/by-command/acme-corp/finance-agent"
    api.put_parameter(Name=name, Value="{}", Type="String")
    try:
        assert api.get_parameters_by_path(Path="/platform/dev/suspended")["Parameters"] == []
        below = api.get_parameters_by_path(Path="/platform/dev/suspended", Recursive=True)["Parameters"]
        assert [parameter["Name"] for parameter in below] == [name]
        assert api.get_parameters_by_path(Path="/platform/dev/suspend", Recursive=True)["Parameters"] == []
    finally:
        api.delete_parameter(Name=name)


@pytest.mark.parametrize(
    ("request_", "message"),
    [({"Path": AGENTS, "MaxResults": 11}, "less than or equal to 10"), ({"Path": "platform"}, "begin with a slash")],
)
def test_what_a_question_may_not_ask(api: Any, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(api.exceptions.ClientError, match=message):
        api.get_parameters_by_path(**request_)


def test_a_value_of_the_standard_tier_has_at_most_4096_characters(emulator: Emulator, api: Any) -> None:
    with stack(emulator, "too-long") as made, pytest.raises(StackFailedError, match="4096"):
        made.create(parameters(1, Value="x" * 4097))


def test_a_path_is_read_by_those_who_may(readers: dict[str, Any]) -> None:
    assert readers["Path"].get_parameters_by_path(Path=AGENTS, Recursive=True)["Parameters"] == []
    for reader, path in (("Path", "/platform/dev"), ("Below", AGENTS), ("One", AGENTS)):
        with pytest.raises(readers[reader].exceptions.ClientError, match="not authorized to perform"):
            readers[reader].get_parameters_by_path(Path=path)


def test_each_name_must_be_allowed(api: Any, readers: dict[str, Any]) -> None:
    api.put_parameter(Name=f"{AGENTS}/one", Value="1", Type="String")
    try:
        one = readers["One"]
        assert one.get_parameter(Name=f"{AGENTS}/one")["Parameter"]["Value"] == "1"
        assert len(one.get_parameters(Names=[f"{AGENTS}/one"])["Parameters"]) == 1
        with pytest.raises(one.exceptions.ClientError, match="AccessDenied"):
            one.get_parameters(Names=[f"{AGENTS}/one", f"{AGENTS}/two"])
    finally:
        api.delete_parameter(Name=f"{AGENTS}/one")
