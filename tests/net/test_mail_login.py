"""How the client driver shows who it is, against the server's driver under TLS."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fakes.mail_sessions import Listening, Records, listen
from fakes.mail_thread import ScramSession
from fakes.self_signed import HOSTNAME, certificate_pem, client_context, server_context
from scop.net.dialer import tcp_dialer
from scop.net.mail_client import MailClient
from scop.net.mail_server import Entrance, MailServer
from scop.smtp import ServerOptions
from scop.smtp.sasl import tls_server_end_point

END_POINT = tls_server_end_point(ssl.PEM_cert_to_DER_cert(certificate_pem().decode()))
ALL = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")


@asynccontextmanager
async def _serving(records: Records, *mechanisms: str, binding: bytes = END_POINT) -> AsyncIterator[Listening]:
    options = ServerOptions(HOSTNAME, tls_active=True, auth_mechanisms=mechanisms)
    session, tls = ScramSession(records, binding), server_context()
    async with listen(lambda: MailServer(options, session, tls=tls, entrance=Entrance(implicit_tls=True))) as found:
        yield found


async def _client(listening: Listening) -> MailClient:
    dial = tcp_dialer("127.0.0.1", listening.port, tls=client_context(), server_name=HOSTNAME)
    return await MailClient.open(dial, name="me.test", lmtp=False)


@pytest.mark.parametrize(
    ("mechanisms", "told"),
    [
        (ALL, "authenticated by SCRAM-SHA-256-PLUS"),
        (("LOGIN", "PLAIN"), "authenticate alice"),
        (("LOGIN",), "authenticate alice"),
    ],
)
async def test_login_takes_the_strongest_way(mechanisms: tuple[str, ...], told: str) -> None:
    """What both ends know and is the strongest is used, and the server lets us in."""
    records = Records()
    async with _serving(records, *mechanisms) as listening:
        client = await _client(listening)
        assert 235 == (await client.authenticate("alice", "secret")).code
        assert told in records.asked
        assert client.is_usable
        await client.quit()


async def test_login_without_plus_is_let_in_by_a_server_that_has_none() -> None:
    """RFC 5802 §6: `y` is no fault where -PLUS was not offered."""
    records = Records()
    async with _serving(records, "SCRAM-SHA-256", binding=b"") as listening:
        client = await _client(listening)
        assert 235 == (await client.authenticate("alice", "secret")).code
        await client.quit()
    assert "authenticated by SCRAM-SHA-256" in records.asked


async def test_login_is_tried_otherwise_after_scram() -> None:
    """A server that keeps no SCRAM verifier of a password says 535 as for a wrong one; PLAIN may still let us in."""
    records = Records()
    async with _serving(records, *ALL) as listening:
        client = await _client(listening)
        assert 535 == (await client.authenticate("alice", "wrong")).code
        await client.quit()
    assert "authenticate alice" in records.asked
