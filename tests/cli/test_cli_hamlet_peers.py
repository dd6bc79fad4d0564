"""What other readers are held against: the values that a mail was written from, with every leave that is fair."""

from __future__ import annotations

import datetime
import importlib.util

import pytest

from scop.cli.hamlet_peers import PEERS, Cause, Tally, Watch, disagreements, merged
from scop.cli.hamlet_readers import Read, reader_of
from scop.mime import Address, ContentType, EntityValues, Group, parse

WHEN = datetime.datetime(2026, 11, 25, 9, tzinfo=datetime.UTC)
BOB = Address("Bob", "bob@harbor.test")
MEDIA = ContentType("text", "plain", {"charset": "utf-8"})
VALUES = EntityValues(
    (
        ("Date", WHEN),
        ("To", (Group("Crew", (BOB,)),)),
        ("Subject", "Grüße"),
        ("Content-Type", MEDIA),
        ("Content-Transfer-Encoding", "base64"),
    ),
    "Grüße\r\n".encode(),
)
FIELDS: tuple[tuple[str, object], ...] = (
    ("Subject", "Grüße"),  # in another order
    ("Date", "Wed, 25 Nov 2026 09:00:00 +0000"),  # as it stands
    ("To", (BOB,)),  # the group forgotten
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", " BASE64"),
)


def causes(read: Read) -> list[str]:
    """Return the causes without their repetitions."""
    return sorted(set(disagreements(VALUES, read)))


def test_cli_hamlet_peers_agree_where_they_say_the_same() -> None:
    """Raw fields, forgotten groups, another order and "-0000" as a time without a zone are no disagreements."""
    content = "Grüße\r\n".encode()
    assert [] == causes(Read("text/plain", FIELDS, content))
    assert [] == causes(Read("text/plain", None, None, text="Grüße\n"))
    naive = (*FIELDS[:1], ("Date", WHEN.replace(tzinfo=None)), *FIELDS[2:])
    assert [] == causes(Read("text/plain", naive, content))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (Read("text/html", FIELDS, b""), ["structure: another type than text/*"]),
        (Read("text/plain", FIELDS, parts=(Read("text/plain", ()),)), ["structure: other parts of text/*"]),
        (Read("text/plain", FIELDS[1:], None), ["header: other fields"]),
        (
            Read("text/plain", (("Subject ", "Grüße"), *FIELDS[1:]), None),
            ["header: a blank before the colon is of the name"],
        ),
        (Read("text/plain", (("Subject", "Gr??e"), *FIELDS[1:]), None), ["header: text, not ASCII"]),
        (Read("text/plain", (("Subject", "Grüße "), *FIELDS[1:]), None), ["header: text, white space only"]),
        (Read("text/plain", (FIELDS[0], ("Date", "never"), *FIELDS[2:]), None), ["header: datetime"]),
        (Read("text/plain", (*FIELDS[:2], ("To", ()), *FIELDS[3:]), None), ["header: addresses"]),
        (Read("text/plain", FIELDS, b"R3I="), ["content: base64"]),
        (Read("text/plain", FIELDS, "Grüße\n".encode()), ["content: base64, line ends only"]),
        (Read("text/plain", FIELDS, None, text="GrÃ¼Ã\x9fe"), ["text: charset utf-8"]),
    ],
)
def test_cli_hamlet_peers_disagree_for_a_cause(read: Read, expected: list[str]) -> None:
    """By what kind of thing it is, so that a table stays short."""
    assert expected == causes(read)


def test_cli_hamlet_peers_that_raise_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the type of what they raise; the first mail is the example, wherever it was counted."""

    def broken(octets: bytes) -> Read:
        raise LookupError("no charset")

    monkeypatch.setattr("scop.cli.hamlet_peers.reader_of", lambda name: broken)
    watch = Watch(["email-default"])
    for index in (7, 8):
        watch.observe(index, b"", VALUES)
    assert {"email-default": Tally(2, {"raised LookupError": Cause(2, 7)})} == watch.tallies
    later = {"email-default": Tally(3, {"raised LookupError": Cause(1, 9), "content: 7bit": Cause(9, 10)})}
    assert {"email-default": Tally(5, {"content: 7bit": Cause(9, 10), "raised LookupError": Cause(3, 7)})} == merged(
        [watch.tallies, later]
    )


@pytest.mark.parametrize("name", PEERS)
def test_cli_hamlet_peers_read_a_plain_mail_as_we_do(name: str) -> None:
    """Each reader is asked rightly: about what today's senders write, nobody disagrees."""
    if importlib.util.find_spec(PEERS[name].module) is None:
        pytest.skip(f"{PEERS[name].package} is not installed")
    mail = (
        b"Date: Wed, 25 Nov 2026 09:00:00 +0100\r\nFrom: Ada <ada@lagoon.test>\r\nTo: Bob <bob@harbor.test>\r\n"
        b"Message-ID: <1@lagoon.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
        b"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Gr=C3=BC=C3=9Fe\r\n--=_b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="tide.pdf"\r\n\r\nJVBERg==\r\n--=_b--\r\n'
    )
    assert [] == list(disagreements(parse(mail).values(), reader_of(name)(mail)))
