"""`python -m local.gateway`: serve every gateway that is deployed to the emulated AWS, each at its own URL."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from local.gateway.aws import EmulatedAws
from local.gateway.keys import provider_client
from local.gateway.outbound import Outbound
from local.gateway.request_log import configure_logging
from local.gateway.supervisor import Supervisor


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.gateway", description=__doc__)
    parser.add_argument("--control-endpoint", required=True, help="the emulated AWS, such as http://127.0.0.1:4566")
    parser.add_argument(
        "--edge", required=True, help="the proxy to identity providers and services, such as http://127.0.0.1:4567"
    )
    parser.add_argument("--ca", required=True, type=Path, help="the certificate authority of the edge, a PEM file")
    parser.add_argument("--region", required=True, help="the region of the emulated AWS, such as us-east-1")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    aws = EmulatedAws(endpoint_url=arguments.control_endpoint, region=arguments.region)
    outbound = Outbound(edge_url=arguments.edge, ca_file=arguments.ca)
    async with provider_client(edge_url=arguments.edge, ca_file=arguments.ca) as http:
        await Supervisor(aws=aws, http=http, outbound=outbound).run(stop)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    arguments = _arguments()
    configure_logging()
    asyncio.run(_serve(arguments))


if __name__ == "__main__":
    main()
