"""Lambda functions as the kit runs them: Python, arm64, traced, logged under a key, a role of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import AssetHashType, Duration, aws_iam as iam, aws_lambda as lambda_, aws_logs as logs
from constructs import Construct

from foundation.acknowledge import acknowledge
from foundation.bundle import archive, bundle
from foundation.function_runtime import NO_DEAD_LETTERS, VpcPlacement, acknowledge_runtime, runtime_statements
from foundation.log_group import LogKeeping
from foundation.variables import check_variables
from foundation.web_server import SCRIPT, WebServer, start_script, web_archive
from foundation.wheels import PLATFORM, PLATFORM_CONTEXT

__all__ = ["BundleContents", "FunctionSize", "PythonFunction", "VpcPlacement"]

SOURCE_ROOT = Path(__file__).parents[2] / "lambda"
BUNDLES = Path(__file__).parents[2] / ".cache" / "bundles"
SHARED_PACKAGES = ("toolkit",)
"""What a tool server shares with the others, and with the functions that keep it running."""

GOVERNANCE_PACKAGES = ("governance",)
"""What the functions share that judge and record calls (docs/decisions/interceptors.md)."""

_DEAD_LETTERS = (
    "a dead-letter queue keeps events whose failure nobody notices: "
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
)
_CALLER_TELLS = (
    "A gateway and Secrets Manager get every error of a call, and CodeDeploy fails a release whose check reports "
    f"nothing; {_DEAD_LETTERS}"
)
_URL_TELLS = (
    "A Function URL invokes the function synchronously and its caller gets every error "
    f"(https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html); {_DEAD_LETTERS}"
)


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """What a bundle holds beside the function's package and its dependencies.

    Attributes:
        shared_packages: packages under `lambda/` that it imports beside its own.
        generated: files at the bundle's root by name, made by this synthesis.
        web: how the package serves HTTP, if `python -m <package>` is a web server and not a handler.
    """

    shared_packages: tuple[str, ...] = SHARED_PACKAGES
    generated: Mapping[str, str] = field(default_factory=dict)
    web: WebServer | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionSize:
    """How much a function may take: memory in MiB, the time of one call, calls at a time."""

    memory_mb: int
    timeout: Duration
    reserved_concurrency: int


class PythonFunction(Construct):
    """A function made of one package under `lambda/` and the packages it shares with others.

    Attributes:
        function: the function.
        role: its role. It may write to its log group, have Lambda read its variables, send traces and, in a VPC,
            manage its network interfaces; everything else is granted by the caller.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        package: str,
        description: str,
        log_keeping: LogKeeping,
        size: FunctionSize,
        environment: Mapping[str, str],
        placement: VpcPlacement | None = None,
        aws_services: tuple[str, ...] = (),
        statements: Sequence[iam.PolicyStatement] = (),
        contents: BundleContents | None = None,
        log_group: logs.ILogGroup | None = None,
    ) -> None:
        """Make the function.

        Args:
            scope: the stack or construct it belongs to.
            construct_id: its id there.
            package: folder under `lambda/`; its handler is `<package>.handler.handler`, unless it serves HTTP.
            description: what it does.
            log_keeping: how its logs are kept; the key encrypts its environment variables too.
            size: memory, time limit and parallel calls.
            environment: variables; no secrets.
            placement: where in a VPC it runs; outside when None.
            aws_services: services it calls, if its requirements.txt brings boto3 along instead of using the runtime's.
            statements: what it may do beyond logs, traces and network interfaces.
            contents: what its bundle holds beside the package; the shared toolkit when None.
            log_group: where its logs go instead of a log group of its own.

        Raises:
            BundleError: the package or one of its dependencies cannot be bundled.
            VariablesError: there are more variables than Lambda takes.
        """
        super().__init__(scope, construct_id)
        contents = contents or BundleContents()
        web = contents.web
        variables = {**environment, **(web.variables() if web else {})}
        check_variables(package, variables)
        log_group = log_group or log_keeping.log_group(self, "Logs")
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=f"Runs {description}"
        )
        runtime = runtime_statements(self, log_group=log_group, key=log_keeping.key, placement=placement)
        for statement in (*runtime, *statements):
            self.role.add_to_policy(statement)
        folder = self._bundle(package, contents, aws_services)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(
                str((web_archive if web else archive)(folder)),
                asset_hash=folder.name,
                asset_hash_type=AssetHashType.CUSTOM,
            ),
            handler=SCRIPT if web else f"{package}.handler.handler",
            layers=[lambda_.LayerVersion.from_layer_version_arn(self, "Adapter", web.layer_arn(self))] if web else None,
            role=self.role,
            memory_size=size.memory_mb,
            timeout=size.timeout,
            reserved_concurrent_executions=size.reserved_concurrency,
            environment=variables,
            environment_encryption=log_keeping.key,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=placement.vpc if placement else None,
            vpc_subnets=placement.subnets if placement else None,
            security_groups=[placement.security_group] if placement else None,
        )
        acknowledge_runtime(self, placement=placement)
        acknowledge(self, {NO_DEAD_LETTERS: _URL_TELLS if web else _CALLER_TELLS})

    def _bundle(self, package: str, contents: BundleContents, aws_services: tuple[str, ...]) -> Path:
        script = {SCRIPT: start_script(package)} if contents.web else {}
        return bundle(
            source_root=SOURCE_ROOT,
            packages=(package, *contents.shared_packages),
            cache_folder=BUNDLES,
            aws_services=aws_services,
            generated=tuple(sorted({**contents.generated, **script}.items())),
            platform=str(self.node.try_get_context(PLATFORM_CONTEXT) or PLATFORM),
        )
