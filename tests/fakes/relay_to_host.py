"""A relay to which every host of the world is one fickle host, and time that passes for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.fickle_host import FickleHost
from fakes.mail_sessions import listen
from fakes.running_relay import BOB, MAIL, RunningRelay, around, running
from scop.mesh.config import Smarthost

__all__ = ["arrived", "later", "relay_to", "states"]

SILENCE_SECONDS = 10.0  # for which a host is waited for, by the loop's time
ZOE = "<zoe@lagoon.test>"  # in the mailbox: mail for her wakes the relay


@asynccontextmanager
async def relay_to(host: FickleHost, state: Path, **smarthosts: str) -> AsyncIterator[RunningRelay]:
    """Run a relay to which every host of the world is this one; `smarthosts` by domain, with dots as underscores."""
    async with around() as outside, listen(host.connection) as listening:
        outside.host = listening
        named = {
            name.replace("_", "."): Smarthost(address, port=listening.port, tls="none")
            for name, address in smarthosts.items()
        }
        async with running(state, outside, reply_seconds=SILENCE_SECONDS, smarthosts=named) as relay:
            yield relay


async def later(relay: RunningRelay, seconds: float = 60.0) -> None:
    """Let time pass, and let the relay look at its clock: a mail for the mailbox wakes it."""
    relay.jump(seconds)
    earlier = len(relay.kept.of("mail.relayed", to=ZOE))
    await relay.send(ZOE, octets=MAIL + b"%d" % earlier)
    await relay.kept.until("mail.relayed", earlier + 1, to=ZOE)
    while any(ZOE == each.forward_path for each in (await relay.listed()).entries):
        pass  # it is told before it is settled


async def arrived(relay: RunningRelay, *paths: str) -> None:
    """Let time pass until these have their mail."""
    for _ in range(60):
        if all(relay.kept.of("mail.relayed", to=path) for path in paths):
            return
        await later(relay, 4000)
    raise AssertionError(f"no mail for {[path for path in paths if 'relayed' not in states(relay, path)]}")


def states(relay: RunningRelay, to: str = BOB) -> list[str]:
    """Return what became of a recipient, in order."""
    return [
        str(line["event"]).removeprefix("mail.")
        for line in relay.kept.lines
        if line.get("to") == to and str(line["event"]).startswith("mail.")
    ]
