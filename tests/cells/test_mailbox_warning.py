"""The sentence that an owner reads of what was found in a mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.filter.stamp import finding_fields
from scop.cells.mailbox.warning import warning_above
from scop.mesh.config.attachments import Policy
from scop.mesh.vocabulary.examiner import FoundThing

HOST = "mx.harbor.test"
RECEIVED = b"Received: from a (a [192.0.2.1])\r\n\tby mx.harbor.test with ESMTP\r\n\tid x; now\r\n"
BELOW = b"From: a@lagoon.test\r\n\r\nText\r\n"


@given(st.text(max_size=60))
def test_warning_is_what_the_filter_wrote(reason: str) -> None:
    """Whatever characters a stranger's file name put into it, as far as they can be shown."""
    stamps = finding_fields([FoundThing("macro", "suspicious", "part 1", reason)], Policy.TAG)
    warning = warning_above(b"Return-Path: <>\r\n" + stamps + RECEIVED + BELOW, HOST)
    assert warning.isprintable()
    assert not reason.isprintable() or reason.strip() == warning.strip()


@pytest.mark.parametrize(
    "octets",
    [
        RECEIVED + BELOW,
        RECEIVED + b'X-SCoP-Finding: macro; severity=dangerous; reason="no"\r\n' + BELOW,
        b'X-SCoP-Finding: name; severity=note; reason="no"\r\n' + RECEIVED + BELOW,
        b'X-SCoP-Finding: name; severity=dangerous; reason="no"\r\n' + BELOW,
    ],
)
def test_note_and_what_others_wrote_warn_of_nothing(octets: bytes) -> None:
    """Only what stands above our own Received is ours."""
    assert "" == warning_above(octets, HOST)
