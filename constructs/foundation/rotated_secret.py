"""An agent's credentials in Secrets Manager, and the function that writes and rotates them (R4)."""

from __future__ import annotations

import json

from aws_cdk import (
    ArnFormat,
    Duration,
    Stack,
    Tags,
    aws_cognito as cognito,
    aws_iam as iam,
    aws_kms as kms,
    aws_lambda as lambda_,
    aws_secretsmanager as secretsmanager,
)
from constructs import Construct

from foundation.acknowledge import acknowledge, arn_as_printed, compliance
from foundation.function import FunctionSize, PythonFunction
from foundation.log_group import LogKeeping
from foundation.retention import removal_policy

CLIENT_ID_TAG = "foundation:client-id"
"""Tag of a secret that tells the rotation function whose secret it is."""
AGENT_TAG = "foundation:agent"
"""Tag of a role that marks it as an agent's own; its value is `<tenant>/<agent>`."""


class SecretRotation(Construct):
    """The function that rotates the client secrets of one user pool.

    Attributes:
        function: the function.
        role: its role, the only principal that writes the secrets.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        user_pool: cognito.IUserPool,
        token_endpoint: str,
        secret_prefix: str,
        log_keeping: LogKeeping,
    ) -> None:
        """Make the function. It runs outside any VPC: it calls the pool's public token endpoint.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            user_pool: the pool whose clients it serves.
            token_endpoint: where it tests a new secret.
            secret_prefix: what the names of the secrets begin with; the function reaches no others.
            log_keeping: how its logs are kept; the key is the secrets' own too.
        """
        super().__init__(scope, construct_id)
        function_construct = PythonFunction(
            self,
            "Function",
            package="secret_rotation",
            description="Rotates agents' client secrets",
            log_keeping=log_keeping,
            size=FunctionSize(memory_mb=256, timeout=Duration.minutes(3), reserved_concurrency=5),
            aws_services=("cognito-idp", "secretsmanager"),
            environment={"USER_POOL_ID": user_pool.user_pool_id, "TOKEN_ENDPOINT": token_endpoint},
            statements=[
                iam.PolicyStatement(
                    actions=[
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    resources=[
                        Stack.of(self).format_arn(
                            service="secretsmanager",
                            resource="secret",
                            resource_name=f"{secret_prefix}*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    ],
                ),
                iam.PolicyStatement(
                    actions=[
                        "cognito-idp:AddUserPoolClientSecret",
                        "cognito-idp:DeleteUserPoolClientSecret",
                        "cognito-idp:DescribeUserPoolClient",
                        "cognito-idp:ListUserPoolClientSecrets",
                    ],
                    resources=[user_pool.user_pool_arn],
                ),
            ],
        )
        self.function: lambda_.Function = function_construct.function
        self.role = function_construct.role
        log_keeping.key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey")
        secrets = arn_as_printed(self, "secretsmanager", f"secret:{secret_prefix}*")
        acknowledge(
            self,
            {
                f"AwsSolutions-IAM5[Resource::{secrets}]": "One function rotates every agent's secret, and new agents "
                "must not change its role; the prefix is used for agents' secrets alone (IdentityStack)",
                compliance(
                    "LambdaInsideVPC"
                ): "Calls the user pool's public token endpoint, which has no VPC endpoint, and nothing inside the VPC",
            },
        )
        self.function.add_permission(
            "SecretsManager",
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=Stack.of(self).account,
        )


class AgentCredentials(Construct):
    """The secret that holds an agent's credentials: `client_id`, `client_secret`, `token_endpoint`, `scopes`.

    CloudFormation makes it with a placeholder; the rotation that starts with it writes the first real value, so that no
    client secret ever passes through CloudFormation. Only the agent's principals and the rotation function may read it:
    the policy denies everyone else, administrators included.

    Attributes:
        secret: the secret.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        agent: str,
        client: cognito.IUserPoolClient,
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
            client: the agent's client.
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
        Tags.of(self.secret).add(CLIENT_ID_TAG, client.user_pool_client_id)
        self._restrict_readers(rotation.role)
        self._rotate(rotation, rotate_every)

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

    def _rotate(self, rotation: SecretRotation, every: Duration) -> None:
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
