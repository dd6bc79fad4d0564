"""The operator's part of the demo: opens accounts, waits for published keys, reads what was stored."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scop.cli.demo.lessons import lessons
from scop.cli.demo.scene import Organisation, Scene
from scop.cli.demo.sorting import PEDLAR
from scop.cli.mail import read_whole
from scop.cli.shared import Operator, ask, with_operator
from scop.dkim.rotation import Step
from scop.mesh.vocabulary.filter import LearnMail
from scop.mesh.vocabulary.keeper import AddAccount, SendAs
from scop.mesh.vocabulary.mailbox import ListMail, MailSummary, MoveMail
from scop.mesh.vocabulary.reporter import ReadSenders, Senders, SendReports
from scop.mesh.vocabulary.signer import ReadSealing, RotateKeys
from scop.smtp.stamps import split_stamps

__all__ = ["Offices", "StoredMail"]

IN_USE = Step.IN_USE.value
KEY_SECONDS = 30.0
ARRIVAL_SECONDS = 90.0  # without any new mail
PAUSE_SECONDS = 0.1

_ID = re.compile(rb"(?i)\bid ([0-9a-z]+)")
_SELECTOR = re.compile(rb"\bheader\.s=([0-9A-Za-z-]+)")
_LABEL = re.compile(rb"(?im)^X-SCoP-Spam: *(\w+)")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail as harbor's mailbox gives it back."""

    octets: bytes
    hosts: tuple[str, str]  # who stamped it, the last one first
    summary: MailSummary

    @property
    def stamps(self) -> bytes:
        """What harbor's cells put on top."""
        return split_stamps(self.octets, self.hosts[0])[0]

    @property
    def origin_trace(self) -> str:
        """The trace id that lagoon gave it."""
        stamps, _ = split_stamps(split_stamps(self.octets, self.hosts[0])[1], self.hosts[1])
        found = _ID.search(stamps[stamps.lower().rfind(b"received:") :])
        return found.group(1).decode() if found else ""

    @property
    def header(self) -> str:
        """Its header as text."""
        return self.octets.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")

    @property
    def sealed(self) -> bool:
        """Whether both of lagoon's signatures verified."""
        return self.stamps.count(b"dkim=pass") == 2  # RSA and Ed25519

    @property
    def selectors(self) -> tuple[str, ...]:
        """The keys by which it was sealed."""
        return tuple(found.decode() for found in _SELECTOR.findall(self.stamps))

    @property
    def verified(self) -> bool:
        """Whether SPF held for the sender."""
        return b"spf=pass" in self.stamps

    @property
    def label(self) -> str:
        """What the filter called it."""
        found = _LABEL.search(self.stamps)
        return found.group(1).decode() if found else ""


class Offices:
    """Manages both organisations as the peer `operator`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._last_read = 0  # of harbor's mailbox

    def open_accounts(self, password: str) -> None:
        """Open the demo's accounts; `postman` may send as anyone, because test mails have foreign senders."""
        postman = AddAccount("postman", password, (), SendAs.ANY)
        self._open(self._world.lagoon, (postman, AddAccount("alice", password), AddAccount(PEDLAR, password)))
        self._open(self._world.harbor, (AddAccount("bob", password),))

    def _open(self, organisation: Organisation, accounts: tuple[AddAccount, ...]) -> None:
        async def work(operator: Operator) -> None:
            for account in accounts:
                await operator.caller("keeper").call(account)

        with_operator(self._scene.config(organisation), work)

    def teach(self) -> None:
        """Have harbor's filter learn the small set that comes with the demo."""

        async def work(operator: Operator) -> None:
            caller = operator.caller("filter")
            await asyncio.gather(*(caller.call(LearnMail("", one.label, one.octets)) for one in lessons()))

        with_operator(self._scene.config(self._world.harbor), work)

    def move(self, account: str, mail: StoredMail, folder: str) -> None:
        """Put one of harbor's mails into another folder, as `scop mail move` does."""
        ask(self._scene.config(self._world.harbor), "mailbox", MoveMail(account, (mail.summary.id,), folder))

    def await_keys(self) -> None:
        """Wait until both organisations' keys are seen in the world's DNS."""
        deadline = time.monotonic() + KEY_SECONDS
        for organisation in self._world.organisations:
            while not ask(self._scene.config(organisation), "signer", ReadSealing()).ready:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the keys of {organisation.domain} did not appear in {KEY_SECONDS} s")
                time.sleep(PAUSE_SECONDS)

    def begin_rotation(self) -> tuple[str, ...]:
        """Have lagoon make new keys; return those that seal until these are seen by the world."""
        config = self._scene.config(self._world.lagoon)
        before = self._sealing(config)
        ask(config, "signer", RotateKeys())
        return before

    def await_rotation(self, before: tuple[str, ...]) -> None:
        """Wait until other keys seal than before."""
        config, deadline = self._scene.config(self._world.lagoon), time.monotonic() + KEY_SECONDS
        while set(self._sealing(config)) & set(before) and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)

    def _sealing(self, config: Path) -> tuple[str, ...]:
        keys = ask(config, "signer", ReadSealing()).keys
        return tuple(key.selector for key in keys if key.step == IN_USE)

    def report(self) -> Senders:
        """Have harbor send its reports now; return who sent as lagoon, once lagoon has read it there."""
        here, there = (self._scene.config(one) for one in (self._world.harbor, self._world.lagoon))
        deadline = time.monotonic() + ARRIVAL_SECONDS
        ask(here, "reporter", SendReports())
        question = ReadSenders(days=2, domain=self._world.lagoon.domain)
        while not (found := ask(there, "reporter", question)).reports and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        return found

    def skip_mails(self, account: str) -> None:
        """Pass over everything that an account at harbor has so far."""
        config = self._scene.config(self._world.harbor)
        while page := ask(config, "mailbox", ListMail(account, after=self._last_read)).mails:
            self._last_read = page[-1].id

    def await_mails(self, account: str, wanted: Callable[[], int]) -> Iterator[StoredMail]:
        """Yield the mails of an account as they arrive, until as many more came as are `wanted`, or none for long."""
        config = self._scene.config(self._world.harbor)
        waited_since, arrived = time.monotonic(), 0
        while arrived < wanted() and time.monotonic() - waited_since < ARRIVAL_SECONDS:
            new = with_operator(config, lambda operator: _read_after(operator, account, self._last_read))
            hosts = (self._world.harbor.mail_host, self._world.lagoon.mail_host)
            yield from (StoredMail(octets, hosts, summary) for summary, octets in new)
            if new:
                self._last_read, waited_since = new[-1][0].id, time.monotonic()
                arrived += len(new)
            else:
                time.sleep(PAUSE_SECONDS)


async def _read_after(operator: Operator, account: str, after: int) -> list[tuple[MailSummary, bytes]]:
    page = await operator.caller("mailbox").call(ListMail(account, after=after))
    return [(mail, await read_whole(operator, account, mail.id)) for mail in page.mails]
