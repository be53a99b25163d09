"""The caller's AWS credentials by the standard chain, and what to say when there are none that work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from foundation_client.failure import CommandError, Exit

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from botocore.session import Session

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"}
)


def usable_credentials(session: Session, profile: str | None) -> Credentials:
    """What the chain finds: variables, profile, SSO, assumed role, container or instance. Raises CommandError."""
    try:
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise credentials_failure(error, profile) from error
    if credentials is None:
        raise CommandError(
            "There are no AWS credentials: name a profile with --profile or AWS_PROFILE, or run `aws configure sso`.",
            Exit.CREDENTIALS,
        )
    return credentials


def credentials_failure(error: BotoCoreError | ClientError, profile: str | None) -> CommandError:
    """What botocore says, as a sentence with the way out."""
    login = f"`aws sso login{f' --profile {profile}' if profile else ''}`"
    match error:
        case exceptions.ProfileNotFound():
            said = f"{str(error).rstrip('.')}: see `aws configure list-profiles`, or leave --profile out."
        case exceptions.SSOTokenLoadError() | exceptions.UnauthorizedSSOTokenError() | exceptions.TokenRetrievalError():
            said = f"Your AWS session has expired: run {login}, then try again."
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return CommandError(f"AWS cannot be reached ({error}): check network, proxy and region.", Exit.UNREACHABLE)
        case ClientError():
            said = _client_error(error, login)
        case _:
            said = (
                f"The AWS credentials do not work ({error}): try `aws sts get-caller-identity` with the same profile."
            )
    return CommandError(said, Exit.CREDENTIALS)


def _client_error(error: ClientError, login: str) -> str:
    code = error.response["Error"].get("Code", "")
    if code in _EXPIRED:
        return f"Your AWS session has expired: run {login} or get new keys, then try again."
    if code in _INVALID:
        return f"AWS does not know these credentials ({code}): check --profile and AWS_ variables; keys may be deleted."
    return f"AWS refuses ({code} at {error.operation_name}): {error.response['Error'].get('Message', '').rstrip('.')}."
