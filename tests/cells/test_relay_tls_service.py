"""The whole relay before a domain with DANE: from the queue by the signed DNS to a proved host, or to a notice."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fakes.post_world import DictNames
from fakes.running_relay import ANN, BOB, MAIL, Outside, RunningRelay, around, running
from fakes.self_signed import certificate_pem
from scop.dns import MX, TLSA, TXT, A, Security
from scop.mesh.vocabulary.relay import ReadTlsResults
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath, ServerOptions
from scop.smtp.extensions import BUILT_IN

PIN = TLSA(3, 0, 1, hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate_pem().decode())).digest())
WRONG = TLSA(3, 0, 1, bytes(32))
REQUIRED = Mail(ReversePath.parse(ANN), body="8BITMIME", require_tls=True)
TO_BOB = Recipient(ForwardPath.parse(BOB))
TLS_OPTIONAL = MAIL.replace(b"From:", b"TLS-Required: No\r\nFrom:")


@asynccontextmanager
async def _relay(
    state: Path, record: TLSA, options: ServerOptions | None = None, *, starttls: bool = True
) -> AsyncIterator[tuple[RunningRelay, Outside, DictNames]]:
    names = DictNames()
    speech = options or ServerOptions("mx.harbor.test", tls_available=starttls)
    async with around(speech, starttls=starttls) as outside:
        names.zone |= {
            ("harbor.test", "MX"): [MX(10, "mx.harbor.test")],
            ("mx.harbor.test", "A"): [A("127.0.0.1")],
            ("lagoon.test", "TXT"): [TXT.of(b"v=spf1 ip4:127.0.0.2 -all")],
        }
        names.security["harbor.test"] = Security.SECURE
        _publish(names, outside, record)
        async with running(state, outside, names=names) as relay:
            yield relay, outside, names


def _publish(names: DictNames, outside: Outside, record: TLSA) -> None:
    names.zone[f"_{outside.host.port}._tcp.mx.harbor.test", "TLSA"] = [record]


async def _counted(relay: RunningRelay) -> list[tuple[str, str, int, list[str]]]:
    found = await relay.ask(ReadTlsResults())
    return [
        (each.domain, each.policy_type, each.successes, [failed.result_type for failed in each.failures])
        for each in found.sessions
    ]


async def test_relay_proves_a_host_by_dane(tmp_path: Path) -> None:
    """RFC 7672: MX, address and TLSA are secure, the certificate matches, the mail goes, the operator can see it."""
    async with _relay(tmp_path, PIN) as (relay, outside, _names):
        await relay.send(BOB)
        (line,) = await relay.kept.until("mail.relayed")
        assert ([MAIL], True) == (outside.world.messages, str(line["tls"]).startswith("TLS1.3 "))
        assert [("harbor.test", "tlsa", 1, [])] == await _counted(relay)


async def test_relay_waits_for_a_host_that_proves_itself(tmp_path: Path) -> None:
    """RFC 7672 §2.2: under DANE a wrong certificate defers the mail, until the zone or the host is mended."""
    async with _relay(tmp_path, WRONG) as (relay, outside, names):
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        assert [] == outside.world.mails
        _publish(names, outside, PIN)
        relay.jump(3600)
        relay.kept.lines.clear()
        await relay.send(BOB, octets=MAIL + b"Again.\r\n")  # whatever wakes it
        await relay.kept.until("mail.relayed", 2)
        assert 2 == len(outside.world.messages)


async def test_relay_obeys_an_author_who_needs_no_tls(tmp_path: Path) -> None:
    """RFC 8689 §4.2.2: `TLS-Required: No` in the header delivers what DANE would hold back."""
    async with _relay(tmp_path, WRONG) as (relay, outside, _names):
        await relay.send(BOB, octets=TLS_OPTIONAL)
        await relay.kept.until("mail.relayed")
        assert [TLS_OPTIONAL] == outside.world.messages


async def test_relay_hands_requiretls_to_a_proved_host(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: the wish goes on with the mail, and no header of its own lowers it."""
    async with _relay(tmp_path, PIN) as (relay, outside, _names):
        await relay.hand_over(REQUIRED, TO_BOB, octets=TLS_OPTIONAL)
        await relay.kept.until("mail.relayed")
        assert [True] == [mail.require_tls for mail in outside.world.mails]


async def test_relay_returns_what_requires_tls_in_vain(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: a host without REQUIRETLS, or TLS, gets none; the sender hears why, by the header only."""
    lacking = tuple(each for each in BUILT_IN if each.keyword != "REQUIRETLS")
    options = ServerOptions("mx.harbor.test", tls_available=True, extensions=lacking)
    for number, (starttls, status) in enumerate(((True, b"5.7.30"), (False, b"5.7.10"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with _relay(folder, PIN, options if starttls else None, starttls=starttls) as (relay, outside, _names):
            await relay.hand_over(replace(REQUIRED, ret="FULL"), TO_BOB)
            await relay.kept.until("mail.bounced")
            await relay.kept.until("mail.relayed")
            (notice,) = outside.local.messages
            assert ([], True) == (outside.world.mails, b"Status: " + status in notice)
            assert b"High water" not in notice
