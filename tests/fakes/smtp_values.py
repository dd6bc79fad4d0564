"""Mailboxes and messages as hypothesis draws them."""

from hypothesis import strategies as st

from scop.smtp import Mailbox

__all__ = ["DOMAINS", "MAILBOXES", "STRICT_MESSAGES"]

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
