"""The function that writes and rotates agents' client secrets (R4)."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack, aws_cognito as cognito, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from foundation.acknowledge import acknowledge, arn_as_printed, compliance
from foundation.function import FunctionSize, PythonFunction
from foundation.log_group import LogKeeping


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
            log_keeping: how its logs are kept. The keys of secrets let it in by themselves (`foundation.tenant`).
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
        secrets = arn_as_printed(self, "secretsmanager", f"secret:{secret_prefix}*")
        acknowledge(
            self,
            {
                f"AwsSolutions-IAM5[Resource::{secrets}]": "One function rotates every agent's secret, and new agents "
                "must not change its role; the prefix is used for agents' secrets alone (stacks/tenant_stack.py)",
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
