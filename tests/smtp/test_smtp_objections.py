"""What a server can't be given, and the limits that it tells."""

import pytest

from scop.base import LocalProtocolError
from scop.smtp import ClientConnection, DeliverBy, ForwardPath, Hello, Mail, Recipient, ReversePath
from scop.smtp.limits import Limits
from scop.smtp.objections import objection_to

A = ReversePath.parse("<a@b.test>")
UTF8 = ReversePath.parse("<ä@b.test>")
WISHES = {
    "SMTPUTF8": (Mail(A, smtputf8=True), "5.6.7"),
    "8BITMIME": (Mail(A, body="8BITMIME"), "5.6.3"),
    "BINARYMIME": (Mail(A, body="BINARYMIME"), "5.6.3"),
    "REQUIRETLS": (Mail(A, require_tls=True), "5.7.30"),
    "DELIVERBY": (Mail(A, deliver_by=DeliverBy(60, "R")), "5.4.7"),
}


def _told(*offers: str) -> ClientConnection:
    client = ClientConnection()
    client.receive_data(b"220 mx\r\n")
    client.next_event()
    client.send(Hello("EHLO", "me.test"))
    lines = ["mx", *offers]
    text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
    client.receive_data(text.encode())
    client.next_event()
    return client


@pytest.mark.parametrize("keyword", WISHES)
def test_nothing_that_a_mail_needs_is_dropped(keyword: str) -> None:
    """A server that does not offer it is not given the mail; the objection has the code of its own kind."""
    mail, code = WISHES[keyword]
    found = objection_to(mail, {})
    assert found is not None
    assert (550, code) == (found.code, found.enhanced)
    assert objection_to(mail, {keyword: "", "CHUNKING": ""}) is None
    with pytest.raises(LocalProtocolError):
        _told().send(mail)


def test_binary_needs_chunks_too() -> None:
    """RFC 3030 §3: BINARYMIME without CHUNKING can't be used."""
    assert objection_to(Mail(A, body="BINARYMIME"), {"BINARYMIME": ""}) is not None


@pytest.mark.parametrize(
    ("limit", "is_taken"), [("", True), ("0", True), ("999", False), ("1000", True), ("x", True), ("²", True)]
)
def test_a_mail_is_not_larger_than_the_server_takes(limit: str, is_taken: bool) -> None:
    """RFC 1870 §4, §6.1: at the limit it is taken, above it is not; 0 and what is no number are no limit."""
    found = objection_to(Mail(A, size_octets=1000), {"SIZE": limit})
    assert is_taken is (found is None)
    assert objection_to(Mail(A), {"SIZE": limit}) is None


@pytest.mark.parametrize("mail", [Mail(A), Mail(A, body="7BIT"), Mail(A, deliver_by=DeliverBy(60, "N"))])
def test_a_plain_mail_meets_no_objection(mail: Mail) -> None:
    """What may be dropped is (RFC 2852 §4: by-mode N)."""
    assert objection_to(mail, {}) is None


def test_utf8_addresses_are_never_sent_without_smtputf8() -> None:
    """RFC 6531 §3.1 (4): not though the server offers it, in MAIL and in RCPT."""
    client = _told("SMTPUTF8", "PIPELINING")
    with pytest.raises(LocalProtocolError):
        client.send(Mail(UTF8))
    client.send(Mail(A))
    with pytest.raises(LocalProtocolError):
        client.send(Recipient(ForwardPath.parse("<ü@b.test>")))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", Limits()),
        ("MAILMAX=5 RCPTMAX=10 RCPTDOMAINMAX=1", Limits(5, 10, 1)),
        ("mailmax=5", Limits(mail_max=5)),
        ("MAILMAX=0 RCPTMAX=-1 RCPTDOMAINMAX", Limits()),
        ("MAILMAX=1234567 RCPTMAX=999999", Limits(rcpt_max=999_999)),
        ("X-NEW=a RCPTMAX=7 =3 MAILMAX==4", Limits(rcpt_max=7)),
    ],
)
def test_limits_are_read(parameters: str, expected: Limits) -> None:
    """RFC 9422 §4: numbers of one to six digits; what is malformed or unknown says nothing."""
    assert expected == Limits.parse(parameters)


def test_limits_are_kept() -> None:
    """RFC 9422 §3: the machine itself sends no recipient and no mail above them."""
    client = _told("PIPELINING", "LIMITS MAILMAX=1 RCPTMAX=1")
    one = Recipient(ForwardPath.parse("<c@d.test>"))
    client.send(Mail(A))
    client.send(one)
    assert 452 == getattr(client.objection(one), "code", 0)
    with pytest.raises(LocalProtocolError):
        client.send(one)
    assert client.is_spent
    client.receive_data(b"550 no\r\n503 no\r\n")
    client.next_event()
    client.next_event()
    with pytest.raises(LocalProtocolError):
        client.send(Mail(A))


@pytest.mark.parametrize("name", ["me\r\nMAIL FROM:<x@y.test>", "me\nRSET", "me\0", "me\r"])
def test_a_command_is_one_line(name: str) -> None:
    """What a client says never smuggles: no value makes two commands of one."""
    client = ClientConnection()
    client.receive_data(b"220 mx\r\n")
    client.next_event()
    with pytest.raises(LocalProtocolError):
        client.send(Hello("EHLO", name))
