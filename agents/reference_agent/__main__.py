"""`python -m reference_agent`: the process of a pod."""

from __future__ import annotations

import os
import sys

from gateway_agent.errors import AgentError
from reference_agent import logs, telemetry
from reference_agent.settings import Settings


def main() -> int:
    """Run until told to end; gives the exit code."""
    try:
        settings = Settings.from_environment(os.environ)
        logs.configure(tenant=settings.tenant, agent=settings.agent)
        flush = telemetry.start(settings)
        _serve(settings)
    except AgentError as error:
        print(error, file=sys.stderr)
        return 1
    flush()
    return 0


def _serve(settings: Settings) -> None:
    # Strands reads the environment when it is imported, so telemetry comes first.
    from gateway_agent.aws import GatewayAddress, token_source  # noqa: PLC0415
    from gateway_agent.models import model_from  # noqa: PLC0415
    from reference_agent.answering import Answerer  # noqa: PLC0415
    from reference_agent.readiness import Readiness  # noqa: PLC0415
    from reference_agent.server import serve  # noqa: PLC0415
    from reference_agent.service import Work, make  # noqa: PLC0415

    answerer = Answerer(
        settings,
        tokens=token_source(settings.secret_id),
        address=GatewayAddress(settings.gateway_url_parameter),
        model=model_from(os.environ),
    )
    work = Work(settings.concurrent_questions)
    serve(make(answerer.answer, readiness=Readiness(answerer.list_tools), work=work), settings, work)


if __name__ == "__main__":
    sys.exit(main())
