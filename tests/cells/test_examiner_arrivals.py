"""Mails on their way into the examiner: bounded, whole, and in the end fixed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from fakes.jumping_clock import JumpingClock
from scop.cells.examiner.arrivals import MAX_ARRIVING, SILENT_SECONDS, Arrivals, ArrivedMail
from scop.mesh.underway import digest_of
from scop.mesh.vocabulary.examiner import ExamineMail
from scop.net.faults import PermanentFailure, TemporaryFailure

LIMIT = 100


@pytest.fixture
def taken() -> Iterator[list[ArrivedMail]]:
    """Close what a test took."""
    mails: list[ArrivedMail] = []
    yield mails
    for mail in mails:
        mail.close()


def test_mail_of_the_largest_size_is_taken_and_one_octet_more_is_not(taken: list[ArrivedMail]) -> None:
    """The limit holds at n and n+1, before anything of it is kept."""
    arrivals = Arrivals(LIMIT, JumpingClock())
    mail = arrivals.take(ExamineMail("a", 0, LIMIT, b"x" * LIMIT, "client"))
    assert mail is not None
    taken.append(mail)
    assert (LIMIT, "client", digest_of(b"x" * LIMIT)) == (mail.octets, mail.client, mail.digest)
    with pytest.raises(PermanentFailure):
        arrivals.take(ExamineMail("b", 0, LIMIT + 1, b""))


def test_mail_that_has_arrived_cannot_be_changed(taken: list[ArrivedMail]) -> None:
    """Who reads it and who scans it see the same."""
    mail = Arrivals(LIMIT, JumpingClock()).take(ExamineMail("a", 0, 4, b"mail"))
    assert mail is not None
    taken.append(mail)
    for change in (
        lambda descriptor: os.pwrite(descriptor, b"M", 0),
        lambda descriptor: os.ftruncate(descriptor, 0),
        lambda descriptor: os.pwrite(descriptor, b"more", 4),
    ):
        with pytest.raises(PermissionError):
            change(mail.descriptor)
    assert b"mail" == os.pread(mail.descriptor, 10, 0)


def test_mails_that_never_end_make_room_for_others() -> None:
    """The one that was silent longest is let go; its next piece is refused."""
    arrivals = Arrivals(LIMIT, JumpingClock())
    for number in range(MAX_ARRIVING + 1):
        assert arrivals.take(ExamineMail(str(number), 0, 2, b"x")) is None
    with pytest.raises(PermanentFailure):
        arrivals.take(ExamineMail("0", 1, 2, b"x"))
    for number in range(1, MAX_ARRIVING + 1):
        mail = arrivals.take(ExamineMail(str(number), 1, 2, b"x"))
        assert mail is not None
        arrivals.release(mail)


@pytest.mark.parametrize(
    ("bound", "others"), [("MAX_HELD_OCTETS", ("one", "two")), ("MAX_CLIENT_OCTETS", ("one", "one"))]
)
def test_mails_are_bounded_together_from_their_first_piece(
    monkeypatch: pytest.MonkeyPatch, taken: list[ArrivedMail], bound: str, others: tuple[str, str]
) -> None:
    """What is announced counts: beyond it the sender is asked to come again; what was released has room for others."""
    monkeypatch.setattr(f"scop.cells.examiner.arrivals.{bound}", 10)
    arrivals = Arrivals(LIMIT, JumpingClock())
    first, second = others
    assert arrivals.take(ExamineMail("a", 0, 6, b"1", first)) is None
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            arrivals.take(ExamineMail("b", 0, 5, b"1", second))
    mail = arrivals.take(ExamineMail("a", 1, 6, b"23456", first))
    assert mail is not None
    arrivals.release(mail)
    again = arrivals.take(ExamineMail("b", 0, 5, b"12345", second))
    assert again is not None
    taken.append(again)


def test_mails_that_nobody_brings_any_more_hold_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who brought them has given up, and every other mail would wait for ever."""
    monkeypatch.setattr("scop.cells.examiner.arrivals.MAX_HELD_OCTETS", 10)
    clock = JumpingClock()
    arrivals = Arrivals(LIMIT, clock)
    assert arrivals.take(ExamineMail("a", 0, 10, b"1")) is None
    clock.jump(SILENT_SECONDS)
    assert arrivals.take(ExamineMail("b", 0, 10, b"1")) is None
    with pytest.raises(PermanentFailure):
        arrivals.take(ExamineMail("a", 1, 10, b"234567890"))


@pytest.mark.parametrize(
    ("address", "client"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1:2", "2001:db8::/64"), ("unix", "unix"), ("", "")],
)
def test_client_of_ipv6_is_its_site(taken: list[ArrivedMail], address: str, client: str) -> None:
    """Else it were a new client with each mail (RFC 6177 §2)."""
    mail = Arrivals(LIMIT, JumpingClock()).take(ExamineMail("a", 0, 1, b"x", address))
    assert mail is not None
    taken.append(mail)
    assert client == mail.client
