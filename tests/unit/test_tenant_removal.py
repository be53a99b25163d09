"""`make remove-tenant` gets the stacks of a tenant whose file is there, while nothing protects them (R19)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws

from operations.__main__ import main
from operations.failure import OperationError
from operations.place import Place, find_place
from operations.removal import removable_stacks

STACK = "foundation-prod-tenant-acme-corp"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The account of the environment prod, with nothing in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield find_place("prod")


def deploy(place: Place, *, protected: bool, stack: str = STACK) -> None:
    """A stack of that name, as a deployment leaves it."""
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    place.cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps(template), EnableTerminationProtection=protected
    )


def test_a_protected_stack_is_not_removed_and_the_command_that_lifts_the_protection_is_said(place: Place) -> None:
    deploy(place, protected=True)
    with pytest.raises(OperationError, match="is protected from deletion") as error:
        removable_stacks("prod", "acme-corp")
    assert (
        "aws cloudformation update-termination-protection --no-enable-termination-protection --region "
        f"{place.cloudformation.meta.region_name} --stack-name {STACK}`"
    ) in str(error.value)


def test_all_stacks_of_the_tenant_are_named_those_that_build_on_others_first(place: Place) -> None:
    users = ["foundation-prod-workloads-acme-corp", "foundation-prod-agent-service-acme-corp"]
    for stack in (STACK, *users, "foundation-prod-tenant-globex"):
        deploy(place, protected=False, stack=stack)
    assert removable_stacks("prod", "acme-corp") == [*users, STACK]


def test_every_protected_one_is_said_at_once(place: Place) -> None:
    workloads = "foundation-prod-workloads-acme-corp"
    for stack in (STACK, workloads):
        deploy(place, protected=True, stack=stack)
    with pytest.raises(OperationError) as error:
        removable_stacks("prod", "acme-corp")
    assert [f"--stack-name {stack}`" in str(error.value) for stack in (STACK, workloads)] == [True, True]


@pytest.mark.parametrize("protected", [False, True])
def test_a_stack_that_the_app_does_not_make_any_more_is_not_left_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, protected: bool
) -> None:
    """The advice works as it stands: what is protected has to be lifted before it can be deleted."""
    workloads = "foundation-prod-workloads-acme-corp"
    deploy(place, protected=True)
    deploy(place, protected=protected, stack=workloads)
    monkeypatch.setattr("stacks.settings.tenant.TenantSettings.workloads", {})
    with pytest.raises(OperationError) as error:
        removable_stacks("prod", "acme-corp")
    region = place.cloudformation.meta.region_name
    commands = [part for part in str(error.value).split("`") if part.startswith("aws ")]
    lifting = (
        "aws cloudformation update-termination-protection --no-enable-termination-protection --region "
        f"{region} --stack-name {workloads}"
    )
    deleting = f"aws cloudformation delete-stack --region {region} --stack-name {workloads}"
    assert commands == ([lifting, deleting] if protected else [deleting])


def test_once_it_is_lifted_the_stack_of_this_tenant_alone_is_named(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(place, protected=False)
    assert main(["tenant-stacks", "--environment", "prod", "--tenant", "acme-corp"]) == 0
    assert capsys.readouterr().out == f"{STACK}\n"


@pytest.mark.parametrize(
    ("environment", "tenant", "said"),
    [
        ("prod", "", "No tenant is given: add TENANT="),
        ("prod", "acme-crop", "did you mean acme-corp?"),
        ("prod", "initech", "has to have it again"),
        ("prod", "acme-corp", f"There is no stack {STACK}"),
        ("local", "acme-corp", "there is no environment 'local'"),
    ],
)
def test_what_cannot_be_removed_is_said_in_a_sentence(
    place: Place, capsys: pytest.CaptureFixture[str], environment: str, tenant: str, said: str
) -> None:
    assert place.environment == "prod"
    assert main(["tenant-stacks", "--environment", environment, "--tenant", tenant]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
