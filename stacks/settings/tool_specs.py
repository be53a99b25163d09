"""What the tool servers of an environment offer, read from their code, and whether the settings fit it."""

from __future__ import annotations

import traceback
import typing
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from stacks.settings.environment import EnvironmentSettings, InterfaceEndpoint
from toolkit import DeclarationError, ServerSpec, ToolServer

GATEWAY_ENDPOINTS = frozenset({"s3", "dynamodb"})
"""Services that every VPC of the kit reaches by a gateway endpoint."""

ENDPOINTS = {
    "cloudwatch": "monitoring",
    "ses": "email",
    "sagemaker": "sagemaker.api",
    "ecr": "ecr.api",
} | {name: name for name in typing.get_args(InterfaceEndpoint)}
"""Interface endpoint by the IAM prefix of the service, where the kit knows one."""


def read_specs(environment: EnvironmentSettings, *, label: str, root: Path) -> tuple[dict[str, ServerSpec], list[str]]:
    """What each tool server of `environment` offers, by name, and a sentence for each that cannot be used.

    Args:
        environment: the settings.
        label: the settings' file, for messages.
        root: the folder that holds `lambda/`.
    """
    specs: dict[str, ServerSpec] = {}
    mistakes: list[str] = []
    for name, settings in environment.tool_servers.items():
        try:
            spec = read_spec(settings.package, root=root)
            if spec.name != name:
                raise DeclarationError(
                    f"{settings.package!r} calls its server {spec.name!r}: put it under tool_servers.{spec.name}, the "
                    "name by which targets, tools and scopes go"
                )
            specs[name] = spec
        except DeclarationError as error:
            mistakes.append(f"{label}: tool_servers.{name}.package: {error}")
    return specs, mistakes


def read_spec(package: str, *, root: Path) -> ServerSpec:
    """What the tool server in `package` declares; its handler module is what imports all of its tools.

    Args:
        package: the Lambda package, dotted.
        root: the folder that holds `lambda/`.

    Raises:
        DeclarationError: the package is not there, cannot be imported, or holds no tool server with tools.
    """
    folder = f"lambda/{package.replace('.', '/')}"
    if not (root / folder / "handler.py").is_file():
        raise DeclarationError(f"{package!r} has no handler: create {folder}/handler.py or name an existing package")
    try:
        handler = import_module(f"{package}.handler")
    except DeclarationError:
        raise
    except Exception as error:  # whatever a tool's module raises is its author's to mend
        raise DeclarationError(
            f"{package!r} cannot be imported ({type(error).__name__}: {error}): correct {_place(error, folder, root)}"
        ) from error
    server = getattr(handler, "server", None)
    if not isinstance(server, ToolServer):
        raise DeclarationError(f"{package!r} holds no tool server: {folder}/handler.py has to import it as `server`")
    spec = server.describe()
    if not spec.tools:
        raise DeclarationError(f"{package!r} declares no tool: decorate a function with @server.tool in {folder}")
    return spec


def _place(error: Exception, folder: str, root: Path) -> str:
    """File and line in the package's folder that an error came from, as far as it tells."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{folder}/{Path(error.filename).name}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(root / "lambda" / Path(folder).parts[1]):
            return f"{file.relative_to(root)}, line {frame.lineno}"
    return f"{folder}, or what its requirements.txt names"


def unreachable_services(environment: EnvironmentSettings, specs: Mapping[str, ServerSpec], *, label: str) -> list[str]:
    """A sentence for each service that a tool calls from a VPC without a way to it, where the call would hang.

    Without NAT there are only endpoints. A function in a VPC needs none for itself: Lambda sends its logs and traces
    and decrypts its variables from outside (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html).
    """
    network = environment.network
    mistakes: list[str] = []
    if network.nat_gateways:
        return mistakes
    for name, spec in specs.items():
        if not environment.tool_servers[name].in_vpc:
            continue
        otherwise = f"set nat_gateways to 1 or more, or tool_servers.{name}.in_vpc to false"
        services = {action.action.partition(":")[0] for action in spec.actions} - GATEWAY_ENDPOINTS
        for service in sorted(services):
            endpoint = ENDPOINTS.get(service)
            if endpoint is None:
                mistakes.append(
                    f"{label}: network.nat_gateways: 0 leaves {name} no way to {service}, for which the kit knows no "
                    f"interface endpoint: {otherwise}"
                )
            elif endpoint not in network.interface_endpoints:
                mistakes.append(
                    f"{label}: network.interface_endpoints: {endpoint!r} is missing, which {name} calls from the VPC "
                    f"while nat_gateways is 0: add it, {otherwise}"
                )
    return mistakes
