"""CodeDeploy's applications and deployment groups for Lambda, and aliases that CodeDeploy moves."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import engine, provisioners

from local.emulator.codedeploy.deployment import deploy
from local.emulator.codedeploy.state import CodeDeploy, Group
from local.emulator.patching import replace
from local.emulator.resources.base import Place, Properties, Resource, ResourceType, run_on_worker_thread

_ALIAS = "AWS::Lambda::Alias"
_POLICY = "CodeDeployLambdaAliasUpdate"


class Application(ResourceType):
    """AWS::CodeDeploy::Application of the compute platform Lambda."""

    type = "AWS::CodeDeploy::Application"

    def __init__(self, codedeploy: CodeDeploy) -> None:
        """Keep applications in `codedeploy`."""
        self._codedeploy = codedeploy

    def create(self, properties: Properties, place: Place) -> Resource:
        """Keep a new application under its name."""
        if properties.get("ComputePlatform") != "Lambda":
            raise ValueError("The emulated CodeDeploy deploys to Lambda only: set ComputePlatform to Lambda")
        name = properties.get("ApplicationName") or place.physical_name(longest=100)
        if name in self._codedeploy.applications:
            raise ValueError(f"There is an application {name} already")
        self._codedeploy.applications.add(name)
        return Resource(id=name)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Only tags change in place, which nobody here reads."""
        return Resource(id=resource_id)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Forget the application and its deployments."""
        self._codedeploy.applications.discard(resource_id)
        for deployment in list(self._codedeploy.deployments.values()):
            if deployment.group.application == resource_id:
                del self._codedeploy.deployments[deployment.id]


class DeploymentGroup(ResourceType):
    """AWS::CodeDeploy::DeploymentGroup of such an application."""

    type = "AWS::CodeDeploy::DeploymentGroup"

    def __init__(self, codedeploy: CodeDeploy) -> None:
        """Keep groups in `codedeploy`."""
        self._codedeploy = codedeploy

    def create(self, properties: Properties, place: Place) -> Resource:
        """Keep a new group under its name."""
        return self._keep(properties.get("DeploymentGroupName") or place.physical_name(longest=100), properties)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the group's settings."""
        return self._keep(resource_id, new)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Forget the group."""
        self._codedeploy.groups.pop((properties["ApplicationName"], resource_id), None)

    def _keep(self, name: str, properties: Properties) -> Resource:
        application = properties["ApplicationName"]
        if application not in self._codedeploy.applications:
            raise LookupError(f"No application found for name: {application}")
        alarms = properties.get("AlarmConfiguration", {})
        self._codedeploy.groups[application, name] = Group(
            application=application,
            name=name,
            role_arn=properties["ServiceRoleArn"],
            configuration=properties.get("DeploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"),
            alarms=tuple(alarm["Name"] for alarm in alarms.get("Alarms", ())) if alarms.get("Enabled") else (),
        )
        return Resource(id=name)


def move_aliases(codedeploy: CodeDeploy) -> None:
    """Make a deployment of every change of an alias's version whose UpdatePolicy asks for one.

    docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html. A stack that rolls back puts
    its aliases back without one.
    """
    handlers = provisioners._RESOURCE_HANDLERS[_ALIAS]
    original = handlers["update"]

    def update(resource_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Any:
        policy = _update_policy(stack, logical_id) if old.get("FunctionVersion") != new.get("FunctionVersion") else None
        if policy is None:
            return original(resource_id, old, new, stack, logical_id)
        key = policy["ApplicationName"], policy["DeploymentGroupName"]
        if key not in codedeploy.groups:
            raise LookupError(f"No deployment group found for name: {'/'.join(key)}")
        answers: list[Any] = []
        deploy(
            codedeploy,
            codedeploy.groups[key],
            alias_arn=resource_id,
            hook=policy.get("BeforeAllowTrafficHook"),
            shift=lambda: answers.append(original(resource_id, old, new, stack, logical_id)),
        )
        return answers[0]

    handlers["update"] = update
    run_on_worker_thread(_ALIAS)
    _wait_for_what_update_policies_name()


def _update_policy(stack_name: str, logical_id: str) -> Mapping[str, Any] | None:
    """The alias's policy with its references resolved; None while the stack rolls back."""
    stack = cloudformation._stacks[stack_name]
    if "ROLLBACK" in stack["StackStatus"]:
        return None
    template = engine._parse_template(stack["_template_body"])
    policy = template["Resources"][logical_id].get("UpdatePolicy", {}).get(_POLICY)
    if policy is None:
        return None
    resolved: Mapping[str, Any] = engine._resolve_refs(
        copy.deepcopy(policy), stack["_resources"], {}, {}, {}, stack_name, stack["StackId"]
    )
    return resolved


def _wait_for_what_update_policies_name() -> None:
    """Count the references in an UpdatePolicy among what a resource depends on; ministack counts properties only."""
    original = engine._extract_deps

    def extract_deps(definition: Mapping[str, Any], names: set[str]) -> set[str]:
        policy = definition.get("UpdatePolicy", {})
        named = {name for name, _ in engine._intrinsic_references(policy) if name in names}
        found: set[str] = original(definition, names)
        return found | named

    replace(original, extract_deps)
