"""Three attacks that must fail: a forged sender, a tampered body, a stranger at an inner pipe."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from scop.cli.demo.post import deliver_from
from scop.cli.demo.scene import PORTS, World

__all__ = ["Attack", "forged_sender", "stranger_at_a_pipe", "tampered_body"]

KNOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Attack:
    """What was tried, and how it ended."""

    name: str
    failed: bool  # as it must
    answer: str
    is_forged_mail: bool = False


def _refused(name: str, code: int, text: str) -> Attack:
    return Attack(name, 500 <= code < 600, f"{code} {text}", is_forged_mail=True)


def forged_sender(world: World, recipient: str) -> Attack:
    """Claim to be lagoon's chief from an address that is not lagoon's."""
    sender = f"ceo@{world.lagoon.domain}"
    mail = (
        f"From: The Chief <{sender}>\r\nTo: {recipient}\r\nSubject: Urgent transfer\r\n"
        "Date: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <urgent@lagoon.test>\r\n\r\nPay this bill today.\r\n"
    )
    code, text = deliver_from(world.forger, world.harbor.address, PORTS.smtp, sender, recipient, mail.encode())
    return _refused(f"a forged From: {sender} from {world.forger}", code, text)


def tampered_body(world: World, sealed: bytes, recipient: str) -> Attack:
    """Send on a mail that lagoon sealed, with other words in it."""
    header, blank, body = sealed.partition(b"\r\n\r\n")
    changed = header + blank + b"Please use our new bank account.\r\n" + body
    sender = f"alice@{world.lagoon.domain}"
    code, text = deliver_from(world.forger, world.harbor.address, PORTS.smtp, sender, recipient, changed)
    return _refused("a sealed mail with a tampered body", code, text)


def stranger_at_a_pipe(world: World, port: int, log: Path) -> Attack:
    """Knock on an inner pipe of harbor without a certificate; `log` is that cell's, for the reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = f"a client without a certificate at {world.harbor.address} port {port}"
    answer = b""
    with (
        contextlib.suppress(OSError),  # ssl.SSLError is one
        socket.create_connection((world.harbor.address, port), timeout=KNOCK_SECONDS) as plain,
        context.wrap_socket(plain) as pipe,
    ):
        answer = pipe.recv(1024)  # TLS 1.3: the refusal reaches a client at its first read
    return Attack(name, failed=not answer, answer=repr(answer) if answer else f"refused: {_reason_in(log)}")


def _reason_in(log: Path) -> str:
    """Return why a cell refused the last pipe; the stranger is told nothing, so its log has to."""
    deadline = time.monotonic() + KNOCK_SECONDS
    while time.monotonic() < deadline:
        refusals = [line for line in log.read_bytes().splitlines() if b'"pipe.refused"' in line]
        if refusals:
            return str(msgspec.json.decode(refusals[-1])["reason"])
        time.sleep(0.05)
    return "without a reason in its log"
