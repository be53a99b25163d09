"""Finds the stacks of a tenant that is to be removed, and says what still protects them (R19)."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from botocore.exceptions import ClientError

from operations.failure import OperationError
from operations.place import Place, find_place
from stacks.settings.loader import ROOT, Settings, SettingsError, load_settings
from stacks.settings.tenant import TenantSettings

UNITS = ("workloads", "agent-service", "tenant")
"""The deploy units that a tenant may have, those that build on others first; a stack is `<prefix>-<unit>-<tenant>`."""


def removable_stacks(name: str, tenant: str, *, root: Path = ROOT) -> list[str]:
    """The names of the stacks that hold everything of `tenant`, in the order in which CloudFormation deletes them.

    The tenant's file has to be there still: the CDK CLI destroys stacks that the app makes.

    Args:
        name: the environment.
        tenant: the tenant.
        root: the folder that holds `config/`.

    Raises:
        OperationError: the environment has no such tenant, it is not deployed, one of its stacks is protected
            (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html) or no longer
            made by the app.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS cannot be asked.
    """
    try:
        settings = load_settings(name, root=root)
    except SettingsError as error:
        raise OperationError(str(error)) from None
    found = _tenant(settings, tenant)
    place = find_place(name, root=root)
    protected = {unit: _protection(place, f"{settings.prefix}-{unit}-{tenant}") for unit in UNITS}
    deployed = [unit for unit in UNITS if protected[unit] is not None]
    if not deployed:
        raise OperationError(
            f"There is no stack {settings.prefix}-tenant-{tenant} in this account: the tenant is not deployed."
        )
    stacks = {unit: f"{settings.prefix}-{unit}-{tenant}" for unit in deployed}
    region = settings.environment.region
    if left := [unit for unit in deployed if unit not in _made(settings, found)]:
        stack = stacks[left[0]]
        first = f"lift its protection from deletion with {_lifting([stack], region)}, " if protected[left[0]] else ""
        raise OperationError(
            f"{stack} is deployed, but the settings no longer ask for it: {first}delete it with `aws cloudformation "
            f"delete-stack --region {region} --stack-name {stack}`, and run this again."
        )
    if kept := [stacks[unit] for unit in deployed if protected[unit]]:
        raise OperationError(
            f"{', '.join(kept)} is protected from deletion, as everything in {name}: lift that for no other stack "
            f"with {_lifting(kept, region)}, and run this again."
        )
    return list(stacks.values())


def _lifting(stacks: list[str], region: str) -> str:
    """The commands after which these stacks can be deleted."""
    return " and ".join(
        f"`aws cloudformation update-termination-protection --no-enable-termination-protection --region {region} "
        f"--stack-name {stack}`"
        for stack in stacks
    )


def _tenant(settings: Settings, tenant: str) -> TenantSettings:
    tenants = {each.tenant: each for each in settings.tenants}
    if tenant in tenants:
        return tenants[tenant]
    near = get_close_matches(tenant, tenants, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise OperationError(
        f"No file in config/tenants/ makes a tenant {tenant!r} in {settings.name}{hint}: choose with TENANT=<tenant>; "
        "one whose file is gone has to have it again to be removed."
    )


def _made(settings: Settings, tenant: TenantSettings) -> set[str]:
    """The units that the app makes for the tenant."""
    made = {"tenant"}
    if tenant.workloads and settings.environment.cluster is not None:
        made.add("workloads")
    if tenant.conversations:
        made.add("agent-service")
    return made


def _protection(place: Place, stack: str) -> bool | None:
    """Whether a stack is protected from deletion; None without it."""
    try:
        answer = place.cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return answer["Stacks"][0].get("EnableTerminationProtection", False)
