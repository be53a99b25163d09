"""AWS::Budgets::Budget on the emulated Budgets API: kept, never reached, since nothing here costs anything."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

from typing import Any

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.casing import to_request
from local.emulator.resources.deletion import unless_gone
from local.emulator.settings import ACCOUNT


class Budget(ResourceType):
    """AWS::Budgets::Budget: Ref is its name; notifications cannot change in place."""

    type = "AWS::Budgets::Budget"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the budget with its notifications."""
        budget = _budget(properties, properties["Budget"].get("BudgetName") or place.physical_name(longest=100))
        api = client("budgets")
        shape = api.meta.service_model.operation_model("CreateBudget").input_shape
        others = {
            name: properties[name] for name in ("NotificationsWithSubscribers", "ResourceTags") if name in properties
        }
        api.create_budget(AccountId=ACCOUNT, Budget=budget, **to_request(others, shape))
        return _resource(budget["BudgetName"])

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the budget in place; another name makes another budget."""
        if new["Budget"].get("BudgetName", resource_id) != resource_id:
            created = self.create(new, place)
            self.delete(resource_id, old)
            return created
        client("budgets").update_budget(AccountId=ACCOUNT, NewBudget=_budget(new, resource_id))
        return _resource(resource_id)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Delete the budget and its notifications."""
        with unless_gone():
            client("budgets").delete_budget(AccountId=ACCOUNT, BudgetName=resource_id)


def _budget(properties: Properties, name: str) -> dict[str, Any]:
    shape = client("budgets").meta.service_model.shape_for("Budget")
    request: dict[str, Any] = to_request({**properties["Budget"], "BudgetName": name}, shape)
    return request


def _resource(name: str) -> Resource:
    return Resource(id=name, attributes={"Id": name})
