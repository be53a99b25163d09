"""Tags of everything that EKS has, so that what is described carries them as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import eks

from local.emulator.responses import Response

_ARNS = ("arn", "nodegroupArn", "addonArn", "accessEntryArn", "associationArn")


def answer(method: str, arn: str, body: Mapping[str, Any], gone: Sequence[str]) -> Response | None:
    """What TagResource, UntagResource and ListTagsForResource answer; None when EKS has nothing of that ARN.

    Args:
        method: POST, DELETE or GET.
        arn: of a cluster, node group, add-on, access entry or association.
        body: the request of TagResource.
        gone: the keys that UntagResource takes away.
    """
    record = _record(arn)
    if record is None:
        return None
    told: dict[str, Any] = {}
    if method == "POST":
        record["tags"] = {**record["tags"], **body.get("tags", {})}
    elif method == "DELETE":
        record["tags"] = {key: value for key, value in record["tags"].items() if key not in gone}
    else:
        told = {"tags": record["tags"]}
    eks._tags[arn] = record["tags"]
    response: Response = eks._json_resp(200, told)
    return response


def _record(arn: str) -> dict[str, Any] | None:
    stores = (eks._clusters, eks._nodegroups, eks._addons, eks._access_entries, eks._pod_identity_associations)
    records = (record for store in stores for record in store.values())
    return next((record for record in records if arn in (record.get(name) for name in _ARNS)), None)
