"""What a client answers, mechanism by mechanism, whatever words the server asks in.

Only SCRAM looks at what a server says: PLAIN, LOGIN and EXTERNAL go by the number of times they were asked, because
servers ask in words of their own ("334 Username:", "334", base64 of anything).

Standards: RFC 4954 §4; RFC 4616 (PLAIN); RFC 4422 appendix A (EXTERNAL); RFC 5802 §5 (SCRAM);
draft-murchison-sasl-login (LOGIN).
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Protocol

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.sasl.scram import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ClientExchange

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Answers", "answers_of", "is_secret_in_clear"]


_ASKS_ON = "the server asks for more than the mechanism has"


class Answers(Protocol):
    """One client's side of one login."""

    @property
    def initial(self) -> bytes | None:
        """Return what can be said with the command; None where the server has to ask first."""

    def answer(self, asked: str) -> bytes:
        """Return what is said to the text of a reply 334; raises `RemoteProtocolError`."""

    def check_success(self) -> None:
        """Look whether reply 235 may be believed; raises `RemoteProtocolError`."""


def is_secret_in_clear(mechanism: str) -> bool:
    """Return whether the mechanism gives the password to who listens."""
    return mechanism in {"PLAIN", "LOGIN"}


def answers_of(mechanism: str, login: str, password: str, *, nonce: str = "", channel_binding: bytes = b"") -> Answers:
    """Return the answers of a mechanism; `nonce` and `channel_binding` as for `ClientExchange`."""
    match mechanism:
        case "PLAIN":
            return _Listed(f"\0{login}\0{password}".encode(), begins=True)
        case "LOGIN":
            return _Listed(login.encode(), password.encode())
        case "EXTERNAL":
            return _Listed(login.encode(), begins=True)
        case _ if mechanism in {SCRAM_SHA_256, SCRAM_SHA_256_PLUS}:
            exchange = ClientExchange(mechanism, login, password, nonce=nonce, channel_binding=channel_binding)
            return _Scram(exchange)
        case _:
            raise LocalProtocolError(f"{mechanism} is not known")


class _Listed:
    """Answers that follow each other whatever is asked."""

    def __init__(self, *answers: bytes, begins: bool = False) -> None:
        self._answers: Sequence[bytes] = answers
        self._begins = begins
        self._given = 0

    @property
    def initial(self) -> bytes | None:
        """Return the first where the mechanism lets the client begin."""
        return self._answers[0] if self._begins else None

    def answer(self, _asked: str) -> bytes:
        """Return the next; one that was said with the command is said again to a server that did not hear it."""
        if self._given == len(self._answers):
            raise RemoteProtocolError(_ASKS_ON)
        self._given += 1
        return self._answers[self._given - 1]

    def check_success(self) -> None:
        """Believe it: these mechanisms prove nothing of the server."""


class _Scram:
    """SCRAM's three messages of the client, of which the last is empty."""

    def __init__(self, exchange: ClientExchange) -> None:
        self._exchange = exchange
        self._asked = 0
        self._is_repeated = False  # the first message
        self._is_proven = False

    @property
    def initial(self) -> bytes | None:
        """Return the client's first message."""
        return self._exchange.first()

    def answer(self, asked: str) -> bytes:
        """Answer the server's first message, then its last."""
        if self._is_proven:
            raise RemoteProtocolError(_ASKS_ON)
        if not (asked or self._asked or self._is_repeated):
            self._is_repeated = True  # it did not take the first message with the command
            return self._exchange.first()
        message = _from_base64(asked)
        self._asked += 1
        if self._asked == 1:
            return self._exchange.final(message)
        self._exchange.check(message)
        self._is_proven = True
        return b""

    def check_success(self) -> None:
        """Refuse who lets us in without knowing the password: it is not our server."""
        if not self._is_proven:
            raise RemoteProtocolError("the server did not show that it knows the password")


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except ValueError as fault:
        raise RemoteProtocolError("the server's challenge is not base64") from fault
