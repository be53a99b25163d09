"""Copies of templates in which every intrinsic function is replaced by a literal of the right shape.

cfn-lint leaves out a property that may have one of several shapes (oneOf) once it holds an intrinsic, which is
TargetConfiguration and AuthorizerConfiguration of every AgentCore gateway. In the copy nothing is left out.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from tests.lint.examples import ACCOUNT, example

Body = dict[str, Any]

KEPT = ("Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy")
"""Parts of a resource that the copy keeps; conditions are decided in it, and metadata could silence cfn-lint."""

_NO_VALUE = object()


class UnresolvableError(Exception):
    """A template holds an intrinsic that the copy cannot replace."""


class Assembly:
    """The templates that one synthesis wrote, by stack name."""

    def __init__(self, templates: Mapping[str, Body], *, region: str = "us-east-1") -> None:
        self.templates = templates
        self.region = region

    @classmethod
    def read(cls, outdir: Path, *, region: str = "us-east-1") -> "Assembly":
        """The templates in a cloud assembly."""
        artifacts = json.loads((outdir / "manifest.json").read_text())["artifacts"]
        return cls(
            {
                artifact["properties"].get("stackName", name): json.loads(
                    (outdir / artifact["properties"]["templateFile"]).read_text()
                )
                for name, artifact in artifacts.items()
                if artifact["type"] == "aws:cloudformation:stack"
            },
            region=region,
        )

    def literal(self, stack: str, *, branch: int = 0) -> Body:
        """A copy of a stack's template, resources only, without intrinsics.

        Every Fn::If takes its first (branch 0) or its second value (branch 1). Raises UnresolvableError.
        """
        resolver = _Resolver(self, stack, branch)
        resources = {
            logical_id: {key: resolver.value(resource[key]) for key in KEPT if key in resource}
            for logical_id, resource in self.templates[stack]["Resources"].items()
        }
        return {"Resources": resources}

    def output(self, stack: str, name: str, branch: int) -> Any:
        """The literal value of another stack's output."""
        try:
            value = self.templates[stack]["Outputs"][name]["Value"]
        except KeyError:
            raise UnresolvableError(f"No template of this assembly has the output {stack}.{name}") from None
        return _Resolver(self, stack, branch).value(value)

    def export(self, name: str, branch: int) -> Any:
        """The literal value of an export of any stack."""
        for stack, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                exported = output.get("Export", {}).get("Name")
                if exported is not None and _Resolver(self, stack, branch).value(exported) == name:
                    return _Resolver(self, stack, branch).value(output["Value"])
        raise UnresolvableError(f"No template of this assembly exports {name}")


class _Resolver:
    def __init__(self, assembly: Assembly, stack: str, branch: int) -> None:
        self._assembly = assembly
        self._stack = stack
        self._branch = branch
        self._template = assembly.templates[stack]
        region = assembly.region
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NotificationARNs": [f"arn:aws:sns:{region}:{ACCOUNT}:deployments"],
            "AWS::NoValue": _NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/{'0' * 8}",
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::Base64": lambda text: b64encode(str(self.value(text)).encode()).decode(),
            "Fn::Cidr": self._cidr,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::GetAZs": lambda _: [f"{region}{zone}" for zone in "abc"],
            "Fn::GetStackOutput": self._stack_output,
            "Fn::If": lambda branches: self.value(branches[1 + self._branch]),
            "Fn::ImportValue": lambda name: self._assembly.export(self.value(name), self._branch),
            "Fn::Join": lambda content: str(content[0]).join(str(part) for part in self.value(content[1])),
            "Fn::Select": lambda content: self.value(content[1])[int(self.value(content[0]))],
            "Fn::Split": lambda content: str(self.value(content[1])).split(content[0]),
            "Fn::Sub": self._sub,
        }

    def value(self, node: Any) -> Any:
        """A node with every intrinsic below it replaced; what is AWS::NoValue is gone."""
        if isinstance(node, list):
            items = (self.value(item) for item in node)
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, content),) = node.items()
            if key in self._functions:
                return self._functions[key](content)
            if key.startswith("Fn::"):
                raise UnresolvableError(f"{self._stack}: no literal for {key}")
        resolved = {key: self.value(content) for key, content in node.items()}
        return {key: content for key, content in resolved.items() if content is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._template["Resources"]:
            return self._example(name, "Ref")
        try:
            parameter = self._template["Parameters"][name]
        except KeyError:
            raise UnresolvableError(f"{self._stack}: nothing is called {name}") from None
        return parameter.get("Default", name)

    def _get_att(self, content: Any) -> Any:
        name, attribute = content.split(".", 1) if isinstance(content, str) else content
        if name not in self._template["Resources"]:
            raise UnresolvableError(f"{self._stack}: no resource is called {name}")
        return self._example(name, attribute)

    def _example(self, name: str, attribute: str) -> Any:
        resource_type = self._template["Resources"][name]["Type"]
        return example(resource_type, name, attribute, region=self._assembly.region)

    def _sub(self, content: Any) -> str:
        pattern, variables = content if isinstance(content, list) else (content, {})

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in variables:
                return str(self.value(variables[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{!([^}]*)\}", r"${\1}", re.sub(r"\$\{(?!!)([^}]*)\}", replace, pattern))

    def _stack_output(self, content: Body) -> Any:
        return self._assembly.output(self.value(content["StackName"]), content["OutputName"], self._branch)

    def _find_in_map(self, content: list[Any]) -> Any:
        name, first, second = (self.value(part) for part in content[:3])
        try:
            return self._template["Mappings"][name][first][second]
        except KeyError:
            raise UnresolvableError(f"{self._stack}: the mapping {name} has no {first}.{second}") from None

    def _cidr(self, content: list[Any]) -> list[str]:
        block, count, bits = (self.value(part) for part in (*content, 8)[:3])
        network = ip_network(block)
        subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
        return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]
