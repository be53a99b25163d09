"""A tool server on Lambda: its function, with a role made of what its tools declare (R12)."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from foundation.function import FunctionSize, PythonFunction, VpcPlacement
from foundation.log_group import LogKeeping
from foundation.permissions import acknowledge_patterns, statements
from toolkit.spec import ServerSpec


class ToolServer(Construct):
    """A Lambda function that serves the tools of `spec`.

    Attributes:
        spec: the server's description.
        function: the function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: ServerSpec,
        package: str,
        log_keeping: LogKeeping,
        size: FunctionSize,
        placement: VpcPlacement | None,
    ) -> None:
        """Make the server; parameters beyond `spec` are those of `PythonFunction`.

        Raises:
            DeclarationError: a tool declares an action that cannot become a statement.
            BundleError: the package cannot be bundled.
        """
        super().__init__(scope, construct_id)
        self.spec = spec
        self._server = PythonFunction(
            self,
            "Server",
            package=package,
            description=f"Tool server {spec.name} {spec.version}",
            log_keeping=log_keeping,
            size=size,
            environment={"POWERTOOLS_SERVICE_NAME": spec.name},
            placement=placement,
            statements=statements(spec.actions, declared_by=f"lambda/{package}"),
        )
        acknowledge_patterns(self, spec.actions, declared_by=f"lambda/{package}")
        self.function: lambda_.Function = self._server.function
