"""The snapshot files beside this module: what the templates looked like when somebody last reviewed them."""

import json
from pathlib import Path

from tests.assemblies import ENVIRONMENTS
from tests.snapshots.rendering import render
from tests.templates import template, units

FOLDER = Path(__file__).parent
LOGICAL_IDS = FOLDER / "logical_ids.json"

DATA_BEARING = (
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EKS::Cluster",
    "AWS::KMS::Key",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
)
"""Types whose replacement loses data, or an identity that others hold."""

Locked = dict[str, dict[str, str]]
"""Stack to logical id to type."""


def file_of(environment: str, unit: str) -> Path:
    """Where the snapshot of a stack's template is kept."""
    return FOLDER / environment / f"{unit}.yaml"


def current() -> dict[Path, str]:
    """The snapshot files as they would have to be now, by path."""
    return {
        file_of(environment, unit): render(template(environment, unit).body)
        for environment in ENVIRONMENTS
        for unit in units(environment)
    }


def locked() -> Locked:
    """The logical ids that must never change."""
    ids: Locked = json.loads(LOGICAL_IDS.read_text(encoding="utf-8")) if LOGICAL_IDS.exists() else {}
    return ids


def data_bearing() -> Locked:
    """The logical ids of data-bearing resources as they are now."""
    stacks = (template(environment, unit) for environment in ENVIRONMENTS for unit in units(environment))
    return {
        stack.name: {
            logical_id: resource["Type"]
            for logical_id, resource in sorted(stack.resources.items())
            if resource["Type"] in DATA_BEARING
        }
        for stack in stacks
    }
