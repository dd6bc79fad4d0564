"""The primary's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
import ipaddress
import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from scop.base import Clock
from scop.cells.primary.calls import ZoneDesk
from scop.cells.primary.history import GitHistory
from scop.cells.primary.holdings import Change, Edit, History, Holdings, Signing, Unsigned
from scop.cells.primary.journals import Journals
from scop.cells.primary.key_desk import KeyDesk
from scop.cells.primary.key_files import check_keys
from scop.cells.primary.key_watch import KeyWatch
from scop.cells.primary.keyring import KEYS_FILE, Keyring
from scop.cells.primary.list_zone import LIST_KEY, delegation_kept, list_grant, with_list_zone
from scop.cells.primary.listeners import neighbour_stream, public_face
from scop.cells.primary.name_server import NameServer, Rights
from scop.cells.primary.notifying import Notifier, Target
from scop.cells.primary.remote import Companion, remote_of
from scop.cells.primary.repeats import Outcomes
from scop.cells.primary.secondary import Secondaries, SecondaryZone
from scop.cells.primary.signing import ZoneSigner, signing_options
from scop.cells.primary.site import WRITTEN_BY, plan_grants, read_key
from scop.dns.tsig_keys import TsigKey
from scop.dns.zone.answer import Zones
from scop.dns.zone.difference import Merged
from scop.dns.zone.grants import Grant
from scop.dns.zone.master_file import load_all_types
from scop.dns.zone.rates import LOOPBACK, RateOptions
from scop.mesh.calls import Answers, CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Handlers, Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import read_tsig_key
from scop.net.dns_client import Names, StreamNames
from scop.net.dns_exchange import exchange_datagram
from scop.net.dns_public import PublicSockets, StreamBounds
from scop.net.dns_tls import dot_context
from scop.net.log import Log
from scop.net.peer import Peer
from scop.store import Remote

__all__ = ["PrimaryOptions", "options_of", "run"]

JOURNALS_FOLDER = "journals"
OUTCOMES_FILE = "updates"
DRAIN_SECONDS = 5.0  # for answers that wait, an UPDATE's for the disk


@dataclass(frozen=True, slots=True)
class PrimaryOptions:
    """Everything the primary needs; without an inlet nobody can change its zones."""

    zones: Zones  # as they are written, without signatures of ours
    history: History  # where changed zones are stored
    sockets: PublicSockets
    log: Log
    clock: Clock
    life: Life
    inlet: Inlet | None = None
    rights: Rights = field(default_factory=Rights)
    signing: Signing = field(default_factory=Unsigned)
    names: Names | None = None  # where the parent's DS is seen, which a roll of keys waits for
    state: Path | None = None  # where journals lie, and the outcomes of UPDATEs; without it they end with us
    notify: tuple[Target, ...] = ()  # who is told of new versions
    secondaries: tuple[SecondaryZone, ...] = ()  # zones that others keep and we show too
    remote: Remote | None = None  # the other home of the history; needs `state`
    bounds: StreamBounds = field(default_factory=StreamBounds)  # of public streams
    rates: RateOptions = field(default_factory=RateOptions)  # of public datagrams
    always: Edit = lambda zone: zone  # what every version of a zone has, whoever wrote it

    def __post_init__(self) -> None:
        """Raise `ValueError` where a zone would come from two places."""
        origins = [*self.zones.by_origin, *(zone.origin for zone in self.secondaries)]
        for origin, times in Counter(origins).items():
            if times > 1:
                raise ValueError(f"zone {origin or '.'} is named twice: it is kept here, or fetched from one primary")


def options_of(cell: Cell) -> PrimaryOptions:
    """Read zones and key; raises `ValueError` that names the file which is missing or wrong."""
    # dnspython imports a record type at its first sight; once confined, nothing shall be imported any more.
    load_all_types()
    history = GitHistory(cell.state, passing=cell.config.list_zone)
    config = cell.config.primary
    keyring = _keyring(cell)
    rights = _with_own_keys(cell, keyring.rights(config.allow_update, config.transfer_keys))
    zones = history.take_in_folder(cell.state, wanted=cell.config.domain, tell=partial(_tell, cell))
    zones = with_list_zone(zones, cell.config, history, partial(_tell_undelegated, cell))
    check_keys(cell.state, (zone.origin for zone in zones))
    return PrimaryOptions(
        zones=Zones.of(zones),
        history=history,
        sockets=_sockets(cell),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        inlet=cell.inlet,
        rights=rights,
        state=cell.state,
        notify=keyring.targets(config.notify, config.transfer_keys),
        secondaries=tuple(map(keyring.secondary, config.secondary)),
        remote=remote_of(config.remote, cell.state) if config.remote else None,
        signing=ZoneSigner(cell.state, signing_options(config), cell.log, partial(operator.ne, cell.config.list_zone)),
        names=StreamNames(cell.dial("resolver")),
        bounds=StreamBounds(max_streams=cell.config.limits.connections),
        always=delegation_kept(cell.config),
        rates=_rates(cell),
    )


def _sockets(cell: Cell) -> PublicSockets:
    """Take the listeners, and the certificate that mail's clients see too; raises `OSError`."""
    plain, tls = cell.listeners, cell.config.tls
    context = dot_context(tls.certificate, tls.key)
    return PublicSockets([plain["dns/udp"]], [plain["dns/tcp"]], [plain["dot/tcp"]], context)


def _tell(cell: Cell, file: str, merged: Merged) -> None:
    """Log what of an edit by hand had to yield to updates of the meantime."""
    for owner, type_ in merged.conflicts:
        reason = f"{owner} {type_}: changed by UPDATE and in {file}; the update stays"
        cell.log.warning("zone.conflict", zone=merged.zone.origin, reason=reason)


def _tell_undelegated(cell: Cell, reason: str) -> None:
    cell.log.warning("zone.undelegated", zone=cell.config.list_zone, reason=reason)


def _with_own_keys(cell: Cell, rights: Rights) -> Rights:
    """Add the keys that are good on pipes only: the signer's, for DKIM keys, and those of the plan."""
    signer = read_tsig_key(cell.state)
    grants = [Grant(signer.name, f"*._domainkey.{cell.config.domain}", frozenset({"TXT"})), *rights.grants]
    pipe_keys = [signer]
    for file, purposes in WRITTEN_BY.items():
        if (key := read_key(cell.state / file)) is not None:
            pipe_keys.append(key)
            grants += plan_grants(cell.config, key.name, purposes)
    list_zone, fetched = cell.config.list_zone, dict(rights.own_zones)
    if list_zone:
        receiver = _list_key(cell)
        pipe_keys.append(receiver)
        grants.append(list_grant(receiver.name, list_zone))
        fetched[receiver.name] = list_zone  # so that it sees what stands there after either of us was away
    both = {key.name for key in rights.keys} & {key.name for key in pipe_keys}
    if both:  # in public it would open what it opens on the pipe
        raise ValueError(f"{cell.state / KEYS_FILE}: {min(both)} is a key of ours, which is good on pipes only")
    return replace(rights, grants=tuple(grants), pipe_keys=tuple(pipe_keys), own_zones=fetched)


def _list_key(cell: Cell) -> TsigKey:
    key = read_key(cell.state / LIST_KEY)
    if key is None:
        raise ValueError(f"{cell.state / LIST_KEY} is missing: copy its twin, the receiver's tsig.key")
    return key


def _rates(cell: Cell) -> RateOptions:
    """Limit what anybody is told but our own networks, from which nobody outside can seem to ask."""
    ours = (ipaddress.ip_network(network) for network in cell.config.network.own_networks)
    return RateOptions(exempt=(*LOOPBACK, *ours))


def _keyring(cell: Cell) -> Keyring:
    """Read the keys beside the signer's, where there are any."""
    file = cell.state / KEYS_FILE
    return Keyring.read([file] if file.is_file() else [], cell.config.world.dns_port)


async def run(options: PrimaryOptions) -> None:
    """Answer until asked to end; an UPDATE that is being written is finished first."""
    zones, identity = options.zones.by_origin.values(), options.zones.identity
    holdings = Holdings(
        zones, options.history, options.signing, options.clock.unix, identity=identity, always=options.always
    )
    watch = _key_watch(options, holdings)
    followers = _followers(options, holdings)
    async with asyncio.TaskGroup() as tasks:  # a bug in one of them ends the cell, which is started anew
        works = [
            followers.secondaries.run(),
            *(each.run() for each in (watch, followers.companion) if each is not None),
        ]
        running = [tasks.create_task(work) for work in works]
        await _serve(options, holdings, watch, followers)
        for task in running:
            task.cancel()
    await holdings.drained()


async def _serve(options: PrimaryOptions, holdings: Holdings, watch: KeyWatch | None, followers: _Followers) -> None:
    now_unix = _whole_seconds(options.clock)
    outcomes = Outcomes(options.state and options.state / OUTCOMES_FILE, now_unix)
    server = NameServer(
        holdings, options.rights, options.log, options.clock, outcomes=outcomes, journals=followers.journals
    )
    server.notified.append(followers.secondaries.notice)
    if followers.companion is not None:
        server.notified.append(followers.companion.notice)
    public = public_face(server, options.bounds, options.rates)
    await public.open(options.sockets)
    if options.inlet is not None:
        await options.inlet.serve(_handlers(options, holdings, server, watch))
    for origin in options.zones.by_origin:  # who was away while we were has missed what is new
        followers.notifier.tell(holdings.shown.by_origin[origin])
    options.life.ready()
    await options.life.stopped()
    if options.inlet is not None:
        await options.inlet.close()
    await public.drain(DRAIN_SECONDS)
    await followers.notifier.close()
    await server.drained()


@dataclass(frozen=True, slots=True)
class _Followers:
    """What hears of every new version."""

    journals: Journals
    notifier: Notifier
    secondaries: Secondaries
    companion: Companion | None


def _followers(options: PrimaryOptions, holdings: Holdings) -> _Followers:
    journals = Journals(options.state and options.state / JOURNALS_FOLDER, options.log)
    for zone in holdings.shown.by_origin.values():
        journals.begin(zone)
    holdings.watch(journals.note)
    notifier = Notifier(options.notify, exchange_datagram, options.log, options.clock)
    holdings.watch(notifier.watch)
    secondaries = Secondaries(options.secondaries, holdings, journals, options.log, options.clock)
    return _Followers(journals, notifier, secondaries, _companion(options, holdings))


def _companion(options: PrimaryOptions, holdings: Holdings) -> Companion | None:
    if options.remote is None or options.state is None:
        return None
    companion, history = Companion(options.state, options.remote, holdings, options.log), options.history

    def note(change: Change) -> None:
        if not (isinstance(history, GitHistory) and history.is_passing(change.after.origin)):
            companion.note(change)

    holdings.watch(note)
    return companion


def _whole_seconds(clock: Clock) -> Callable[[], int]:
    return lambda: int(clock.unix())


def _key_watch(options: PrimaryOptions, holdings: Holdings) -> KeyWatch | None:
    if not isinstance(options.signing, ZoneSigner):
        return None
    return KeyWatch(options.signing, holdings, options.names, options.log, options.clock)


def _handlers(options: PrimaryOptions, holdings: Holdings, server: NameServer, watch: KeyWatch | None) -> Handlers:
    """Return what is spoken on pipes: DNS, and calls of the operator on histories and keys, where there are any."""
    handlers: dict[PipeProtocol, Callable[[Peer], asyncio.Protocol]] = {
        PipeProtocol.DOT: lambda peer: neighbour_stream(server, peer)
    }
    answers: Answers = {}
    if isinstance(options.history, GitHistory):
        answers = ZoneDesk(holdings, options.history, server.answer_neighbour, options.log).answers()
    if watch is not None:
        answers = {**answers, **KeyDesk(watch, options.clock).answers()}
    if answers:
        handlers[PipeProtocol.CALL] = lambda peer: CallServer(peer, answers, options.log)
    return handlers
