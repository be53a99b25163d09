"""A web application as a Lambda function: the AWS Lambda Web Adapter starts it and hands it the requests.

The adapter is a layer that AWS publishes. Its wrapper takes the place of the runtime's own start, runs the script that
the function names as its handler, waits until the application answers, and turns each invocation into an HTTP request
to it, streamed back as it comes (https://aws.github.io/aws-lambda-web-adapter/getting-started/zip-packages.html).
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import Stack
from constructs import IConstruct

from foundation.bundle import archive

SCRIPT = "run.sh"
"""The start script at the bundle's root, and the function's handler."""

PORT = 8080
"""Where the application listens, within its execution environment."""

PUBLIC_LAYER = ("753240598075", "LambdaAdapterLayerArm64", 30)
"""Account, name and version of the layer that AWS publishes in every commercial region (the page above). A version
never changes, and its account can take it back: an environment that must not depend on that names a copy."""


@dataclass(frozen=True, kw_only=True)
class WebServer:
    """How a function's package serves HTTP.

    Attributes:
        readiness_path: what answers 2xx to a GET once it takes requests.
        adapter_layer: ARN of the layer's version that holds the adapter for arm64; AWS's public one when None.
    """

    readiness_path: str
    adapter_layer: str | None = None

    def layer_arn(self, scope: IConstruct) -> str:
        """The layer's version in the region of `scope`."""
        if self.adapter_layer is not None:
            return self.adapter_layer
        stack, (account, name, version) = Stack.of(scope), PUBLIC_LAYER
        return f"arn:{stack.partition}:lambda:{stack.region}:{account}:layer:{name}:{version}"

    def variables(self) -> dict[str, str]:
        """https://aws.github.io/aws-lambda-web-adapter/configuration/environment-variables.html."""
        return {
            "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
            "AWS_LWA_INVOKE_MODE": "response_stream",
            "AWS_LWA_PORT": str(PORT),
            "AWS_LWA_READINESS_CHECK_PATH": self.readiness_path,
            # By default the adapter takes a 404 for ready.
            "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS": "200-299",
        }


def start_script(package: str) -> str:
    """The script that starts `package` as a program, with modules looked for in the bundle first, as for a handler."""
    return f'#!/bin/sh\nexport PYTHONPATH="$LAMBDA_TASK_ROOT"\nexec python3 -m {package}\n'


def web_archive(folder: Path) -> Path:
    """The zip of a bundle with its start script executable, which the wrapper asks for."""
    target = folder.with_name(f"{folder.name}-web.zip")
    if not target.exists():
        with TemporaryDirectory(dir=folder.parent) as staging:
            made = Path(staging) / target.name
            with zipfile.ZipFile(archive(folder)) as plain, zipfile.ZipFile(made, "w") as packed:
                for entry in plain.infolist():
                    if entry.filename == SCRIPT:
                        entry.external_attr = 0o755 << 16
                    packed.writestr(entry, plain.read(entry))
            made.replace(target)
    return target
