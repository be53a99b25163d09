"""The platform on this machine: brought up, found again, taken down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from local.agent import Account
from local.console import Console
from local.conversation import converse
from local.demonstration import demonstrate, put_example_object
from local.deployment import ENVIRONMENT, Deployment
from local.emulator.settings import ACCOUNT
from local.failure import LocalRunError
from local.installation import check_setup
from local.layout import Layout, Ports
from local.people import admit
from local.processes import only_one
from local.record import Record
from local.services import EmulatedAws, Gateway
from local.stand_ins import StandIns


@dataclass(frozen=True)
class Platform:
    """The parts of one platform, from its state folder and its ports."""

    layout: Layout
    ports: Ports

    @property
    def aws(self) -> EmulatedAws:
        """The emulated AWS's process."""
        return EmulatedAws(layout=self.layout, ports=self.ports)

    @property
    def gateway(self) -> Gateway:
        """The gateway's process."""
        return Gateway(layout=self.layout, ports=self.ports)

    @property
    def account(self) -> Account:
        """The emulated account."""
        return Account(layout=self.layout, ports=self.ports)

    @property
    def deployment(self) -> Deployment:
        """What is deployed to it."""
        return Deployment(layout=self.layout, ports=self.ports)

    @property
    def client_configuration(self) -> dict[str, object]:
        """What an MCP client's configuration file takes; the token comes from its environment."""
        server = {
            "type": "http",
            "url": self.account.gateway_url(),
            "headers": {"Authorization": "Bearer ${FOUNDATION_TOKEN}"},
        }
        return {"mcpServers": {f"foundation-{ENVIRONMENT}": server}}


def running(layout: Layout) -> Platform:
    """The platform that runs from this state folder; raises LocalRunError when none does."""
    record = Record.read(layout)
    platform = record and Platform(layout, record.ports)
    if not platform or not platform.aws.is_healthy():
        raise LocalRunError("The platform does not run: start it with `make local`.")
    return platform


def up(layout: Layout, ports: Ports, console: Console) -> Platform:
    """Bring the platform to the state of the sources, whatever state it is in, and show it at work.

    When it does not come to its end, a platform that it started is stopped again; one that it found stays, with
    whatever was started beside it. Raises LocalRunError.
    """
    check_setup()
    stand_ins = StandIns.read(layout)
    layout.create()
    with only_one(layout.state):
        platform = Platform(layout, ports)
        found = _find(platform, console)
        try:
            if not found:
                console.step("Starting the emulated AWS in a Python environment of its own")
                platform.aws.start()
                Record(ports=platform.ports).write(layout)
            stand_ins.put(layout, platform.account)
            _deploy(platform, console)
            _serve(platform, console)
            _show(platform, console)
        except BaseException:
            if not found:
                _stop(platform)
                layout.record.unlink(missing_ok=True)
            raise
    return platform


def down(layout: Layout, console: Console) -> None:
    """Stop the platform and remove its state; the emulator's environment stays, which is costly to make."""
    if not layout.state.is_dir():
        console.say("Nothing was running.")
        return
    with only_one(layout.state):
        stopped = _stop(Platform(layout, Ports()))
        layout.remove()
    for name in stopped:
        console.say(f"Stopped the {name}.")
    console.say(f"Removed its state from {layout.shown(layout.state)}." if stopped else "Nothing was running.")


def _find(platform: Platform, console: Console) -> bool:
    """Whether the emulated AWS runs; when not, clear away what is left of one that has ended."""
    record = Record.read(platform.layout)
    runs = platform.aws.daemon.pid() is not None
    if record and runs and record.ports != platform.ports:
        raise LocalRunError(f"The platform runs with {record.ports}: unset these, or stop it with `make local-down`.")
    if record and platform.aws.is_healthy():
        console.step("Found the emulated AWS running")
        return True
    if _stop(platform) or record:
        console.step("Cleared away a platform whose emulated AWS had ended; its state was in memory")
    platform.layout.record.unlink(missing_ok=True)
    return False


def _deploy(platform: Platform, console: Console) -> None:
    """Deploy what is not deployed yet.

    The record says so only when a deployment has come to its end: one that was cut off is done again, bootstrap
    included.
    """
    deployment, record = platform.deployment, Record.read(platform.layout)
    earlier, fingerprint = record and record.deployed, deployment.fingerprint()
    if earlier == fingerprint:
        console.step("The sources are as deployed")
        return
    console.step(f"Synthesizing {ENVIRONMENT} with its policy checks")
    with deployment.synthesis() as synthesis:
        if earlier is None:
            console.step(f"Bootstrapping account {ACCOUNT} meanwhile")
            deployment.bootstrap()
        synthesis.finish()
    Record(ports=platform.ports).write(platform.layout)
    console.step(f"Deploying {ENVIRONMENT}")
    deployment.deploy(on_stack=console.detail)
    Record(ports=platform.ports, deployed=fingerprint).write(platform.layout)


def _serve(platform: Platform, console: Console) -> None:
    """Wait for the agents' secrets and start the gateway when it does not run."""
    console.step("Waiting for the agents' first secrets")
    platform.account.wait_for_credentials(platform.account.agents())
    url = platform.account.gateway_url()
    if platform.gateway.is_healthy(url):
        return
    platform.gateway.daemon.stop()
    console.step("Starting the local gateway")
    platform.gateway.start(url)


def _show(platform: Platform, console: Console) -> None:
    agent = platform.account.first_agent()
    put_example_object(platform.account)
    console.step(f"Acting as the agent {agent}")
    asyncio.run(demonstrate(platform.account, agent, console))
    if (talks := admit(platform.account, platform.layout, platform.ports)) is not None:
        console.step(f"Talking to the agent {talks} as a person would")
        converse(platform.layout, talks, console)


def _stop(platform: Platform) -> list[str]:
    """Stop both processes; the names of those that ran."""
    daemons = (platform.gateway.daemon, platform.aws.daemon)
    return [daemon.name for daemon in daemons if daemon.stop()]
