"""The real templates, deployed by the real CDK CLI to the emulated AWS."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local.commands import Command
from local.emulator.settings import ACCOUNT, REGION
from local.installation import CDK
from local.layout import Layout, Ports
from local.surroundings import base_environment, client_environment

ENVIRONMENT = "dev"
_SOURCES = ("app.py", "cdk.json", "constraints.txt", "requirements.txt", "config", "constructs", "lambda", "stacks")
_CONTEXT = {"foundation:runtimePlatform": "host", "foundation:scriptedModel": "local"}
"""Compiled packages for this machine, and a model that needs no Bedrock."""
_DEPLOYED = re.compile(r"^ *✅ +(?P<stack>\S+)")


class Deployment:
    """Synthesis, bootstrap and deployment of the environment dev."""

    def __init__(self, *, layout: Layout, ports: Ports) -> None:
        self._layout = layout
        self._ports = ports

    def fingerprint(self) -> str:
        """A hash of all that the templates and the Lambda code are made from."""
        digest = hashlib.sha256()
        for file in self._source_files():
            digest.update(f"{file.relative_to(self._layout.repository)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def synthesis(self) -> Command:
        """Start `python app.py`, policy packs included, which writes the cloud assembly.

        What it packs has wheels for this machine, where the emulator runs it, and conversational agents have the
        scripted model.
        It has the developer's own home, in which jsii keeps 200 MB of unpacked modules.
        """
        settings = {
            "CDK_OUTDIR": str(self._layout.assembly),
            "CDK_CONTEXT_JSON": json.dumps({"env": ENVIRONMENT, **_CONTEXT}),
            "HOME": str(Path.home()),
        }
        return Command(
            [sys.executable, "app.py"],
            what=f"Synthesizing {ENVIRONMENT}",
            way_out="Mend that, then run `make local` again.",
            log=self._layout.logs / "synth.log",
            layout=self._layout,
            environment=base_environment(self._layout) | settings,
            folder=self._layout.repository,
        )

    def bootstrap(self) -> None:
        """Run `cdk bootstrap`; raises LocalRunError when it fails."""
        with self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", what="Bootstrapping") as command:
            command.finish()

    def deploy(self, on_stack: Callable[[str], None]) -> None:
        """Run `cdk deploy --all` on the synthesized assembly.

        Args:
            on_stack: is told the name of each stack when it is up to date.

        Raises:
            LocalRunError: a stack failed; CloudFormation has returned it to its earlier state.
        """
        options = ("--app", str(self._layout.assembly), "--require-approval", "never", "--concurrency", "4")
        with self._cdk("deploy", "--all", *options, what=f"Deploying {ENVIRONMENT}") as command:
            for line in command.lines():
                if found := _DEPLOYED.match(line):
                    on_stack(found["stack"])

    def _cdk(self, verb: str, *arguments: str, what: str) -> Command:
        """Start the CDK CLI. It runs in the state folder: there it finds no cdk.json, and writes no context file."""
        return Command(
            ["node", CDK, verb, *arguments, "--no-color", "--no-notices", "--ci", "--progress", "events"],
            what=what,
            way_out="A stack that failed is back in its earlier state: mend the cause, then run `make local` again.",
            log=self._layout.logs / f"cdk-{verb}.log",
            layout=self._layout,
            environment=client_environment(self._layout, self._ports) | {"CDK_DISABLE_CLI_TELEMETRY": "true"},
            folder=self._layout.state,
        )

    def _source_files(self) -> Iterator[Path]:
        for name in _SOURCES:
            path = self._layout.repository / name
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (file for file in files if file.is_file() and file.suffix != ".pyc")
