"""The automaton of an SMTP or LMTP conversation, as one table that server and client share.

Theory of operation: a row is a state, a cell says where a *positive* reply to an event leads. An
event that is not in its state's row is out of sequence. A negative reply changes nothing, except
where `AFTER_REFUSAL` says so; one that asks for more (3yz) leads elsewhere where `AFTER_INTERMEDIATE` says so.
Reply 421 closes from anywhere (RFC 5321 §3.8). `ChunkBegin` alone is never answered: it leads on at once.

Standards: RFC 5321 §4.1.4 (order of commands), §4.2.1 (kinds of replies); RFC 2033; RFC 3030 §2; RFC 3207 §4;
RFC 4954 §4; Postfix XCLIENT_README.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from scop.smtp.events import (
    Authenticate,
    Challenge,
    ChunkBegin,
    ChunkEnd,
    DataBegin,
    DataEnd,
    DataRefused,
    Extended,
    Forwarded,
    Hello,
    Help,
    Impersonated,
    Mail,
    Noop,
    Quit,
    Recipient,
    Refused,
    Reset,
    SaslStep,
    StartTls,
    Verify,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scop.smtp.reply import Reply

__all__ = ["State", "allows", "state_after"]


class State(enum.StrEnum):
    """Where a conversation stands."""

    CONNECTED = "connected"  # the greeting is owed
    GREETED = "greeted"  # a hello is awaited
    IDLE = "idle"  # no transaction
    MAIL = "mail"  # the reverse path was accepted
    RECIPIENTS = "recipients"  # and at least one recipient
    DATA = "data"  # the message is on its way
    CHUNK = "chunk"  # a chunk of it is (BDAT)
    CHUNKED = "chunked"  # the next chunk is awaited
    SASL = "sasl"  # an authentication exchange
    HANDSHAKE = "handshake"  # TLS begins
    CLOSED = "closed"

    __hash__ = str.__hash__  # in C; the one of `enum` is not, and each command looks up its state twice


_S = State
_ALWAYS = (Noop, Verify, Help, Extended, Refused)


def _row(state: State, cells: Mapping[type, State]) -> dict[type, State]:
    return {**dict.fromkeys(_ALWAYS, state), Quit: _S.CLOSED, **cells}


_BACK: Mapping[type, State] = {Hello: _S.IDLE, Reset: _S.IDLE}  # RFC 5321 §4.1.4, §4.1.1.5
_TABLE: Mapping[State, Mapping[type, State]] = {
    _S.CONNECTED: {},
    _S.GREETED: _row(_S.GREETED, {Hello: _S.IDLE, Reset: _S.GREETED}),
    _S.IDLE: _row(
        _S.IDLE,
        {
            **_BACK,
            StartTls: _S.HANDSHAKE,
            Challenge: _S.SASL,
            Authenticate: _S.IDLE,
            SaslStep: _S.IDLE,
            Forwarded: _S.IDLE,
            Impersonated: _S.GREETED,
            Mail: _S.MAIL,
        },
    ),
    _S.MAIL: _row(_S.MAIL, {**_BACK, Recipient: _S.RECIPIENTS}),
    _S.RECIPIENTS: _row(_S.RECIPIENTS, {**_BACK, Recipient: _S.RECIPIENTS, DataBegin: _S.DATA, ChunkBegin: _S.CHUNK}),
    _S.DATA: {DataEnd: _S.IDLE, DataRefused: _S.IDLE},
    _S.CHUNK: {ChunkEnd: _S.CHUNKED, DataEnd: _S.IDLE, DataRefused: _S.IDLE},
    _S.CHUNKED: _row(_S.CHUNKED, {**_BACK, ChunkBegin: _S.CHUNK}),  # RFC 3030 §2: no DATA after BDAT
    _S.SASL: {Challenge: _S.SASL, Authenticate: _S.IDLE, SaslStep: _S.IDLE, Refused: _S.IDLE},
    _S.HANDSHAKE: {},
    _S.CLOSED: {},
}

# Where a refusal leads elsewhere than back: the message is over, the exchange has failed.
AFTER_REFUSAL: Mapping[tuple[State, type], State] = {
    (_S.DATA, DataEnd): _S.IDLE,
    (_S.DATA, DataRefused): _S.IDLE,
    (_S.CHUNK, ChunkEnd): _S.CHUNKED,  # RFC 3030 §2: the client takes the transaction back
    (_S.CHUNK, DataEnd): _S.IDLE,
    (_S.CHUNK, DataRefused): _S.IDLE,
    (_S.SASL, Authenticate): _S.IDLE,
    (_S.SASL, SaslStep): _S.IDLE,
    (_S.SASL, Refused): _S.IDLE,
    (_S.IDLE, Impersonated): _S.CLOSED,  # it stands for the greeting
}

# Where a reply of 3yz leads elsewhere than one of 2yz: the exchange goes on.
AFTER_INTERMEDIATE: Mapping[tuple[State, type], State] = {
    (_S.IDLE, SaslStep): _S.SASL,
    (_S.SASL, SaslStep): _S.SASL,
}


def allows(state: State, event: type) -> bool:
    """Return whether an event of this type may happen in `state`."""
    return event in _TABLE[state]


def state_after(state: State, event: type, reply: Reply | None) -> State:
    """Return the state after `reply` to an event; None stands for any positive reply."""
    if reply is None or reply.code < 300:
        return _TABLE[state][event]
    if reply.code < 400:
        return AFTER_INTERMEDIATE.get((state, event), _TABLE[state][event])
    if reply.code == 421:
        return _S.CLOSED
    return AFTER_REFUSAL.get((state, event), state)
