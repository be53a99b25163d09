"""Finds the stack of a tenant that is to be removed, and says what still protects it (R19)."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from botocore.exceptions import ClientError

from operations.failure import OperationError
from operations.place import Place, find_place
from stacks.settings.loader import ROOT, SettingsError, load_settings


def removable_stack(name: str, tenant: str, *, root: Path = ROOT) -> str:
    """The name of the one stack that holds everything of `tenant`, if CloudFormation would delete it.

    The tenant's file has to be there still: the CDK CLI destroys a stack that the app makes.

    Args:
        name: the environment.
        tenant: the tenant.
        root: the folder that holds `config/`.

    Raises:
        OperationError: the environment has no such tenant, it is not deployed, or its stack is protected
            (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html).
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS cannot be asked.
    """
    try:
        settings = load_settings(name, root=root)
    except SettingsError as error:
        raise OperationError(str(error)) from None
    tenants = [each.tenant for each in settings.tenants]
    if tenant not in tenants:
        near = get_close_matches(tenant, tenants, n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise OperationError(
            f"No file in config/tenants/ makes a tenant {tenant!r} in {name}{hint}: choose with TENANT=<tenant>; one "
            "whose file is gone has to have it again to be removed."
        )
    stack = f"{settings.prefix}-tenant-{tenant}"
    if _is_protected(find_place(name, root=root), stack):
        raise OperationError(
            f"{stack} is protected from deletion, as everything in {name}: lift that for this one stack with `aws "
            "cloudformation update-termination-protection --no-enable-termination-protection --region "
            f"{settings.environment.region} --stack-name {stack}`, and run this again."
        )
    return stack


def _is_protected(place: Place, stack: str) -> bool:
    try:
        answer = place.cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise OperationError(f"There is no stack {stack} in this account: the tenant is not deployed.") from None
        raise
    return answer["Stacks"][0].get("EnableTerminationProtection", False)
