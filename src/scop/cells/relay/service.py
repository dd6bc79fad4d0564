"""The relay's process: SMTP from the signer, calls from the operator, a carrier beside them."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from scop.base import Clock
from scop.cells.relay.carrier import Carrier, CarrierOptions
from scop.cells.relay.delivery import Delivery, DeliveryOptions
from scop.cells.relay.departures import Ask, DepartureOptions, Departures
from scop.cells.relay.hops import Hops
from scop.cells.relay.intake_forwards import Forwards, load_or_make_secret
from scop.cells.relay.letters import SIGNER
from scop.cells.relay.management import Management
from scop.cells.relay.notices import Notices
from scop.cells.relay.post import Post, PostOptions
from scop.cells.relay.post_office import PostOffice
from scop.cells.relay.queue import Queue
from scop.cells.relay.route import Ourselves
from scop.cells.relay.schedule import DAY_SECONDS, HOUR_SECONDS, Patience
from scop.cells.relay.session import Desk, Intake
from scop.cells.relay.smarthost_passwords import read_passwords
from scop.cells.relay.tls_telling import Tell
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.config import Config, Relay
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.relay import ReadTlsResults
from scop.net.dns_client import Names, StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.net.trust import web_trust
from scop.smtp import ServerOptions

__all__ = ["RelayOptions", "options_of", "run", "seen_as"]

GRACE_SECONDS = 5.0  # for deliveries that are underway when the cell is asked to end


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Everything the relay needs."""

    domain: str
    state: Path
    inlet: Inlet
    names: Names
    mailbox: MailPool
    signer: MailPool
    post: PostOptions  # its name is our mail host's
    speech: ServerOptions
    log: Log
    clock: Clock
    life: Life
    keeper: Ask  # who may send as whom
    seen_as: tuple[str, ...] = ()  # from where the world sees our mail come; none: from our mail host's addresses
    relay: Relay = field(default_factory=Relay)  # how mail leaves
    tell: Tell | None = None  # who is told how TLS went


def options_of(cell: Cell) -> RelayOptions:
    """Return the options of a relay in the mesh."""
    config = cell.config
    hostname = config.mail_host
    return RelayOptions(
        domain=config.domain,
        state=cell.state,
        inlet=cell.inlet,
        names=StreamNames(cell.dial("resolver")),
        mailbox=cell.mail_pool("mailbox"),
        signer=cell.mail_pool("signer"),
        post=PostOptions(
            name=hostname,
            port=config.world.smtp_port,
            source=config.network.address,
            trust=_trust(config.world.certificate_authorities),
            https_port=config.world.https_port,
            passwords=read_passwords(config.relay.smarthosts.values()),
        ),
        speech=ServerOptions(
            hostname=hostname,
            trusted=True,
            max_message_octets=config.limits.inner_message_octets,
            max_recipients=config.limits.recipients,
        ),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        keeper=cell.caller("keeper").call,
        seen_as=seen_as(config),
        relay=config.relay,
        tell=cell.caller("reporter").call if config.reports.tls else None,
    )


def seen_as(config: Config) -> tuple[str, ...]:
    """Return the addresses from one of which the world sees our mail come; none where that is the system's choice."""
    source, published = config.network.address, config.publish.addresses
    if config.relay.seen_as:
        return config.relay.seen_as
    if ipaddress.ip_address(source).is_unspecified:
        return published
    if source in published or not published:
        return (source,)
    # Behind NAT, which keeps the family: a source reaches hosts of its own only.
    return tuple(each for each in published if (":" in each) == (":" in source)) or published


def _trust(authorities: str) -> ssl.SSLContext:
    try:
        return web_trust(authorities)
    except ssl.SSLError:
        raise ValueError(f"[world] certificate_authorities {authorities}: it is no PEM") from None
    except OSError as fault:
        raise ValueError(f"[world] certificate_authorities {authorities}: {fault.strerror}") from None


async def run(options: RelayOptions) -> None:
    """Take and carry mail until asked to end; what is underway is finished, what waits is on the disk."""
    hostname = options.post.name
    queue = Queue(options.state, options.log)
    office = PostOffice(options.post, options.state, options.names, options.log, options.clock, options.tell)
    forwards = Forwards(options.domain, load_or_make_secret(options.state), queue, options.clock)
    carrier = Carrier(queue, _carrier_options(options, office.post, forwards))
    desk = Desk(
        hostname=hostname,
        domain=options.domain,
        queue=queue,
        wake=carrier.wake,
        forwards=forwards,
        reserve_octets=options.relay.reserve_octets,
        clock=options.clock,
        log=options.log,
    )

    notices = Notices(hostname, options.domain)
    management = Management(queue, notices, carrier.wake, carrier.retry, options.clock, options.log)

    def take_mail(peer: Peer) -> MailServer:
        return MailServer(options.speech, lambda _peer: Intake(desk), peer=peer, on_fault=options.log.fault)

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, {**management.answers(), ReadTlsResults: office.tls_results}, options.log)

    sweeping = asyncio.ensure_future(queue.sweep())
    await options.inlet.serve({PipeProtocol.SMTP: take_mail, PipeProtocol.CALL: answer_calls})
    carrying = asyncio.ensure_future(carrier.run())
    options.life.ready()
    stopping = asyncio.ensure_future(options.life.stopped())
    await asyncio.wait({carrying, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await options.inlet.close()
    await _end(carrying)
    await _end(sweeping)
    await carrier.drain(GRACE_SECONDS)
    await office.close()
    await queue.close()


def _departures(options: RelayOptions, hops: Hops, forwards: Forwards) -> Departures | None:
    if not options.relay.check_departures:
        return None
    return Departures(
        DepartureOptions(
            hostname=options.post.name,
            addresses=options.seen_as,
            hops=hops,
            forwards=forwards,
            names=options.names,
            keeper=options.keeper,
            clock=options.clock,
        )
    )


def _carrier_options(options: RelayOptions, post: Post, forwards: Forwards) -> CarrierOptions:
    hostname, domain, relay = options.post.name, options.domain, options.relay
    hops = Hops(relay.smarthosts, inside=frozenset({domain, SIGNER}))
    delivery = DeliveryOptions(
        domain=domain,
        ourselves=Ourselves(frozenset({hostname.lower()}), options.post.source),
        hops=hops,
        forwards=forwards,
        names=options.names,
        mailbox=options.mailbox,
        signer=options.signer,
        post=post,
        clock=options.clock,
    )
    return CarrierOptions(
        domain=domain,
        delivery=Delivery(delivery),
        departures=_departures(options, hops, forwards),
        hops=hops,
        notices=Notices(hostname, domain),
        patience=Patience(relay.give_up_days * DAY_SECONDS, relay.delay_notice_hours * HOUR_SECONDS),
        log=options.log,
        clock=options.clock,
    )


async def _end(running: asyncio.Task[None]) -> None:
    """Stop what runs beside us; a fault of it goes on to whoever watches us."""
    if running.done():
        running.result()
    running.cancel()
    await asyncio.wait({running})
