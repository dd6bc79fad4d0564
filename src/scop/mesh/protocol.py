"""What may be spoken on a pipe.

Between two cells runs at most one kind of talk, so the peer's identity decides which: nothing has
to be negotiated, and a standard client or server (Postfix, Dovecot, dig) fits at either end.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["PipeProtocol"]


class PipeProtocol(StrEnum):
    """The standards that run between cells, and `call` for questions that have none."""

    SMTP = "smtp"  # RFC 5321
    LMTP = "lmtp"  # RFC 2033
    DOT = "dot"  # RFC 7858: questions, and UPDATE with TSIG (RFC 2136, RFC 8945)
    CALL = "call"  # typed structs, MessagePack, length prefix: scop.mesh.calls
