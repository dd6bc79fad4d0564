"""Real meshes for tests: addresses of their own for each test process, and a client that does not give up."""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field

from scop.cli.demo.offices import Offices
from scop.cli.demo.scene import PORTS, Organisation, Scene, World
from scop.cli.shared import Operator, ask, with_operator
from scop.mesh.vocabulary.keeper import AddAccount, SendAs
from scop.mesh.vocabulary.mailbox import ListMail, MailSummary, ReadMail
from scop.supervisor.door import CellStatus, MeshStatus, ReadStatus, knock

__all__ = ["PASSWORD", "RunningWorld", "unverified", "world_of"]

PASSWORD = "correct horse battery staple"
# What meshes are started for, each at addresses of its own: that of all tests runs while others do.
PURPOSES = (
    "main",
    "demo",
    "command line",
    "command line, still",
    "confinement-root",
    "confinement-ordinary",
    "content-filters",
    "firewall by the command line",
    "full disk",
    "list for others",
    "plan by the command line",
    "poison",
    "queue by the command line",
    "virus scanner",
    "zones at a remote",
)


def world_of(purpose: str) -> World:
    """Return a world at loopback addresses that no other world uses, in this test process or another."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw100").removeprefix("gw")
    block, number = 100 + int(worker), 1 + PURPOSES.index(purpose)
    peer = f"127.{block}.50.{number}"
    return World(
        root=f"127.{block}.30.{number}",
        forger=f"127.{block}.66.{number}",
        lagoon=Organisation("lagoon.test", f"127.{block}.10.{number}", 21000),
        harbor=Organisation("harbor.test", f"127.{block}.20.{number}", 22000),
        records=f"postfix.test. MX 10 mx.postfix.test.\nmx.postfix.test. A {peer}\n"
        f'postfix.test. TXT "v=spf1 ip4:{peer} -all"\n',
    )


def unverified() -> ssl.SSLContext:
    """Return a client's context that takes self-signed certificates."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(slots=True)
class RunningWorld:
    """Two organisations that run, and what tests do with them."""

    scene: Scene
    accounts: set[str] = field(default_factory=set)

    @property
    def world(self) -> World:
        """Where everybody is."""
        return self.scene.world

    def open(self) -> None:
        """Open the standing accounts and wait for published keys."""
        offices = Offices(self.scene)
        offices.open_accounts(PASSWORD)
        offices.await_keys()

    def person(self, name: str, organisation: Organisation | None = None, *, send_as: SendAs = SendAs.OWN) -> str:
        """Open an account of a test's own (at harbor, unless told otherwise) and return its address."""
        home = organisation or self.world.harbor
        address = f"{name}@{home.domain}"
        if address not in self.accounts:
            ask(self.scene.config(home), "keeper", AddAccount(name, PASSWORD, (), send_as))
            self.accounts.add(address)
        return address

    def login(self, user: str) -> smtplib.SMTP_SSL:
        """Return a logged-in connection to lagoon's submission."""
        client = smtplib.SMTP_SSL(self.world.lagoon.address, PORTS.submissions, timeout=60, context=unverified())
        try:
            client.login(user, PASSWORD)
        except BaseException:
            client.close()
            raise
        return client

    def stranger(self, *, source: str = "") -> smtplib.SMTP:
        """Return a connection to harbor's receiver, as any host of the Internet opens one."""
        address = (source or self.world.forger, 0)
        return smtplib.SMTP(
            self.world.harbor.address, PORTS.smtp, timeout=60, source_address=address, local_hostname="stranger.test"
        )

    def status(self, organisation: Organisation) -> dict[str, CellStatus]:
        """Return how each cell of a mesh is."""
        answer = knock(self.scene.layout(organisation).door, ReadStatus())
        assert isinstance(answer, MeshStatus)
        return {cell.name: cell for cell in answer.cells}

    def supervisor_pid(self, organisation: Organisation) -> int:
        """Return the process of a mesh's supervisor."""
        answer = knock(self.scene.layout(organisation).door, ReadStatus())
        assert isinstance(answer, MeshStatus)
        return answer.supervisor_pid

    def stop(self, organisation: Organisation) -> int:
        """End a mesh by SIGTERM and return its exit status."""
        pid = self.supervisor_pid(organisation)
        process = next(process for process in self.scene.processes if process.pid == pid)
        process.terminate()
        process.communicate(timeout=60)
        self.scene.processes.remove(process)
        return process.returncode

    def start(self, organisation: Organisation) -> subprocess.Popen[str]:
        """Start a mesh that was stopped; its JSON lines say when it is up."""
        return self.scene.start("up", "--json", "--config", str(self.scene.config(organisation)))

    def mails(self, account: str, organisation: Organisation | None = None) -> tuple[MailSummary, ...]:
        """Return every mail of an account."""
        home = organisation or self.world.harbor

        async def read(operator: Operator) -> tuple[MailSummary, ...]:
            mails: list[MailSummary] = []
            while page := (
                await operator.caller("mailbox").call(ListMail(account, after=mails[-1].id if mails else 0))
            ).mails:
                mails.extend(page)
            return tuple(mails)

        return with_operator(self.scene.config(home), read)

    def await_mails(
        self, account: str, count: int, organisation: Organisation | None = None, *, seconds: float = 60
    ) -> tuple[MailSummary, ...]:
        """Return an account's mails once there are `count`; what is there after `seconds` otherwise."""

        async def wait() -> tuple[MailSummary, ...]:
            loop = asyncio.get_running_loop()
            deadline = loop.time() + seconds
            while True:
                found = await asyncio.to_thread(self.mails, account, organisation)
                if len(found) >= count or loop.time() > deadline:
                    return found
                await asyncio.sleep(0.1)

        return asyncio.run(wait())

    def octets(
        self, account: str, mails: Iterable[MailSummary], organisation: Organisation | None = None
    ) -> list[bytes]:
        """Return the octets of small mails."""
        home = organisation or self.world.harbor
        return [ask(self.scene.config(home), "mailbox", ReadMail(account, mail.id)).octets for mail in mails]
