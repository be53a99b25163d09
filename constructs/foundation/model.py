"""How an agent reaches its model, as plain data: the same for a function's variables, a pod's and for IAM."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelAccess:
    """A model and how it is reached.

    Attributes:
        model: the foundation model's id.
        profile: prefix of the inference profile, a key of `foundation.inference_profiles.DESTINATIONS` or `GLOBAL`;
            None to call the model in the stack's own region.
        guardrail_id: the guardrail on it, in the stack's account and region; None for none.
        guardrail_version: the guardrail's version.
    """

    model: str
    profile: str | None = None
    guardrail_id: str | None = None
    guardrail_version: str | None = None

    @property
    def model_id(self) -> str:
        """What Converse takes as modelId: of the inference profile where there is one."""
        return f"{self.profile}.{self.model}" if self.profile else self.model

    def variables(self) -> dict[str, str]:
        """The environment variables that `gateway_agent.models.model_from` reads."""
        guardrail = {
            "FOUNDATION_GUARDRAIL_ID": self.guardrail_id,
            "FOUNDATION_GUARDRAIL_VERSION": self.guardrail_version,
        }
        return {"FOUNDATION_MODEL_ID": self.model_id} | {name: value for name, value in guardrail.items() if value}
