"""One major of a tool server on Lambda: a function, its alias (R11), a role of what its tools declare (R12)."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from foundation.function import FunctionSize, PythonFunction, VpcPlacement
from foundation.log_group import LogKeeping
from foundation.permissions import Reach, acknowledge_patterns, statements
from toolkit.spec import ServerSpec


class ToolServer(Construct):
    """A Lambda function that serves the tools of one major of a tool server, called through an alias.

    Attributes:
        spec: what it offers.
        target: name of its gateway target.
        size: what a call may take.
        function: the function.
        alias: points at the published version that answers calls.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: ServerSpec,
        target: str,
        alias: str,
        package: str,
        log_keeping: LogKeeping,
        size: FunctionSize,
        variables: Mapping[str, str],
        reach: Reach,
        placement: VpcPlacement | None,
    ) -> None:
        """Make the server.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            spec: what it offers.
            target: name of its gateway target, as aws-operations-v1.
            alias: name of the alias, as v1.
            package: folder under `lambda/`, dotted.
            log_keeping: how its logs are kept.
            size: memory, time limit and parallel calls.
            variables: environment variables beyond its name; no secrets.
            reach: what its tools may read beside their own account and region.
            placement: where in a VPC it runs; outside when None.

        Raises:
            DeclarationError: a tool declares an action that cannot become a statement.
            BundleError: the package cannot be bundled.
        """
        super().__init__(scope, construct_id)
        declared_by = f"lambda/{package.replace('.', '/')}"
        self.spec = spec
        self.target = target
        self.size = size
        server = PythonFunction(
            self,
            "Server",
            package=package,
            description=f"Tool server {spec.name} {spec.version}",
            log_keeping=log_keeping,
            size=size,
            environment={"POWERTOOLS_SERVICE_NAME": spec.name, **reach.variables(), **variables},
            placement=placement,
            statements=statements(spec.actions, declared_by=declared_by, reach=reach),
        )
        acknowledge_patterns(self, spec.actions, declared_by=declared_by, reach=reach)
        self.function: lambda_.Function = server.function
        self.alias = lambda_.Alias(self, "Alias", alias_name=alias, version=self.function.current_version)
