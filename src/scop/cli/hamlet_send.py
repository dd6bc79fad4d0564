"""`scop hamlet send`: drives a running mesh with the corpus, and tells what became of each mail.

Mails are submitted by accounts of the mesh to one of its accounts, and read back through the operator. The reply to
DATA names the id under which the mesh has a mail, and the stored mail bears that id: so each is found again and held
against what was submitted. Envelopes are fixed, for the addresses in the corpus are nobody's. A mail with the line
ends of a file gets those of the wire, as from any client; what the mesh then refuses is counted apart, by its reply.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from smtplib import SMTP, SMTPAuthenticationError

import click

from scop.base import printable
from scop.cli import shared
from scop.cli.demo.delivered import differs
from scop.cli.demo.post import CONNECTIONS, Login, open_client, trace_in, transact
from scop.cli.hamlet_shown import Advance, count_option, from_option, progress, seed_option
from scop.cli.mail import read_whole
from scop.cli.shared import Operator, ask, config_option, json_option, print_json, print_table, with_operator
from scop.mesh.vocabulary.keeper import AccountView, ListAccounts, SendAs
from scop.mesh.vocabulary.mailbox import ListMail
from scop.smtp.stamps import split_stamps
from scop.supervisor.config_file import read_config

__all__ = ["Received", "Results", "Sent", "on_the_wire", "send"]

ARRIVAL_SECONDS = 60.0  # without any new mail, after the last was submitted
PAUSE_SECONDS = 0.2
SHOWN = 20
_ID = re.compile(rb"(?i)\bid ([0-9a-z]+)")


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail that was submitted, and the reply."""

    index: int
    code: int
    text: str

    @property
    def trace(self) -> str:
        """The id that the mesh gave it; "" where it was refused."""
        return trace_in(self.code, self.text)


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that was stored: its id, and why it is not what was submitted; "" where it is."""

    trace: str
    difference: str = ""


@dataclass(slots=True)
class Results:
    """What became of a corpus. Mails stand in the order in which they were accepted, and in which they were stored."""

    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    sending_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def accepted(self) -> list[Sent]:
        """What the mesh took."""
        return [one for one in self.sent if one.trace]

    @property
    def refused(self) -> Counter[str]:
        """How many mails it refused with which reply."""
        return Counter(f"{one.code} {one.text}" for one in self.sent if not one.trace)

    @property
    def lost(self) -> list[int]:
        """The indices of mails that were accepted and never stored."""
        stored = {one.trace for one in self.received}
        return [one.index for one in self.accepted if one.trace not in stored]

    @property
    def changed(self) -> dict[int, str]:
        """The mails that were stored as others than were submitted, and why."""
        indices = {one.trace: one.index for one in self.accepted}
        return {indices[one.trace]: one.difference for one in self.received if one.difference}

    @property
    def twice(self) -> int:
        """How many were stored more than once."""
        return sum(count > 1 for count in Counter(one.trace for one in self.received).values())

    @property
    def overtaken(self) -> int:
        """How many were stored behind one that was accepted after them."""
        places = {one.trace: place for place, one in enumerate(self.accepted)}
        last, count = -1, 0
        for one in self.received:
            place = places.get(one.trace, last)
            count += place < last
            last = max(last, place)
        return count

    @property
    def right(self) -> bool:
        """Whether every accepted mail was stored once, as it was submitted."""
        return not self.lost and not self.changed and not self.twice

    def summary(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "sent": len(self.sent),
            "accepted": len(self.accepted),
            "refused": dict(self.refused.most_common()),
            "stored": len(self.received),
            "lost": self.lost,
            "changed": {str(index): reason for index, reason in self.changed.items()},
            "stored_twice": self.twice,
            "overtaken": self.overtaken,
            "seconds": round(self.seconds, 2),
            "submitted_per_second": round(len(self.sent) / self.sending_seconds, 1) if self.sending_seconds else 0.0,
            "stored_per_second": round(len(self.received) / self.seconds, 1) if self.seconds else 0.0,
        }


def on_the_wire(octets: bytes) -> bytes:
    """Return a mail as a client sends it: lines that all end with LF end with CRLF; nothing else is mended."""
    wire = octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")
    return wire if wire.endswith(b"\r\n") else wire + b"\r\n"


@click.command()
@seed_option
@count_option
@from_option
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="Mails per second; default: as many as can be.")
@click.option("--as", "senders", multiple=True, required=True, metavar="ACCOUNT", help="Who sends; repeat for more.")
@click.option("--password", help="Of all of them. Default: the first line of standard input.")
@click.option("--to", "recipient", metavar="ACCOUNT", help="Who gets them; default: the first who sends.")
@config_option
@json_option
def send(
    seed: int,
    count: int,
    first: int,
    rate: float,
    senders: tuple[str, ...],
    password: str | None,
    recipient: str | None,
    config: Path,
    as_json: bool,
) -> None:
    """Send mails of the corpus through a running mesh, and see that each arrives.

    The accounts that send must be allowed to send as anyone, for the authors in the corpus are strangers:
    `scop account add NAME --send-as any`. Exit status 1 if a mail is lost, changed or stored twice.
    """
    mesh = read_config(config)
    place = (mesh.network.address, mesh.network.ports.submissions)
    secret = sys.stdin.readline().rstrip("\n") if password is None else password
    accounts = {one.name: one for one in ask(config, "keeper", ListAccounts()).accounts}
    to = _account(accounts, recipient or senders[0])
    logins = [Login(*place, _sender(accounts, name).name, secret) for name in senders]
    posting = _Posting(logins, tuple([accounts[name].addresses[0] for name in senders]), to.addresses[0])
    collecting = _Collecting(seed, config, to.name, mesh.mail_host)
    results = Results()
    started = time.monotonic()
    with progress("submitted", count, quiet=as_json) as advance:
        for sent in posting.post(_paced(_mails(seed, first, count), rate)):
            results.sent.append(sent)
            advance(1)
    results.sending_seconds = time.monotonic() - started
    with progress("stored", len(results.accepted), quiet=as_json) as advance:
        results.received = collecting.collect({one.trace: one.index for one in results.accepted}, advance)
    results.seconds = time.monotonic() - started
    if as_json:
        print_json(results.summary())
    else:
        _print(results)
    sys.exit(0 if results.right else 1)


def _account(accounts: dict[str, AccountView], name: str) -> AccountView:
    if name not in accounts:
        raise click.ClickException(f"there is no account {name}; open it with `scop account add {name}`")
    return accounts[name]


def _sender(accounts: dict[str, AccountView], name: str) -> AccountView:
    account = _account(accounts, name)
    if account.send_as != SendAs.ANY:
        raise click.ClickException(f"--as {name}: may not send as anyone; use an account of `--send-as any`")
    return account


def _mails(seed: int, first: int, count: int) -> Iterator[tuple[int, bytes]]:
    from scop.hamlet.mail import generate

    for index in range(first, first + count):
        yield index, on_the_wire(generate(seed, index))


def _difference(seed: int, index: int, stored: bytes) -> str:
    """Return why a stored mail is not what was submitted, which is made anew: a million need not be held."""
    from scop.hamlet.mail import generate

    return differs(on_the_wire(generate(seed, index)), stored)


def _paced(mails: Iterable[tuple[int, bytes]], rate: float) -> Iterator[tuple[int, bytes]]:
    """Yield mails no faster than so many a second; 0 is as fast as they are wanted."""
    started = time.monotonic()
    for number, mail in enumerate(mails):
        if rate:
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
        yield mail


@dataclass(slots=True)
class _Posting:
    """A few connections over which mails are submitted; each keeps to one of the senders."""

    logins: Sequence[Login]
    reverse_paths: Sequence[str]
    forward_path: str
    _kept: threading.local = field(default_factory=threading.local)
    _opened: list[SMTP] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=numbers)

    def post(self, mails: Iterator[tuple[int, bytes]]) -> Iterator[Sent]:
        """Submit mails and yield each as the reply comes."""
        with ThreadPoolExecutor(max(CONNECTIONS, len(self.logins))) as pool:
            working: set[Future[Sent]] = set()
            for mail in mails:  # not all at once
                working.add(pool.submit(self._submit, *mail))
                if len(working) >= 2 * CONNECTIONS:
                    ended, working = wait(working, return_when=FIRST_COMPLETED)
                    yield from _in_order(ended)
            yield from _in_order(wait(working).done)
        for client in self._opened:
            client.quit()

    def _submit(self, index: int, octets: bytes) -> Sent:
        if not hasattr(self._kept, "client"):
            number = next(self._numbers) % len(self.logins)
            self._kept.client, self._kept.reverse_path = _opened(self.logins[number]), self.reverse_paths[number]
            self._opened.append(self._kept.client)
        code, text = transact(self._kept.client, self._kept.reverse_path, (self.forward_path,), octets)
        return Sent(index, code, text)


def _opened(login: Login) -> SMTP:
    try:
        return open_client(login)
    except SMTPAuthenticationError:
        raise click.ClickException(f"--as {login.user}: the mesh does not take this password") from None


def _in_order(ended: Iterable[Future[Sent]]) -> list[Sent]:
    return sorted((future.result() for future in ended), key=lambda sent: sent.index)


@dataclass(slots=True)
class _Collecting:
    """Reads an account's new mails as the operator."""

    seed: int
    config: Path
    account: str
    hostname: str
    _after: int = 0

    def __post_init__(self) -> None:
        while page := ask(self.config, "mailbox", ListMail(self.account, after=self._after)).mails:
            self._after = page[-1].id  # what was there before is passed over

    def collect(self, wanted: Mapping[str, int], advance: Advance) -> list[Received]:
        """Return what arrives, until all that is wanted did (by trace: its index) or nothing came for long."""
        found: list[Received] = []
        missing = set(wanted)
        last_seen = time.monotonic()
        while missing and time.monotonic() - last_seen < ARRIVAL_SECONDS:
            new = with_operator(self.config, self._read)
            for octets in new:
                trace, below = _below(octets, self.hostname)
                if trace in wanted:  # others may write to the account as well
                    found.append(Received(trace, _difference(self.seed, wanted[trace], below)))
                    missing.discard(trace)
            advance(len(new))
            if new:
                last_seen = time.monotonic()
            else:
                time.sleep(PAUSE_SECONDS)
        return found

    async def _read(self, operator: Operator) -> list[bytes]:
        page = await operator.caller("mailbox").call(ListMail(self.account, after=self._after))
        if page.mails:
            self._after = page.mails[-1].id
        return [await read_whole(operator, self.account, mail.id) for mail in page.mails]


def _below(octets: bytes, hostname: str) -> tuple[str, bytes]:
    """Return the id in the mesh's lowest stamp, and what stands below its stamps."""
    stamps, below = split_stamps(octets, hostname)
    found = _ID.search(stamps[stamps.lower().rfind(b"received:") :])
    return (found[1].decode() if found else ""), below


def _print(results: Results) -> None:
    figures = results.summary()
    names = ("sent", "accepted", "stored", "stored_twice", "overtaken", "submitted_per_second", "stored_per_second")
    print_table([name.replace("_", " ") for name in names], [[str(figures[name]) for name in names]])
    for reply, mails in results.refused.most_common():
        shared.console.print(f"refused: {mails:,} with {printable(reply)}", markup=False)
    for index in results.lost[:SHOWN]:
        shared.console.print(f"[red]lost:[/red] mail {index}")
    for index, reason in list(results.changed.items())[:SHOWN]:
        shared.console.print(f"changed: mail {index}: {printable(reason)}", markup=False)
    verdict = "[green]every accepted mail was stored once, as it was submitted[/green]"
    shared.console.print(
        verdict if results.right else f"[red]{len(results.lost)} lost, {len(results.changed)} changed[/red]"
    )
