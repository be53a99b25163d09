"""The function that writes an agent's tenant and permissions into its tokens (R3)."""

from __future__ import annotations

from aws_cdk import Duration, aws_lambda as lambda_
from constructs import Construct

from foundation.acknowledge import acknowledge, compliance
from foundation.directory import Directory
from foundation.function import GOVERNANCE_PACKAGES, BundleContents, FunctionSize, PythonFunction
from foundation.log_group import LogKeeping


class TokenClaims(Construct):
    """The user pool's pre-token-generation trigger: it looks the client up in the directory, or there is no token.

    Cognito waits five seconds for it, and issues no token when it fails
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html).

    Attributes:
        function: the function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        directory: Directory,
        concurrency: int,
        log_keeping: LogKeeping,
    ) -> None:
        """Make the function. It runs outside any VPC: it calls Systems Manager alone.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            environment: the environment's name, which every token carries.
            directory: where agents and suspensions stand.
            concurrency: tokens that are made at a time.
            log_keeping: how its logs are kept.

        Raises:
            BundleError: it cannot be bundled.
        """
        super().__init__(scope, construct_id)
        made = PythonFunction(
            self,
            "Function",
            package="token_claims",
            description="Writes agents' claims into their tokens",
            log_keeping=log_keeping,
            size=FunctionSize(memory_mb=512, timeout=Duration.seconds(4), reserved_concurrency=concurrency),
            contents=BundleContents(shared_packages=GOVERNANCE_PACKAGES),
            environment={
                "POWERTOOLS_SERVICE_NAME": "token-claims",
                "FOUNDATION_ENVIRONMENT": environment,
                "FOUNDATION_AGENTS_PATH": directory.agents,
                "FOUNDATION_SUSPENDED_PATH": directory.suspended,
            },
            statements=[directory.read_agents(self), directory.read_suspensions(self)],
        )
        self.function: lambda_.Function = made.function
        directory.acknowledge_agents(self)
        directory.acknowledge_suspensions(self)
        acknowledge(self, {compliance("LambdaInsideVPC"): "Calls Systems Manager's API and nothing inside the VPC"})
