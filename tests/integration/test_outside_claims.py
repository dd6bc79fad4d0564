"""What travels beside the mail inside the mesh is never believed from outside."""

from __future__ import annotations

import smtplib

import pytest

from fakes.real_mesh import RunningWorld, unverified
from scop.cli.demo.scene import PORTS


@pytest.mark.parametrize(
    "claim", ["IDENT=000000000000", "ADDR=127.0.0.1 NAME=friend.test", "PROTO=ESMTP HELO=friend.test"]
)
def test_outside_claims_xforward_is_refused_at_25(running_world: RunningWorld, claim: str) -> None:
    """XFORWARD is no command of the public receiver, and EHLO does not offer it."""
    with running_world.stranger() as client:
        client.ehlo()
        assert not client.has_extn("xforward")
        code, _ = client.docmd("XFORWARD", claim)
        assert 500 <= code < 600


def test_outside_claims_xforward_is_refused_at_587_and_465(running_world: RunningWorld) -> None:
    """Nor of submission, even for one who has logged in."""
    with running_world.login("alice") as client:
        assert not client.has_extn("xforward")
        assert 500 <= client.docmd("XFORWARD", "IDENT=000000000000")[0] < 600
    with smtplib.SMTP(running_world.world.lagoon.address, PORTS.submission, timeout=60) as client:
        client.starttls(context=unverified())
        client.ehlo()
        assert 500 <= client.docmd("XFORWARD", "IDENT=000000000000")[0] < 600


def test_outside_claims_auth_parameter_is_refused_at_25(running_world: RunningWorld) -> None:
    """MAIL FROM … AUTH= needs AUTH, which the receiver does not offer (RFC 4954 §5)."""
    with running_world.stranger() as client:
        client.ehlo()
        code, _ = client.docmd("MAIL", "FROM:<a@stranger.test> AUTH=ceo@harbor.test")
        assert 500 <= code < 600


@pytest.mark.parametrize("wish", ["BY=60;R", "HOLDFOR=60", "MT-PRIORITY=9", "BODY=BINARYMIME", "REQUIRETLS"])
def test_outside_claims_wishes_of_our_own_users_are_refused_at_25(running_world: RunningWorld, wish: str) -> None:
    """What pipes take of each other nobody outside may ask for; REQUIRETLS not in the clear (RFC 8689 §2)."""
    with running_world.stranger() as client:
        client.ehlo()
        code, _ = client.docmd("MAIL", f"FROM:<a@stranger.test> {wish}")
        assert 500 <= code < 600


def test_outside_claims_xclient_is_refused_everywhere(running_world: RunningWorld) -> None:
    """Nobody outside speaks for another client."""
    with running_world.stranger() as client:
        client.ehlo()
        assert 500 <= client.docmd("XCLIENT", "ADDR=192.0.2.1")[0] < 600
    with running_world.login("alice") as user:
        assert 500 <= user.docmd("XCLIENT", "ADDR=192.0.2.1 LOGIN=postman")[0] < 600


def test_outside_claims_auth_parameter_is_ignored_at_submission(running_world: RunningWorld) -> None:
    """Who submits is who logged in, whatever AUTH= says."""
    recipient = running_world.person("claims")
    with running_world.login("alice") as client:
        code, _ = client.docmd("MAIL", "FROM:<alice@lagoon.test> AUTH=postman@lagoon.test")
        assert 250 == code
        client.rcpt(recipient)
        code, _ = client.data(b"From: alice@lagoon.test\r\nSubject: who\r\n\r\nMe.\r\n")
        assert 250 == code
        code, _ = client.docmd("MAIL", "FROM:<postman@lagoon.test> AUTH=postman@lagoon.test")
        assert 550 <= code <= 553


def test_outside_claims_a_password_is_never_taken_in_the_clear(running_world: RunningWorld) -> None:
    """Before STARTTLS there is no AUTH on 587."""
    with smtplib.SMTP(running_world.world.lagoon.address, PORTS.submission, timeout=60) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert 500 <= client.docmd("AUTH", "PLAIN AGFsaWNlAHg=")[0] < 600


def test_outside_claims_forged_results_do_not_survive(running_world: RunningWorld) -> None:
    """An Authentication-Results or X-SCoP field that bears our name is removed on the way in."""
    recipient = running_world.person("fooled")
    mail = (
        b"Authentication-Results: MX.harbor.test (comment) ; dmarc=pass header.from=bank.test\r\n"
        b"Authentication-Results: harbor.test; dmarc=pass header.from=bank.test\r\n"
        b"X-SCoP-Spam: ham; score=0.000\r\nX-SCoP-Disposition: none\r\n"
        b"From: s@stranger.test\r\nTo: fooled@harbor.test\r\nSubject: forged\r\n\r\nTrust me.\r\n"
    )
    with running_world.stranger() as client:
        client.sendmail("s@stranger.test", [recipient], mail)
    (stored,) = running_world.octets("fooled", running_world.await_mails("fooled", 1))
    assert b"bank.test" not in stored
    assert 1 == stored.count(b"X-SCoP-Spam:")


def test_outside_claims_postmaster_and_abuse_reach_a_person(running_world: RunningWorld) -> None:
    """RFC 5321 §4.5.1: postmaster of the domain and the bare one; RFC 2142: abuse."""
    before = len(running_world.mails("bob"))
    for recipient in ("postmaster@harbor.test", "<Postmaster>", "ABUSE@harbor.test"):
        with running_world.stranger() as client:
            client.ehlo()
            client.mail("s@stranger.test")
            code, text = client.docmd("RCPT", f"TO:{recipient}" if recipient.startswith("<") else f"TO:<{recipient}>")
            assert 250 == code, text
            code, text = client.data(f"From: s@stranger.test\r\nSubject: {recipient}\r\n\r\nHelp.\r\n".encode())
            assert 250 == code, text
    assert before + 3 == len(running_world.await_mails("bob", before + 3))


def test_outside_claims_unknown_people_and_foreign_domains_are_refused_at_rcpt(running_world: RunningWorld) -> None:
    """Before any octet of the mail is sent."""
    with running_world.stranger() as client:
        client.ehlo()
        client.mail("s@stranger.test")
        assert 550 == client.rcpt("nobody@harbor.test")[0]
        code, text = client.rcpt("someone@elsewhere.test")
        assert 550 == code
        assert b"5.7.1" in text


def test_outside_claims_a_sender_must_own_the_address(running_world: RunningWorld) -> None:
    """Neither the envelope nor the From field may name somebody else."""
    recipient = running_world.person("owner")
    with running_world.login("alice") as client:
        code, _ = client.mail("postman@lagoon.test")
        assert 550 <= code <= 553
        client.rset()
        client.mail("alice@lagoon.test")
        client.rcpt(recipient)
        code, _ = client.data(b"From: The Chief <ceo@lagoon.test>\r\n\r\nx\r\n")
        assert 550 <= code <= 553
