"""How the mailbox knows a mail that it forwarded before."""

from __future__ import annotations

import tracemalloc

import pytest

from scop.cells.mailbox.forwarding import Forward, forwarded_octets, was_delivered_to
from scop.smtp import ForwardPath, Mailbox, Recipient

HOST = "mx.harbor.test"
FROM = b"From: carol@lagoon.test\r\n"
BODY = b"\r\nDelivered-To: bob@harbor.test\r\n"


def forward_of(path: str) -> Forward:
    """Return what a recipient's mail goes on by."""
    return Forward(Recipient(ForwardPath.parse(path)), (Mailbox("bob", "elsewhere.test"),))


BOB = forward_of("<Bob@harbor.test>")


@pytest.mark.parametrize("path", ["<bob@harbor.test>", "<BOB+x@Harbor.test>", '<"a b"@harbor.test>', "<postmaster>"])
def test_forward_knows_what_it_forwarded(path: str) -> None:
    """RFC 9228 §3: what we wrote above a mail we find again, wherever others put it, and for that recipient only."""
    forward = forward_of(path)
    back = FROM + forwarded_octets(FROM + BODY, HOST, forward)
    assert (True, False) == (was_delivered_to(back, forward), was_delivered_to(back, forward_of("<eve@harbor.test>")))


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        (b"", False),
        (b"delivered-to :bob@HARBOR.test\t\r\n", True),
        (b"Delivered-To:\r\n bob@harbor.test\r\n", True),
        (b"Delivered-To: eve@harbor.test\r\nDelivered-To: bob@harbor.test\r\n", True),
        (b"X-Delivered-To: bob@harbor.test\r\n", False),
        (b"Delivered-To: x.bob@harbor.test\r\n", False),
        (b"Delivered-To: bob@harbor.test.evil.test\r\n", False),
        (b"Delivered-To: bob@harbor.test\r\n .evil.test\r\n", False),
        (b"Delivered-To: bob@harborxtest\r\n", False),
        (b"Subject: a\r\n Delivered-To: bob@harbor.test\r\n", False),
    ],
)
def test_forward_knows_its_own_field(header: bytes, is_known: bool) -> None:
    """RFC 5322 §2.2: names and domains in any case, folded or not; neither part of an address nor of another field."""
    assert is_known == was_delivered_to(FROM + header + BODY, BOB)
    assert is_known == was_delivered_to(header + FROM + BODY, BOB)


def test_forward_of_a_huge_header_is_not_taken_apart() -> None:
    """A million fields are looked through, never made into a million values: that took gigabytes and half a minute."""
    huge = b"a:\r\n" * 1_000_000 + b"Delivered-To: bob@harbor.test\r\n"
    tracemalloc.start()
    try:
        assert was_delivered_to(huge + BODY, BOB)
        assert 4 * len(huge) > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
