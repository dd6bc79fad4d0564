"""The demo's mail client: the standard library's, an ordinary one, over TLS with a password."""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from scop.cli.mail_files import MailFile

__all__ = [
    "Login",
    "Outcome",
    "deliver_from",
    "one_line",
    "open_client",
    "post_all",
    "trace_in",
    "transact",
    "with_crlf",
]

CONNECTIONS = 4
SECONDS = 60.0
_NEXT_LINE = re.compile(r"\n(?:[245]\.\d{1,3}\.\d{1,3} )?")
_TRACE = re.compile(r"\bas ([0-9a-z]+)\b")


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom to submit."""

    address: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission."""

    mail: MailFile
    code: int
    text: str

    @property
    def trace(self) -> str:
        """The trace id that the accepting side named; empty when it refused."""
        return trace_in(self.code, self.text)


def trace_in(code: int, text: str) -> str:
    """Return the trace id in a reply to DATA; empty where the mail was not taken."""
    found = _TRACE.search(text) if code == 250 else None
    return found.group(1) if found else ""


def with_crlf(octets: bytes) -> bytes:
    """Return a mail with CRLF line ends, as a client must send it; it always ends with one."""
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return (lines if lines.endswith(b"\n") else lines + b"\n").replace(b"\n", b"\r\n")


def transact(client: smtplib.SMTP, sender: str, recipients: Iterable[str], octets: bytes) -> tuple[int, str]:
    """Carry out one transaction and return the reply that decided it."""
    code, text = client.mail(sender, ["BODY=8BITMIME"])
    for recipient in recipients:
        if code == 250:
            code, text = client.rcpt(recipient)
    if code == 250:
        code, text = client.data(octets)
    if code != 250:
        client.rset()
    return code, one_line(text.decode("utf-8", "replace"))


def one_line(text: str) -> str:
    """Return a reply's text in one line: each of its lines begins with the enhanced code, which is said once."""
    return _NEXT_LINE.sub(" ", text)


def _unverified() -> ssl.SSLContext:
    """Return a context that takes any certificate: the demo's public ones are self-signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def open_client(login: Login) -> smtplib.SMTP:
    """Return a connection over which `login` may submit."""
    client = smtplib.SMTP_SSL(
        login.address, login.port, timeout=SECONDS, context=_unverified(), local_hostname="client.test"
    )
    try:
        client.login(login.user, login.password)
    except BaseException:
        client.close()
        raise
    return client


def post_all(login: Login, sender: str, recipients: tuple[str, ...], mails: Iterable[MailFile]) -> Iterator[Outcome]:
    """Submit mails over a few connections and yield each outcome as it comes."""
    kept = threading.local()
    opened: list[smtplib.SMTP] = []

    def submit(mail: MailFile) -> Outcome:
        if not hasattr(kept, "client"):
            kept.client = open_client(login)
            opened.append(kept.client)
        code, text = transact(kept.client, sender, recipients, with_crlf(mail.octets))
        return Outcome(mail, code, text)

    try:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            yield from pool.map(submit, mails)
        for client in opened:
            client.quit()
    finally:
        for client in opened:
            client.close()


def deliver_from(source: str, address: str, port: int, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
    """Speak to a receiver as any host of the Internet would, from the address `source`."""
    with smtplib.SMTP(
        address, port, timeout=SECONDS, source_address=(source, 0), local_hostname="forger.test"
    ) as client:
        client.starttls(context=_unverified())  # opportunistic TLS, as between hosts
        client.ehlo()
        return transact(client, sender, [recipient], octets)
