"""The schemas of a Kubernetes version, from the package `kubernetes-validate`, and checks against them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tests.kubernetes.custom_resources import SCHEMAS

VERSION = "1.36"

Json = dict[str, Any]

__all__ = ["VERSION", "ValidationError", "definitions", "validate"]


@cache
def definitions(*, strict: bool) -> Json:
    """All types of the version by name; strict ones refuse fields that they do not have."""
    folder = (
        files("kubernetes_validate") / "kubernetes-json-schema" / f"v{VERSION}.0-local{'-strict' if strict else ''}"
    )
    found: Json = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    return found


def validate(manifest: Json) -> None:
    """Whether the API of the version, or EKS' own kinds, would take `manifest` with nothing unknown in it.

    Raises ValidationError when not.
    """
    _validator(manifest["apiVersion"], manifest["kind"]).validate(manifest)


@cache
def _validator(api_version: str, kind: str) -> Draft202012Validator:
    """Made once a kind: `kubernetes_validate.validate` reads all types anew for each manifest."""
    types = definitions(strict=True)
    schema = SCHEMAS.get((api_version, kind))
    if schema is None:
        group, _, version = api_version.rpartition("/")
        wanted = {"group": group, "version": version, "kind": kind}
        [name] = [name for name, one in types.items() if wanted in one.get("x-kubernetes-group-version-kind", [])]
        schema = {"$ref": f"#/$defs/{name}"}
    return Draft202012Validator({**schema, "$defs": types})
