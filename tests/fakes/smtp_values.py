"""Mailboxes and messages as hypothesis draws them, and an envelope that says all that one can."""

from hypothesis import strategies as st

from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Origin, Recipient, ReversePath
from scop.smtp.delivery import DeliverBy, Hold

__all__ = ["DOMAINS", "FULL_ENVELOPE", "MAILBOXES", "STRICT_MESSAGES"]

FULL_ENVELOPE = Envelope(
    Mail(
        ReversePath.parse("<ceo@lagoon.test>"),
        body="8BITMIME",
        smtputf8=True,
        auth=Mailbox("ceo", "lagoon.test"),
        origin=Origin("192.0.2.1", 25, "mx.lagoon.test", "mx.lagoon.test", "UTF8SMTPS", "0123456789ab"),
        ret="HDRS",
        envid="QQ+314=159 xtext",
        require_tls=True,
        deliver_by=DeliverBy(3600, "R", trace=True),
        hold=Hold(for_seconds=60),
        priority=-3,
    ),
    (
        Recipient(ForwardPath.parse("<bob@harbor.test>"), frozenset({"SUCCESS", "DELAY"}), "rfc822;bob+1@sea.test"),
        Recipient(ForwardPath.parse("<döra@harbor.test>"), frozenset({"NEVER"})),
    ),
)

_LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
DOMAINS = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)
_LOCAL_TEXT = st.text(
    st.one_of(
        st.characters(min_codepoint=32, max_codepoint=126), st.characters(min_codepoint=0xA1, max_codepoint=0x2FF)
    ),
    max_size=14,
)
MAILBOXES = st.builds(Mailbox, _LOCAL_TEXT, DOMAINS)

_PIECES = st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r\n.", b"bcd", b"\r\n\r\n", b"\r\n.."])
STRICT_MESSAGES = st.lists(_PIECES, max_size=12).map(lambda pieces: b"".join(pieces) + b"\r\n")
