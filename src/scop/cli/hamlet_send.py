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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from smtplib import SMTP, SMTPAuthenticationError

import click

from scop.cli.demo.delivered import differs
from scop.cli.demo.post import CONNECTIONS, Login, open_client, transact
from scop.cli.hamlet_results import Received, Results, Sent, print_results
from scop.cli.hamlet_shown import Advance, count_option, from_option, progress, seed_option
from scop.cli.mail import read_whole
from scop.cli.mail_files import on_the_wire
from scop.cli.shared import Operator, ask, config_option, json_option, print_json, with_operator
from scop.mesh.vocabulary.keeper import AccountView, ListAccounts, SendAs
from scop.mesh.vocabulary.mailbox import ListMail, MailSummary
from scop.smtp.stamps import split_stamps
from scop.supervisor.config_file import read_config

__all__ = ["send"]

ARRIVAL_SECONDS = 60.0  # without any new mail, after the last was submitted
PAUSE_SECONDS = 0.2
_ID = re.compile(rb"(?i)\bid ([0-9a-z]+)")
_DIAGNOSTIC = re.compile(r"(?im)^diagnostic-code:(.*(?:\r?\n[ \t].*)*)")


@click.command()
@seed_option
@count_option
@from_option
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="Mails per second; default: as many as can be.")
@click.option("--as", "senders", multiple=True, required=True, metavar="ACCOUNT", help="Who sends; repeat for more.")
@click.option("--password", help="Of all of them. Default: the first line of standard input.")
@click.option("--to", "recipient", metavar="ACCOUNT", help="Who gets them; default: the first who sends.")
@click.option(
    "--at",
    type=click.Path(path_type=Path),
    help="The scop.toml of the mesh where --to is. Default: the one that sends.",
)
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
    at: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Send mails of the corpus through a running mesh, or from one to another, and see that each arrives.

    The accounts that send must be allowed to send as anyone, for the authors in the corpus are strangers:
    `scop account add NAME --send-as any`. Exit status 1 if a mail is lost, changed or stored twice. A mail that was
    accepted and then returned to its sender with a reason is told apart.
    """
    mesh = read_config(config)
    place = (mesh.network.address, mesh.network.ports.submissions)
    secret = sys.stdin.readline().rstrip("\n") if password is None else password
    accounts = {one.name: one for one in ask(config, "keeper", ListAccounts()).accounts}
    there = at or config
    strangers = {one.name: one for one in ask(there, "keeper", ListAccounts()).accounts} if at else accounts
    to = _account(strangers, recipient or senders[0])
    logins = [Login(*place, _sender(accounts, name).name, secret) for name in senders]
    posting = _Posting(logins, tuple([accounts[name].addresses[0] for name in senders]), to.addresses[0])
    hosts = tuple(dict.fromkeys((read_config(there).mail_host, mesh.mail_host)))
    collecting = _Collecting(seed, there, to.name, hosts)
    bounces = [_Bounces(config, name) for name in senders]
    results = Results()
    started = time.monotonic()
    with progress("submitted", count, quiet=as_json) as advance:
        for sent in posting.post(_paced(_mails(seed, first, count), rate)):
            results.sent.append(sent)
            advance(1)
    results.sending_seconds = time.monotonic() - started
    with progress("stored", len(results.accepted), quiet=as_json) as advance:
        wanted = {one.trace: one.index for one in results.accepted}
        for received in collecting.collect(wanted, lambda: _returned(bounces, results), advance):
            results.received.append(received)
    results.seconds = time.monotonic() - started
    if as_json:
        print_json(results.summary())
    else:
        print_results(results)
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
        began = time.time()
        code, text = transact(self._kept.client, self._kept.reverse_path, (self.forward_path,), octets)
        return Sent(index, code, text, began)


def _opened(login: Login) -> SMTP:
    try:
        return open_client(login)
    except SMTPAuthenticationError:
        raise click.ClickException(f"--as {login.user}: the mesh does not take this password") from None


def _in_order(ended: Iterable[Future[Sent]]) -> list[Sent]:
    return sorted((future.result() for future in ended), key=lambda sent: sent.index)


@dataclass(slots=True)
class _Account:
    """Reads an account's new mails as the operator."""

    config: Path
    account: str
    _after: int = 0

    def __post_init__(self) -> None:
        while page := ask(self.config, "mailbox", ListMail(self.account, after=self._after)).mails:
            self._after = page[-1].id  # what was there before is passed over

    def new(self) -> list[tuple[MailSummary, bytes]]:
        """Return what came since the last look."""
        return with_operator(self.config, self._read)

    async def _read(self, operator: Operator) -> list[tuple[MailSummary, bytes]]:
        page = await operator.caller("mailbox").call(ListMail(self.account, after=self._after))
        if page.mails:
            self._after = page.mails[-1].id
        return [(mail, await read_whole(operator, self.account, mail.id)) for mail in page.mails]


class _Bounces:
    """The reports that come back to one who sends."""

    def __init__(self, config: Path, account: str) -> None:
        self._inbox = _Account(config, account)

    def new(self) -> Iterator[tuple[frozenset[str], str]]:
        """Yield for each report the ids that stand in the header it returns, and what the other side said."""
        for mail, octets in self._inbox.new():
            if mail.reverse_path == "<>":
                said = _DIAGNOSTIC.search(octets.decode("utf-8", "replace"))
                ids = frozenset(found.decode() for found in _ID.findall(octets))
                yield ids, " ".join(said[1].split()) if said else mail.subject


def _returned(bounces: Sequence[_Bounces], results: Results) -> set[str]:
    """Note what came back in the meantime; return the traces of all that did."""
    accepted = {one.trace for one in results.accepted}
    for ids, reason in (each for sender in bounces for each in sender.new()):
        results.returned.update(dict.fromkeys(ids & accepted, reason))
    return set(results.returned)


class _Collecting:
    """Finds the mails of the corpus in an account; `hosts` put their stamps on them, the last one first."""

    def __init__(self, seed: int, config: Path, account: str, hosts: tuple[str, ...]) -> None:
        self._seed = seed
        self._hosts = hosts
        self._inbox = _Account(config, account)

    def collect(
        self, wanted: Mapping[str, int], returned: Callable[[], set[str]], advance: Advance
    ) -> Iterator[Received]:
        """Yield what arrives until all that is wanted, by trace its index, is there or back, or nothing came long."""
        missing = set(wanted)
        last_seen = time.monotonic()
        while missing and time.monotonic() - last_seen < ARRIVAL_SECONDS:
            new = self._inbox.new()
            for mail, octets in new:
                trace, below = _below(octets, self._hosts)
                if trace in wanted:  # others may write to the account as well
                    yield Received(trace, _difference(self._seed, wanted[trace], below), mail.stored_unix)
                    missing.discard(trace)
            advance(len(new))
            if new:
                last_seen = time.monotonic()
            else:
                missing -= returned()
                time.sleep(PAUSE_SECONDS)


def _below(octets: bytes, hosts: Sequence[str]) -> tuple[str, bytes]:
    """Return the id in the lowest stamp of the last host, and what stands below all stamps."""
    stamps, below = b"", octets
    for host in hosts:
        stamps, below = split_stamps(below, host)
    found = _ID.search(stamps[stamps.lower().rfind(b"received:") :])
    return (found[1].decode() if found else ""), below
