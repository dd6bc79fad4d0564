"""Forwards, their bounces, and notices of delivery between two real meshes."""

from __future__ import annotations

import smtplib

from fakes.real_mesh import RunningWorld
from scop.cli.shared import ask
from scop.dsn import Action, parse_report
from scop.mesh.vocabulary.keeper import AddForward
from scop.mime import parse


def letter(subject: str, sender: str, recipient: str) -> bytes:
    """Write a small mail."""
    return f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nText\r\n".encode()


def forward(running_world: RunningWorld, name: str, address: str, *, keeps_copy: bool = True) -> str:
    """Open an account at harbor that forwards its mail; return its address."""
    recipient = running_world.person(name)
    ask(running_world.scene.config(running_world.world.harbor), "keeper", AddForward(name, address, keeps_copy))
    return recipient


def test_forwarding_arrives_with_its_seal_and_its_bounces_come_home(running_world: RunningWorld) -> None:
    """A mail of lagoon's is forwarded back to lagoon: it passes DMARC there, from a sender that only harbor unwraps."""
    lagoon = running_world.world.lagoon
    sender = running_world.person("wanda", lagoon)
    there = running_world.person("travelling", lagoon)
    recipient = forward(running_world, "away", there)
    with running_world.login("wanda") as client:
        client.sendmail(sender, [recipient], letter("tide", sender, recipient))
    (arrived,) = running_world.await_mails("travelling", 1, lagoon)
    assert 1 == len(running_world.await_mails("away", 1))
    (octets,) = running_world.octets("travelling", [arrived], lagoon)
    assert arrived.reverse_path.startswith("<SRS0=")
    assert arrived.reverse_path.endswith("@harbor.test>")
    assert f"Delivered-To: {recipient}\r\n".encode() in octets
    assert b"dmarc=pass header.from=lagoon.test" in octets
    assert b"arc=pass" in octets
    assert b"d=harbor.test" in octets[octets.index(b"ARC-Seal:") :].partition(b"ARC-Message-Signature:")[0]
    assert 1 == octets.count(b"X-SCoP-Spam:")

    bounce = letter("bounce", "postmaster@stranger.test", sender)
    with running_world.stranger() as stranger:
        assert {} == stranger.sendmail("<>", [arrived.reverse_path], bounce)
    (home,) = running_world.await_mails("wanda", 1, lagoon)
    assert ("<>", "bounce") == (home.reverse_path, home.subject)
    forged = arrived.reverse_path.replace("wanda", "alice")
    with running_world.stranger() as stranger:
        stranger.ehlo()
        stranger.mail("<>")
        assert 550 == stranger.rcpt(forged)[0]


def test_forwarding_of_a_forged_mail_lends_it_no_seal_of_ours(running_world: RunningWorld) -> None:
    """What a stranger sent goes on as a stranger's: it bears no signature of harbor's."""
    lagoon = running_world.world.lagoon
    there = running_world.person("sealess", lagoon)
    recipient = forward(running_world, "unsealed", there, keeps_copy=False)
    with running_world.stranger() as stranger:
        stranger.sendmail("s@stranger.test", [recipient], letter("strange", "s@stranger.test", recipient))
    (octets,) = running_world.octets("sealess", running_world.await_mails("sealess", 1, lagoon), lagoon)
    assert b"DKIM-Signature" not in octets
    assert 0 == len(running_world.mails("unsealed"))


def test_forwarding_in_a_circle_ends(running_world: RunningWorld) -> None:
    """Two people who forward to each other each have the mail once."""
    lagoon = running_world.world.lagoon
    there = running_world.person("round", lagoon)
    recipient = forward(running_world, "about", there)
    ask(running_world.scene.config(lagoon), "keeper", AddForward("round", recipient))
    with running_world.stranger() as stranger:
        stranger.sendmail("s@stranger.test", [recipient], letter("circle", "s@stranger.test", recipient))
    assert 1 == len(running_world.await_mails("round", 1, lagoon))
    # The one that came back is kept: it is not the mail that went, for it bears more trace fields.
    assert 2 == len(running_world.await_mails("about", 2))
    assert 1 == len(running_world.mails("round", lagoon))


def test_delivery_is_told_to_who_asked(running_world: RunningWorld) -> None:
    """NOTIFY=SUCCESS is answered by the mailbox that has the mail, two meshes away."""
    lagoon = running_world.world.lagoon
    sender = running_world.person("curious", lagoon)
    recipient = running_world.person("punctual")
    with running_world.login("curious") as client:
        _send_wanting(client, sender, recipient)
    (told,) = running_world.await_mails("curious", 1, lagoon)
    (octets,) = running_world.octets("curious", [told], lagoon)
    report = parse_report(octets)
    assert report is not None
    (one,) = report.recipients
    assert (Action.DELIVERED, recipient) == (one.action, one.final_recipient)
    assert ("<>", "QQ314") == (told.reverse_path, report.envelope_id)
    assert "postmaster@harbor.test" in str(parse(octets).header.get("From"))


def _send_wanting(client: smtplib.SMTP, sender: str, recipient: str) -> None:
    assert 250 == client.mail(sender, ["RET=HDRS", "ENVID=QQ314"])[0]
    assert 250 == client.rcpt(recipient, ["NOTIFY=SUCCESS"])[0]
    assert 250 == client.data(letter("receipt", sender, recipient))[0]
