"""Why an agent cannot work: each error is one sentence for an operator, and none holds a secret or a token."""

NOT_SENT = "not_sent"
"""Reason (`answers.Refusal`) of a call that the gateway has not got, or turned away at its door: it did not run."""
NO_ANSWER = "no_answer"
"""Reason of a call whose answer got lost: whether it ran is not known."""


class AgentError(Exception):
    """Base of the errors of this package; its text is one sentence that may be logged."""


class SecretError(AgentError):
    """The agent's secret cannot be read, or does not hold what the rotation writes."""


class SecretWaitingError(SecretError):
    """The secret waits for its first rotation, which starts with it and takes seconds."""


class TokenRefusedError(AgentError):
    """The token endpoint refused the client, with the secret read anew too."""


class TokenUnavailableError(AgentError):
    """The token endpoint gave no answer that counts, after all attempts."""


class GatewayAddressError(AgentError):
    """Where the gateway is cannot be read."""


class SettingsError(AgentError):
    """A variable of the environment is missing or cannot be used; the message names it, its value and the way out."""


class ModelSettingsError(SettingsError):
    """The settings name no model that can be used here."""
