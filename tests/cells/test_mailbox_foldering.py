"""Which folder: by our own topmost stamps and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.mailbox.foldering import Folder, folder_of

HOST = "mx.harbor.test"
RECEIVED = b"Received: from a (a [192.0.2.1])\r\n\tby mx.harbor.test with ESMTP\r\n\tid x; now\r\n"
BELOW = b"From: a@lagoon.test\r\n\r\nText\r\n"


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (b"", Folder.INBOX),
        (b"X-SCoP-Disposition: none\r\nX-SCoP-Spam: ham; score=0.010\r\n", Folder.INBOX),
        (b"X-SCoP-Disposition: none\r\nX-SCoP-Spam: unsure; score=0.500\r\n", Folder.INBOX),
        (b"X-SCoP-Disposition: none\r\nX-SCoP-Spam: spam; score=0.998;\r\n clues=a,b\r\n", Folder.JUNK),
        (b"X-SCoP-Disposition: quarantine\r\nX-SCoP-Spam: ham; score=0.010\r\n", Folder.JUNK),
        (b"x-scop-disposition:\r\n Quarantine\r\n", Folder.JUNK),
        (b"Authentication-Results: mx.harbor.test; spf=pass\r\nX-SCoP-Spam: spam\r\n", Folder.JUNK),
    ],
)
def test_mailbox_folder_is_junk_for_quarantine_and_for_spam(stamps: bytes, expected: Folder) -> None:
    """Either verdict is enough."""
    assert expected is folder_of(stamps + RECEIVED + BELOW, HOST)


@pytest.mark.parametrize("word", [b"tag", b"quarantine"])
def test_mailbox_folder_is_quarantine_for_what_is_dangerous_to_open(word: bytes) -> None:
    """Whatever else is said of it, and whatever its owner would call it."""
    stamps = b"X-SCoP-Disposition: quarantine\r\nX-SCoP-Attachments: " + word + b"\r\nX-SCoP-Spam: spam\r\n"
    expected = Folder.QUARANTINE if word == b"quarantine" else Folder.JUNK
    assert expected is folder_of(stamps + RECEIVED + BELOW, HOST, own_view="ham")


@pytest.mark.parametrize(
    "verdict",
    [b"X-SCoP-Spam: spam\r\n", b"X-SCoP-Disposition: quarantine\r\n", b"X-SCoP-Attachments: quarantine\r\n"],
)
def test_mailbox_folder_looks_only_above_our_received(verdict: bytes) -> None:
    """What stands below was written by others, and so was everything where no Received is ours."""
    assert Folder.INBOX is folder_of(RECEIVED + verdict + BELOW, HOST)
    assert Folder.INBOX is folder_of(verdict + RECEIVED.replace(b"mx.harbor", b"mx.lagoon") + BELOW, HOST)


def test_mailbox_folder_goes_by_the_topmost_of_a_name() -> None:
    """The last cell to speak is right."""
    octets = b"X-SCoP-Spam: ham\r\nX-SCoP-Spam: spam\r\n" + RECEIVED + BELOW
    assert Folder.INBOX is folder_of(octets, HOST)


@given(st.binary(max_size=300))
def test_mailbox_folder_is_found_for_any_octets(octets: bytes) -> None:
    """Nothing that a mail holds stops its delivery."""
    assert folder_of(octets, HOST) in Folder
    assert folder_of(b"X-SCoP-Spam: spam\r\n" + RECEIVED + octets, HOST) is Folder.JUNK
