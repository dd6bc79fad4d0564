"""The client's driver before a server that takes more than CRLF.CRLF for an end, and reads what it refused."""

import asyncio

import pytest

from fakes.lenient_server import SMUGGLED, Lenient, smuggling_sequences
from fakes.mail_sessions import listen
from scop.base import LocalProtocolError
from scop.net.mail_client import MailClient
from scop.smtp import Envelope, ForwardPath, Mail, Recipient, ReversePath

A = ReversePath.parse("<a@b.test>")
C = Recipient(ForwardPath.parse("<c@d.test>"))
OFFERS = b"250-CHUNKING\r\n250-BINARYMIME\r\n"


async def _mails_at(server: Lenient, mail: Mail, message: bytes) -> list[bytes]:
    """Send a message; return what the server took for mails."""

    class Speaking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            transport.write(b"220 x\r\n")

        def data_received(self, octets: bytes) -> None:
            self.transport.write(server.feed(octets))

    async with listen(Speaking) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        try:
            await client.transaction(Envelope(mail, (C,)), message)
        except LocalProtocolError:
            client.close()
        else:
            await client.quit()
    return server.mails


@pytest.mark.parametrize("offers", [b"", OFFERS])
@pytest.mark.parametrize("number", range(9))
async def test_driver_smuggles_no_text(number: int, offers: bytes) -> None:
    """RFC 5321 §2.3.8: by DATA and by BDAT what could be read as two mails is not sent at all."""
    message = b"Subject: x\r\n\r\nhello" + smuggling_sequences()[number] + SMUGGLED
    assert [] == await _mails_at(Lenient(offers), Mail(A), message)


@pytest.mark.parametrize("number", range(9))
async def test_driver_sends_binary_whole(number: int) -> None:
    """RFC 3030 §2: what goes by its length arrives as one mail."""
    message = b"Subject: x\r\n\r\nhello" + smuggling_sequences()[number] + SMUGGLED
    assert [message] == await _mails_at(Lenient(OFFERS), Mail(A, body="BINARYMIME"), message)


@pytest.mark.parametrize("body", ["", "BINARYMIME"])
async def test_driver_sends_nothing_behind_a_refusal(body: str) -> None:
    """A stranger that refuses the recipient and then reads on gets no octet of the message to read as commands."""
    assert [] == await _mails_at(Lenient(OFFERS, refuses=True), Mail(A, body=body), SMUGGLED + b"x\r\n")
