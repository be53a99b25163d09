"""An agent's credentials in Secrets Manager, rotated, and readable by that agent alone (R4)."""

from __future__ import annotations

import json

from aws_cdk import (
    ArnFormat,
    Duration,
    Stack,
    Tags,
    aws_iam as iam,
    aws_kms as kms,
    aws_secretsmanager as secretsmanager,
)
from constructs import Construct

from foundation.retention import removal_policy
from foundation.secret_rotation import SecretRotation

CLIENT_ID_TAG = "foundation:client-id"
"""Tag of a secret that tells the rotation function whose secret it is."""
AGENT_TAG = "foundation:agent"
"""Tag of a role that marks it as an agent's own; its value is `<tenant>/<agent>`."""


class AgentCredentials(Construct):
    """The secret that holds an agent's credentials: `client_id`, `client_secret`, `token_endpoint`, `scopes`.

    CloudFormation makes it with a placeholder; the rotation that starts with it writes the first real value, so that no
    client secret ever passes through CloudFormation. Only the agent's principals and the rotation function may read it:
    the policy denies everyone else, administrators included.

    Attributes:
        secret: the secret.
        schedule: its rotation, the first of which starts as soon as it exists.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        agent: str,
        client_id: str,
        rotation: SecretRotation,
        rotate_every: Duration,
        key: kms.IKey,
        reader_arns: tuple[str, ...],
        retain: bool,
    ) -> None:
        """Make the secret and its rotation.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there; it fixes the logical id, which must never change.
            name: the secret's name; it must begin with the rotation's `secret_prefix`.
            agent: `<tenant>/<agent>`.
            client_id: the agent's client.
            rotation: the function that rotates it.
            rotate_every: time between rotations, in whole days.
            key: key of the secret.
            reader_arns: roles from outside the kit that may read it.
            retain: keep the secret when the stack goes.
        """
        super().__init__(scope, construct_id)
        self._name, self._agent, self._key, self._reader_arns = name, agent, key, reader_arns
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=name,
            description=f"Client credentials of agent {agent}",
            # Never change this placeholder: CloudFormation would write it over every agent's live credentials.
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"status": "waiting for its first rotation"}),
                generate_string_key="placeholder",
            ),
            removal_policy=removal_policy(retain=retain),
        )
        resource = self.secret.node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)  # noqa: S101 - tells the type checker what the L2 holds
        # The L2's encryption_key writes wildcard actions into the key's policy; the readers' grants below are exact.
        resource.kms_key_id = key.key_arn
        Tags.of(self.secret).add(CLIENT_ID_TAG, client_id)
        self._restrict_readers(rotation.role)
        self.schedule = self._rotate(rotation, rotate_every)

    def _restrict_readers(self, rotation_role: iam.IRole) -> None:
        self.secret.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DenyAllButTheAgent",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["secretsmanager:GetSecretValue"],
                resources=["*"],  # a secret's own policy: the secret
                conditions={
                    "ArnNotEquals": {"aws:PrincipalArn": [rotation_role.role_arn, *self._reader_arns]},
                    "StringNotEquals": {f"aws:PrincipalTag/{AGENT_TAG}": self._agent},
                    # CloudFormation's own handler reads a secret when it updates it (the resource type's schema names
                    # GetSecretValue among the update's permissions), under the deploying role, and shows it to nobody.
                    "StringNotEqualsIfExists": {"aws:CalledViaLast": "cloudformation.amazonaws.com"},
                },
            )
        )
        if self._reader_arns:
            self._admit_readers()

    def _admit_readers(self) -> None:
        """Roles from outside the kit. Conditions name them, so that they need not exist yet."""
        are_readers = {"ArnEquals": {"aws:PrincipalArn": list(self._reader_arns)}}
        self.secret.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AgentsRoles",
                principals=[iam.AnyPrincipal()],
                actions=["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                resources=["*"],
                conditions=are_readers,
            )
        )
        # The key is named by the secret already; the ARN's six random characters keep the two from naming each other.
        arn = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self._name}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={**are_readers, "StringLike": {"kms:EncryptionContext:SecretARN": arn}},
            )
        )

    def _rotate(self, rotation: SecretRotation, every: Duration) -> secretsmanager.CfnRotationSchedule:
        # The L2's add_rotation_schedule repeats its grants on function and key for every secret; the function has them
        # for all secrets of the prefix already.
        schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Rotation",
            secret_id=self.secret.secret_arn,
            rotation_lambda_arn=rotation.function.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                automatically_after_days=every.to_days()
            ),
            rotate_immediately_on_update=True,
        )
        schedule.node.add_dependency(rotation)
        schedule.node.add_dependency(self.secret)
        return schedule

    def grant_read(self, role: iam.Role) -> None:
        """Let `role`, one that runs this agent and nothing else, read the credentials.

        It is marked with the agent's tag, which the secret's policy asks for.
        """
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                resources=[self.secret.secret_arn],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=[self._key.key_arn],
                conditions={"StringEquals": {"kms:EncryptionContext:SecretARN": self.secret.secret_arn}},
            )
        )
        Tags.of(role).add(AGENT_TAG, self._agent)
