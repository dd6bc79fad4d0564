"""The faults a protocol library raises: the type says whose fault it is.

Outcomes (a check that fails, a signature that does not verify) are values and never raised.
"""

from __future__ import annotations

__all__ = ["LimitExceeded", "LocalProtocolError", "ProtocolError", "RemoteProtocolError"]


class ProtocolError(Exception):
    """A standard was not kept."""


class LocalProtocolError(ProtocolError):
    """Our own side asked a machine for something its state does not allow: a bug in the caller."""


class RemoteProtocolError(ProtocolError, ValueError):
    """The peer's octets break the standard.

    The message is for the log; `reply_hint` is the one text that may reach the peer
    (for SMTP such as "501 5.5.4 Syntax error in parameters"; empty where no reply fits).
    """

    def __init__(self, reason: str, *, reply_hint: str = "") -> None:
        super().__init__(reason)
        self.reply_hint = reply_hint


class LimitExceeded(RemoteProtocolError):
    """A bound on the peer's input was passed; the message names the limit and its value."""
