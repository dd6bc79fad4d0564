"""The submission cell on real sockets, between a mail client, a keeper and a signer that writes everything down."""

from __future__ import annotations

import asyncio
import base64
import smtplib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from fakes.cell_runs import running
from fakes.jumping_clock import JumpingClock
from fakes.keeper_desk import OPERATOR, SUBMISSION, Desk, open_desk
from fakes.mail_sessions import Records, serve
from fakes.mesh import KeptLog, loopback_listener
from fakes.self_signed import certificate_pem, client_context, server_context
from scop.cells.keeper.service import GRANTS
from scop.cells.submission.service import SubmissionOptions, ask_for_certificates, channel_binding_of, run
from scop.mesh.calls import Call
from scop.mesh.cell import Life
from scop.mesh.config import Device, Limits, Submission
from scop.mesh.vocabulary.keeper import AddAccount, SendAs
from scop.net.dialer import tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_pool import MailPool
from scop.smtp import ServerOptions
from scop.smtp.sasl import ClientExchange

__all__ = ["HOST", "MESSAGE", "SECRET", "AskedKeeper", "Mesh", "Setting", "scram", "submission_mesh"]

R = TypeVar("R")
HOST = "mx.harbor.test"
SECRET = "open sesame"
MESSAGE = b"From: alice@harbor.test\r\nTo: bob@lagoon.test\r\nDate: x\r\nMessage-ID: <y>\r\nSubject: z\r\n\r\nbody\r\n"
LIMITS, UNCHANGED = Limits(), Submission(scram=True)
SIGNER = ServerOptions(HOST, trusted=True)


@dataclass
class AskedKeeper:
    """A keeper that answers submission's questions and no others, unless it is down."""

    desk: Desk
    down: bool = False
    asked: list[Call[Any]] = field(default_factory=list)

    async def ask(self, question: Call[R], /) -> R:
        """Answer as the keeper does."""
        assert type(question) in GRANTS["submission"]
        self.asked.append(question)
        if self.down:
            raise TemporaryFailure("the keeper is down")
        return cast(R, await self.desk.answers()[type(question)](question, SUBMISSION))


@dataclass(frozen=True)
class Setting:
    """What a test wants to be otherwise."""

    limits: Limits = LIMITS
    submission: Submission = UNCHANGED
    devices: dict[str, Device] = field(default_factory=dict)
    own_networks: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()


USUAL = Setting()


@dataclass
class Mesh:
    """The cell under test and what is around it."""

    starttls: int
    implicit: int
    keeper: AskedKeeper
    records: Records
    clock: JumpingClock
    binding: bytes
    log: KeptLog = field(default_factory=KeptLog)

    def client(self, context: ssl.SSLContext | None = None) -> smtplib.SMTP_SSL:
        """Return a client at port 465 that was greeted."""
        client = smtplib.SMTP_SSL(local_hostname="me.test", context=context or client_context())
        _connect(client, self.implicit)
        client.ehlo()
        return client

    def clear(self) -> smtplib.SMTP:
        """Return a client at port 587, before STARTTLS."""
        client = smtplib.SMTP(local_hostname="me.test")
        _connect(client, self.starttls)
        client.ehlo()
        return client

    def secure(self, login: str = "alice@harbor.test", password: str = SECRET) -> smtplib.SMTP_SSL:
        """Return a client that is logged in by port 465."""
        client = self.client()
        try:
            client.login(login, password)
        except smtplib.SMTPException:
            client.close()
            raise
        return client

    async def send(self, octets: bytes, *, sender: str = "alice@harbor.test", login: str = "alice@harbor.test") -> None:
        """Send one message from a thread, as a client does."""

        def work() -> None:
            with self.secure(login) as client:
                client.sendmail(sender, ["bob@lagoon.test"], octets)

        await asyncio.to_thread(work)

    async def own(self, name: str, *addresses: str) -> None:
        """Give an account more addresses."""
        await self.keeper.desk.logins.ledger.change(
            name,
            lambda account: msgspec.structs.replace(account, addresses=(*account.addresses, *addresses)),
            author="test",
            message="m",
        )

    async def with_client(self, work: Callable[[smtplib.SMTP], R], new: Callable[[], smtplib.SMTP] | None = None) -> R:
        """Do something with a logged-in client, or with another one, in a thread."""

        def run_it() -> R:
            client = (new or self.secure)()
            try:
                return work(client)
            finally:
                client.close()

        return await asyncio.to_thread(run_it)


def _connect(client: smtplib.SMTP, port: int) -> None:
    client._host = HOST  # type: ignore[attr-defined]  # the name its certificate must bear
    client.sock = client._get_socket("127.0.0.1", port, 20)  # type: ignore[attr-defined]  # keeps `_host`
    client.file = None
    code, _ = client.getreply()
    assert code == 220


def scram(client: smtplib.SMTP, exchange: ClientExchange, mechanism: str) -> tuple[list[int], list[bytes]]:
    """Log in by SCRAM; return the codes of the replies, and what we said after AUTH."""
    said = [_encode(exchange.first())]
    code, text = client.docmd("AUTH", f"{mechanism} {said[0]}")
    codes = [code]
    if code == 334:
        said.append(_encode(exchange.final(base64.b64decode(text))))
        code, text = client.docmd(said[1])
        codes.append(code)
    if code == 334:
        exchange.check(base64.b64decode(text))
        codes.append(client.docmd("")[0])
    return codes, [line.encode() for line in said]


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@asynccontextmanager
async def submission_mesh(setting: Setting = USUAL, authorities: bytes = b"") -> AsyncIterator[Mesh]:
    """Run the cell; alice owns one address, postman may send as anybody."""
    records, tls = Records(), server_context()
    with tempfile.TemporaryDirectory() as folder, open_desk(Path(folder)) as desk:
        for account in (AddAccount("alice", SECRET), AddAccount("postman", SECRET, (), SendAs.ANY)):
            await desk.accounts.add_account(account, OPERATOR)
        certificate = Path(folder, "public.pem")
        certificate.write_bytes(certificate_pem())
        if authorities:
            trusted = Path(folder, "authorities.pem")
            trusted.write_bytes(authorities)
            ask_for_certificates(tls, trusted)
        async with serve(records.session, SIGNER) as signer:
            starttls, implicit = loopback_listener(), loopback_listener()
            ports = starttls.getsockname()[1], implicit.getsockname()[1]
            mesh = Mesh(*ports, AskedKeeper(desk), records, desk.clock, channel_binding_of(certificate))
            options = SubmissionOptions(
                hostname=HOST,
                domain="harbor.test",
                starttls=starttls,
                implicit_tls=implicit,
                tls=tls,
                channel_binding=mesh.binding,
                ask=mesh.keeper.ask,
                signer=MailPool(tcp_dialer("127.0.0.1", signer.port), name=HOST, lmtp=False),
                limits=setting.limits,
                submission=setting.submission,
                devices=setting.devices,
                own_networks=setting.own_networks,
                proxies=setting.proxies,
                log=mesh.log.log("submission"),
                clock=mesh.clock,
                life=Life(),
            )
            async with running(run(options), options.life):
                yield mesh
