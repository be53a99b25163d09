"""PutSecretValue and GetSecretValue where ministack differs from AWS.

A token that is used again must carry the same value, a staging label is on one version only, and a version without
a value has none to give (docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import secretsmanager

from local.emulator.patching import replace
from local.emulator.responses import Response, refusal

_put_original = secretsmanager._put_secret_value
_get_original = secretsmanager._get_secret_value


def install() -> None:
    """Replace both operations."""
    replace(_put_original, put_secret_value)
    replace(_get_original, get_secret_value)


def put_secret_value(data: Mapping[str, Any]) -> Response:
    """The PutSecretValue operation: idempotent per ClientRequestToken, labels move."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if not secret or secret.get("DeletedDate"):
        return _answer(_put_original(data))
    token = data.get("ClientRequestToken")
    stages = set(data.get("VersionStages") or ["AWSCURRENT"])
    existing = secret["Versions"].get(token)
    if existing and _has_value(existing) and not _same_value(existing, data):
        return refusal(
            "ResourceExistsException",
            f"You can't use ClientRequestToken {token} because that value is already in use for a version "
            f"of secret {secret['ARN']}.",
        )
    labels = (stages | set(existing["Stages"] if existing else ())) - {"AWSCURRENT"}
    current = ["AWSCURRENT"] if "AWSCURRENT" in stages else []
    status, headers, body = _put_original({**data, "VersionStages": current})
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    for label in labels:
        secretsmanager._remove_stage_everywhere(secret, label)
        secretsmanager._add_stage(secret, answer["VersionId"], label)
    answer["VersionStages"] = list(secret["Versions"][answer["VersionId"]]["Stages"])
    return status, headers, json.dumps(answer).encode()


def get_secret_value(data: Mapping[str, Any]) -> Response:
    """The GetSecretValue operation: a version that rotation has not filled yet is not found."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if secret and not secret.get("DeletedDate"):
        stage = data.get("VersionStage", "AWSCURRENT")
        wanted = data.get("VersionId")
        version = secret["Versions"].get(wanted) if wanted else secretsmanager._find_stage_version(secret, stage)[1]
        if version and not _has_value(version):
            what = f"VersionId: {wanted}" if wanted else f"staging label: {stage}"
            return refusal(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for {what}",
            )
    return _answer(_get_original(data))


def _has_value(version: Mapping[str, Any]) -> bool:
    return version.get("SecretString") is not None or version.get("SecretBinary") is not None


def _same_value(version: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return all(version.get(member) == data.get(member) for member in ("SecretString", "SecretBinary"))


def _answer(response: Any) -> Response:
    status, headers, body = response
    return status, headers, body
