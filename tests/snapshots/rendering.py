"""A template as text that people can review: YAML, references short, what says nothing left out.

Left out are CDK's bootstrap check, which is the same in every template; the tags `project` and `environment`, which
every resource has (tests/synth/test_stacks.py); and what changes with every line of code: the hashes of assets, and
those in the logical ids of function versions.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from tests.templates import Json

_ASSET = re.compile(r"\b[0-9a-f]{64}\b")
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}\b")
_RESOURCE_KEYS = ("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy")
_TAGS = {"Tags", "UserPoolTags"}
_EVERYWHERE = {"project", "environment"}


class Reference(str):
    """Text that is written with the YAML tag `tag`."""

    tag: str

    def __new__(cls, tag: str, text: str) -> Reference:
        """A reference; `tag` is the function's short form, e.g. `!Ref`."""
        made = super().__new__(cls, text)
        made.tag = tag
        return made


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(Reference, lambda dumper, data: dumper.represent_scalar(data.tag, str(data)))


def render(body: Json) -> str:
    """The text of a template; equal for templates that differ in nothing worth a review."""
    body = json.loads(_VERSION.sub(r"\1", json.dumps(body)))
    resources = body["Resources"]
    shown = {
        "Description": body.get("Description"),
        "Resources": {logical_id: _resource(resources[logical_id]) for logical_id in sorted(resources)},
        "Outputs": {name: _node(output) for name, output in sorted(body.get("Outputs", {}).items())},
    }
    known = {"Description", "Resources", "Outputs", "Parameters", "Rules"}
    shown |= {key: _node(value) for key, value in sorted(body.items()) if key not in known}
    parameters = {name: value for name, value in body.get("Parameters", {}).items() if name != "BootstrapVersion"}
    if parameters:
        shown["Parameters"] = _node(parameters)
    text: str = yaml.dump(shown, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return text


def _resource(resource: Json) -> Json:
    order = (*_RESOURCE_KEYS, *sorted(resource.keys() - set(_RESOURCE_KEYS)))
    return {key: _node(resource[key]) for key in order if key in resource}


def _node(node: Any) -> Any:
    if isinstance(node, str):
        return _ASSET.sub("<asset>", node)
    if isinstance(node, list):
        return [_node(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        [(name, argument)] = node.items()
        if (reference := _reference(name, argument)) is not None:
            return reference
    shown = {key: _node(node[key]) for key in sorted(node)}
    for key in _TAGS & shown.keys():
        shown[key] = _own_tags(shown[key])
        if not shown[key]:
            del shown[key]
    return shown


def _own_tags(tags: Any) -> Any:
    """The tags that not every resource has; CloudFormation writes them as a mapping for some types."""
    if isinstance(tags, dict):
        return {name: value for name, value in tags.items() if name not in _EVERYWHERE}
    return [tag for tag in tags if tag["Key"] not in _EVERYWHERE]


def _reference(name: str, argument: Any) -> Reference | None:
    """The short form of an intrinsic function, where it has one."""
    match name:
        case "Ref":
            return Reference("!Ref", argument)
        case "Fn::GetAtt":
            return Reference("!GetAtt", ".".join(argument))
        case "Fn::GetStackOutput":
            return Reference("!StackOutput", f"{argument['StackName']}.{argument['OutputName']}")
        case "Fn::Sub" if isinstance(argument, str):
            return Reference("!Sub", _ASSET.sub("<asset>", argument))
        case "Fn::Join" if argument[0] == "":
            parts = [part if isinstance(part, str) else _node(part) for part in argument[1]]
            if all(isinstance(part, str) for part in parts):
                text = "".join(f"${{{part}}}" if isinstance(part, Reference) else part for part in parts)
                return Reference("!Sub", _ASSET.sub("<asset>", text))
    return None
