"""The letters that notices are: to whom, by which way, with what of the mail."""

from __future__ import annotations

import pytest

from scop.cells.relay.letters import SIGNER, Letter, Load, Waiting
from scop.cells.relay.notices import Notices
from scop.dsn import Action, RecipientReport, parse_report
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

NOTICES = Notices("mx.lagoon.test", "lagoon.test")
BOB = ForwardPath.parse("<bob@harbor.test>")
REPORT = RecipientReport(BOB, Action.FAILED, "5.1.1")
ORIGINAL = b"From: ann@lagoon.test\r\nSubject: tide\r\n\r\nsecret body\r\n"


def letter(sender: str, *reports: RecipientReport, ret: str = "", require_tls: bool = False) -> Letter | None:
    """Return the notice to a sender."""
    mail = Mail(ReversePath.parse(sender), ret=ret, require_tls=require_tls, envid="QQ1")
    load = Load(1, "harbor.test", "trace", mail, False, 0.0, (Waiting(1, Recipient(BOB)),))
    return NOTICES.letter(load, ORIGINAL, reports, 60.0)


@pytest.mark.parametrize(
    ("sender", "destination"),
    [
        ("<ann@lagoon.test>", "lagoon.test"),
        ("<ann@LAGOON.test>", "lagoon.test"),
        ("<zoe@island.test>", SIGNER),
        ("<ann@sub.lagoon.test>", SIGNER),
    ],
)
def test_notice_letter_goes_from_nobody_to_the_sender(sender: str, destination: str) -> None:
    """RFC 5321 §4.5.5: from the null path; our own by LMTP, others sealed. It wants no notice about itself."""
    found = letter(sender, REPORT)
    assert found is not None
    assert ReversePath(None) == found.mail.reverse_path
    assert ((destination, Recipient(ForwardPath.parse(sender))),) == found.recipients
    assert "" == found.delivery_id


def test_notice_letter_to_nobody_does_not_exist() -> None:
    """RFC 5321 §6.1: nothing answers `<>`; nothing is told where there is nothing to tell."""
    assert None is letter("<>", REPORT)
    assert None is letter("<ann@lagoon.test>")


def test_notice_letter_of_a_mail_that_requires_tls() -> None:
    """RFC 8689 §5: only its header goes back, and under the same requirement, by which our own user forwards it."""
    full = letter("<zoe@island.test>", REPORT, ret="FULL")
    guarded = letter("<zoe@island.test>", REPORT, ret="FULL", require_tls=True)
    inside = letter("<ann@lagoon.test>", REPORT, require_tls=True)
    assert inside is not None
    assert inside.mail.require_tls
    assert full is not None
    assert guarded is not None
    assert (True, False) == tuple(b"secret body" in each.octets for each in (full, guarded))
    assert (False, True) == (full.mail.require_tls, guarded.mail.require_tls)


def test_notice_letter_for_an_address_in_utf8_needs_smtputf8() -> None:
    """RFC 6531: only there."""
    found, plain = letter("<änne@island.test>", REPORT), letter("<ann@island.test>", REPORT)
    assert found is not None
    assert plain is not None
    assert (True, False) == (found.mail.smtputf8, plain.mail.smtputf8)
    report = parse_report(plain.octets)
    assert report is not None
    assert "QQ1" == report.envelope_id
