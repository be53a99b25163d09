"""What an agent's pods may do in AWS, tried under the role that Pod Identity gives them, with IAM enforced (R17, R19).

The environment is prod, as its templates make it; the pods' credentials come from EKS Auth by way of the association.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.settings import ACCOUNT, REGION
from tests.local.aws_clients import OWNER, aws_client
from tests.local.other_environments import OtherAccount
from tests.local.service_accounts import pod_credentials

CLUSTER = "foundation-prod"
OWN, OTHER = ("acme-corp", "reporting-agent"), ("globex", "delivery-agent")
AGENTS = [OWN, OTHER]
MODEL = "anthropic.claude-sonnet-4-6"
REFUSED = {"AccessDeniedException", "AccessDenied"}


@pytest.fixture(scope="module")
def prod(other_account: OtherAccount) -> OtherAccount:
    """The account with every stack of prod."""
    other_account.deploy("prod")
    return other_account


@pytest.fixture(scope="module")
def act_as(prod: OtherAccount) -> Callable[[tuple[str, str], str], Any]:
    """Gives a client of a service that acts as the pods of an agent do."""
    known: dict[tuple[str, str], dict[str, Any]] = {}

    def client(agent: tuple[str, str], service: str) -> Any:
        if agent not in known:
            tenant, name = agent
            known[agent] = pod_credentials(prod.run, cluster=CLUSTER, namespace=f"tenant-{tenant}", account=name)
        return aws_client(service, prod.run.ports.endpoint_url, known[agent])

    return client


Act = Callable[[tuple[str, str], str], Any]


def outcome(call: Callable[..., Any], **arguments: Any) -> str:
    """`done`, or `refused` by IAM; any other failure is the test's."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in REFUSED:
            return "refused"
        raise
    return "done"


def secret(agent: tuple[str, str]) -> str:
    return f"foundation/prod/agents/{'/'.join(agent)}"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_reads_its_own_secret_and_no_other(act_as: Act, agent: tuple[str, str]) -> None:
    manager = act_as(agent, "secretsmanager")
    others = [*AGENTS, ("acme-corp", "finance-agent"), ("globex", "support-agent")]
    read = {other: outcome(manager.get_secret_value, SecretId=secret(other)) for other in others}
    assert read == {other: "done" if other == agent else "refused" for other in others}
    described = {other: outcome(manager.describe_secret, SecretId=secret(other)) for other in others}
    assert described == read
    assert outcome(manager.put_secret_value, SecretId=secret(agent), SecretString="{}") == "refused"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_uses_its_own_rows_and_no_others(prod: OtherAccount, act_as: Act, agent: tuple[str, str]) -> None:
    items, (tenant, name) = Items(act_as(agent, "dynamodb"), prod.output("data", "ConversationTableName")), agent
    assert items.outcomes(agent) == dict.fromkeys(items.calls(agent), "done")
    [stranger] = set(AGENTS) - {agent}
    for other in (stranger, (tenant, "finance-agent"), (tenant, f"{name}-2"), (f"{tenant}-2", name)):
        assert items.outcomes(other) == dict.fromkeys(items.calls(other), "refused")


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_sees_nothing_of_the_table_as_a_whole(prod: OtherAccount, act_as: Act, agent: tuple[str, str]) -> None:
    dynamodb, table = act_as(agent, "dynamodb"), prod.output("data", "ConversationTableName")
    assert outcome(dynamodb.scan, TableName=table) == "refused"
    assert outcome(dynamodb.scan, TableName=table, IndexName="by-owner") == "refused"
    assert outcome(dynamodb.describe_table, TableName=table) == "refused"
    assert outcome(dynamodb.execute_statement, Statement=f'SELECT * FROM "{table}"') == "refused"
    mixed = {table: [{"PutRequest": {"Item": item(one)}} for one in AGENTS]}
    assert outcome(dynamodb.batch_write_item, RequestItems=mixed) == "refused"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_reads_the_gateways_address_and_no_other_parameter(
    prod: OtherAccount, act_as: Act, agent: tuple[str, str]
) -> None:
    ssm = act_as(agent, "ssm")
    address = "/foundation/prod/gateway/url"
    assert ssm.get_parameter(Name=address)["Parameter"]["Value"] == prod.output("gateway", "GatewayUrl")
    assert outcome(ssm.get_parameter, Name="/foundation/prod/cluster/name") == "refused"
    assert outcome(ssm.get_parameters_by_path, Path="/foundation/prod") == "refused"
    assert outcome(ssm.put_parameter, Name=address, Value="x", Type="String", Overwrite=True) == "refused"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_uses_its_tenants_key_for_its_own_secret_alone(
    prod: OtherAccount, act_as: Act, agent: tuple[str, str]
) -> None:
    owner, kms = prod.run.client("kms"), act_as(agent, "kms")
    found: dict[tuple[str, str], str] = {}
    for other in [*AGENTS, (agent[0], "somebody-else")]:
        key = f"alias/foundation-prod-tenant-{other[0]}"
        arn = secret_arn(prod, other)
        sealed = owner.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"SecretARN": arn})["CiphertextBlob"]
        found[other] = outcome(kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"SecretARN": arn})
    assert found == {other: "done" if other == agent else "refused" for other in found}


def secret_arn(prod: OtherAccount, agent: tuple[str, str]) -> str:
    """The ARN of an agent's secret; one that could be, for an agent that is none."""
    try:
        return str(prod.run.client("secretsmanager").describe_secret(SecretId=secret(agent))["ARN"])
    except ClientError:
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{secret(agent)}-abcdef"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_may_use_its_model_through_its_profile_and_no_other(
    prod: OtherAccount, act_as: Act, agent: tuple[str, str]
) -> None:
    """Bedrock is not emulated: IAM's simulator decides, with the context that Bedrock gives."""
    role = act_as(agent, "sts").get_caller_identity()["Arn"].split("/")[1]
    profile = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/us.{MODEL}"
    models = {name: f"arn:aws:bedrock:us-west-2::foundation-model/{name}" for name in (MODEL, "amazon.nova-pro-v1:0")}

    def decided(resource: str, action: str = "InvokeModelWithResponseStream", through: str | None = None) -> str:
        key = {"ContextKeyName": "bedrock:InferenceProfileArn", "ContextKeyType": "string"}
        answer = prod.run.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
            ActionNames=[f"bedrock:{action}"],
            ResourceArns=[resource],
            ContextEntries=[{**key, "ContextKeyValues": [through]}] if through else [],
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert decided(profile) == "allowed"
    assert decided(models[MODEL], through=profile) == "allowed"
    assert decided(models[MODEL]) == "implicitDeny"
    assert decided(models[MODEL], through=f"{profile}-2") == "implicitDeny"
    assert decided(models["amazon.nova-pro-v1:0"], through=profile) == "implicitDeny"
    assert decided(profile.replace(MODEL, "anthropic.claude-opus-4-6")) == "implicitDeny"
    assert decided(profile, action="GetInferenceProfile") == "implicitDeny"


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_may_do_nothing_else(act_as: Act, agent: tuple[str, str]) -> None:
    """The gateway among it: agents call that with a bearer token, which IAM has no part in."""
    assert outcome(act_as(agent, "s3").list_buckets) == "refused"
    assert outcome(act_as(agent, "iam").list_roles) == "refused"
    assert outcome(act_as(agent, "eks").describe_cluster, name=CLUSTER) == "refused"
    assert outcome(act_as(agent, "bedrock-agentcore-control").list_gateways) == "refused"


@pytest.mark.parametrize(
    ("namespace", "account"),
    [("tenant-acme-corp", "delivery-agent"), ("tenant-globex", "reporting-agent"), ("default", "reporting-agent")],
)
def test_other_service_accounts_have_no_role(prod: OtherAccount, namespace: str, account: str) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        pod_credentials(prod.run, cluster=CLUSTER, namespace=namespace, account=account)


def test_a_role_serves_no_other_service_account_even_when_somebody_associates_it(prod: OtherAccount) -> None:
    """The role's own trust policy says whose it is."""
    eks = prod.run.client("eks")
    [mine] = eks.list_pod_identity_associations(clusterName=CLUSTER, namespace="tenant-acme-corp")["associations"]
    role = eks.describe_pod_identity_association(clusterName=CLUSTER, associationId=mine["associationId"])
    stolen = eks.create_pod_identity_association(
        clusterName=CLUSTER,
        namespace="tenant-globex",
        serviceAccount="thief",
        roleArn=role["association"]["roleArn"],
    )["association"]
    try:
        with pytest.raises(ClientError, match="AccessDeniedException"):
            pod_credentials(prod.run, cluster=CLUSTER, namespace="tenant-globex", account="thief")
    finally:
        eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=stolen["associationId"])


def test_the_account_itself_cannot_assume_an_agents_role(prod: OtherAccount, act_as: Act) -> None:
    role = act_as(OWN, "sts").get_caller_identity()["Arn"].split("/")[1]
    sts = aws_client("sts", prod.run.ports.endpoint_url, OWNER)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    assert outcome(sts.assume_role, RoleArn=arn, RoleSessionName="me") == "refused"


def item(agent: tuple[str, str]) -> dict[str, Any]:
    """A conversation's head, as far as keys go."""
    own = "#".join(agent)
    return {
        "conversation_id": {"S": f"{own}#one"},
        "item": {"S": "head"},
        "owner": {"S": f"{own}#role/team"},
        "used_at": {"N": "1"},
    }


class Items:
    """The calls that an agent makes about its conversations."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb, self._table = dynamodb, table

    def calls(self, agent: tuple[str, str]) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
        """Each call by what it does, with its arguments."""
        api, whole = self._dynamodb, item(agent)
        key = {name: whole[name] for name in ("conversation_id", "item")}
        listed = {
            "KeyConditionExpression": "conversation_id = :id",
            "ExpressionAttributeValues": {":id": key["conversation_id"]},
        }
        owned = {
            "IndexName": "by-owner",
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": whole["owner"]},
        }
        changed = {"UpdateExpression": "SET title = :t", "ExpressionAttributeValues": {":t": {"S": "x"}}}
        return {
            "put": (api.put_item, {"TableName": self._table, "Item": whole}),
            "get": (api.get_item, {"TableName": self._table, "Key": key}),
            "query": (api.query, {"TableName": self._table, **listed}),
            "list": (api.query, {"TableName": self._table, **owned}),
            "update": (api.update_item, {"TableName": self._table, "Key": key, **changed}),
            "write": (
                api.transact_write_items,
                {"TransactItems": [{"Put": {"TableName": self._table, "Item": whole}}]},
            ),
            "delete": (api.batch_write_item, {"RequestItems": {self._table: [{"DeleteRequest": {"Key": key}}]}}),
        }

    def outcomes(self, agent: tuple[str, str]) -> dict[str, str]:
        """What comes of each, in this order."""
        return {what: outcome(call, **arguments) for what, (call, arguments) in self.calls(agent).items()}


def test_the_objects_of_both_tenants_are_recorded(prod: OtherAccount) -> None:
    objects = json.loads((prod.run.platform.layout.emulator_state / "kubernetes" / f"{CLUSTER}.json").read_text())
    deployed = {
        (one["metadata"]["namespace"], one["metadata"]["name"]) for one in objects if one["kind"] == "Deployment"
    }
    assert deployed == {(f"tenant-{tenant}", name) for tenant, name in AGENTS}
