"""Rate limits of gateways: CreateGatewayRateLimit and its kin.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html (quotas and errors),
…/gateway-rate-limits-dimensions.html (the default value `*`) and …/gateway-rate-limits-metrics.html (periods). The
local gateway applies them; a change takes effect at once here and within 30 seconds on AWS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.errors import ApiError, conflict, invalid
from local.emulator.agentcore.gateways import Gateways

_MOST_LIMITS = 50
_PERIODS = {"requests": ("second", "minute"), "tokens": ("minute",), "connections": ("second",)}
_ANY = "*"


class RateLimits:
    """The rate limits of every gateway."""

    def __init__(self, gateways: Gateways) -> None:
        """Rate limits live and end with their gateway."""
        self._gateways = gateways

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreateGatewayRateLimit."""
        limits = self._of(request)
        record = _record(request, limits)
        limits.put(record["rateLimitId"], record)
        return {**record, "status": "CREATING"}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetGatewayRateLimit."""
        return self._of(request).get(request["rateLimitId"])

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListGatewayRateLimits."""
        return self._of(request).page(request, called="rateLimits")

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdateGatewayRateLimit: the entries and the description; the dimension keys cannot change."""
        limits = self._of(request)
        record = _changed(limits.get(request["rateLimitId"]), request)
        limits.put(record["rateLimitId"], record)
        return {**record, "status": "UPDATING"}

    def put_all(self, request: Mapping[str, Any]) -> Record:
        """BatchPutGatewayRateLimits: change those whose keys exist, create the others; all of them or none."""
        limits = self._of(request)
        draft = limits.copy()
        answers = []
        for wanted in request["rateLimits"]:
            asked = {**wanted, "gatewayIdentifier": request["gatewayIdentifier"]}
            existing = _same_keys(draft, wanted["dimensionKeys"])
            if existing is not None and wanted.get("rateLimitId", existing["rateLimitId"]) != existing["rateLimitId"]:
                raise _taken(existing)
            record = _changed(existing, asked) if existing else _record(asked, draft)
            draft.put(record["rateLimitId"], record)
            answers.append({**record, "status": "UPDATING" if existing else "CREATING"})
        for record in draft:
            limits.put(record["rateLimitId"], record)
        return {"rateLimits": answers}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteGatewayRateLimit."""
        limits = self._of(request)
        record = limits.get(request["rateLimitId"])
        limits.remove(record["rateLimitId"])
        return {**record, "status": "DELETING"}

    def _of(self, request: Mapping[str, Any]) -> Collection:
        return self._gateways.rate_limits(request["gatewayIdentifier"])


def _record(request: Mapping[str, Any], limits: Collection) -> Record:
    """A new rate limit among `limits`."""
    keys = request["dimensionKeys"]
    rate_limit_id = request.get("rateLimitId", f"rl-{new_suffix()}")
    if len(limits) >= _MOST_LIMITS:
        raise ApiError("ServiceQuotaExceededException", f"A gateway has at most {_MOST_LIMITS} rate limits")
    if len(set(keys)) < len(keys):
        raise invalid(f"Dimension keys are named more than once: {', '.join(keys)}")
    if existing := _same_keys(limits, keys):
        raise _taken(existing)
    if rate_limit_id in limits:
        raise conflict(f"A rate limit with ID {rate_limit_id} already exists")
    _check_entries(keys, request["entries"])
    description = {"description": request["description"]} if "description" in request else {}
    return {
        **description,
        "rateLimitId": rate_limit_id,
        "gatewayIdentifier": request["gatewayIdentifier"],
        "dimensionKeys": list(keys),
        "entries": list(request["entries"]),
        "status": "ACTIVE",
        "createdAt": now(),
        "updatedAt": now(),
    }


def _changed(record: Record, request: Mapping[str, Any]) -> Record:
    _check_entries(record["dimensionKeys"], request["entries"])
    changes = {name: request[name] for name in ("description", "entries") if name in request}
    return {**record, **changes, "updatedAt": now()}


def _same_keys(limits: Collection, keys: Sequence[str]) -> Record | None:
    return next((limit for limit in limits if set(limit["dimensionKeys"]) == set(keys)), None)


def _taken(existing: Record) -> ApiError:
    keys = ", ".join(existing["dimensionKeys"])
    return conflict(f"A rate limit with the same dimension keys already exists: {existing['rateLimitId']} ({keys})")


def _check_entries(keys: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> None:
    problems = [problem for entry in entries for problem in _entry_problems(keys, entry)]
    times = Counter(tuple(str(entry["dimensions"].get(key)) for key in keys) for entry in entries)
    problems += [f"{', '.join(values)} has more than one entry" for values, number in times.items() if number > 1]
    if problems:
        raise invalid("; ".join(problems))


def _entry_problems(keys: Sequence[str], entry: Mapping[str, Any]) -> Iterator[str]:
    dimensions = entry["dimensions"]
    if dimensions.keys() != set(keys):
        yield f"The dimensions of an entry must be {', '.join(keys)}, not {', '.join(sorted(dimensions))}"
        return
    values = [dimensions[key] for key in keys]
    if _ANY in values and any(value != _ANY for value in values[values.index(_ANY) :]):
        yield f"{_ANY} may only stand in trailing positions, not as in {', '.join(values)}"
    metrics = [metric for metric in _PERIODS if metric in entry]
    if not metrics:
        yield f"The entry for {', '.join(values)} has none of {', '.join(_PERIODS)}"
    for metric in metrics:
        for rate in entry[metric]:
            if rate["period"] not in _PERIODS[metric]:
                yield f"{metric} may have the period {' or '.join(_PERIODS[metric])} only, not {rate['period']}"
