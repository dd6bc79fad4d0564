"""What travels in the frames of a call pipe.

Standards: MessagePack.
"""

from __future__ import annotations

import functools
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast, get_args, get_origin

import msgspec

from scop.base import RemoteProtocolError

__all__ = ["Call", "Hello", "Outcome", "Request", "Response", "decode", "decode_answer", "encode"]

R = TypeVar("R")
T = TypeVar("T")

encode = msgspec.msgpack.Encoder().encode


class Call(msgspec.Struct, Generic[R], frozen=True):
    """A question whose answer is an R; its class name is its name on the wire."""


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """The first frame, from the answering side."""

    protocol: str = "scop.call"
    version: int = 1


class Request(msgspec.Struct, frozen=True, array_like=True):
    """One question; `arguments` is the encoded `Call`."""

    id: int
    name: str
    arguments: msgspec.Raw


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"  # the content is an encoded R
    REFUSED = "refused"  # the content is a text why it will not work this way
    LATER = "later"  # the content is a text; private reasons stay in the answering side's log


class Response(msgspec.Struct, frozen=True, array_like=True):
    """The end of the question `id`."""

    id: int
    outcome: Outcome
    content: msgspec.Raw


def decode(kind: type[T], octets: bytes | msgspec.Raw) -> T:
    """Return the value of type `kind`; raise `RemoteProtocolError` where the octets are no such value."""
    hashable: Any = kind  # mypy does not see that every class is
    return cast(T, _decode(_decoder(hashable), octets))


def decode_answer(question: type[Call[R]], octets: bytes | msgspec.Raw) -> R:
    """Return the answer to a question of this type, checked against the R in `class X(Call[R])`."""
    return cast(R, _decode(_answer_decoder(question), octets))


def _decode(decoder: msgspec.msgpack.Decoder[Any], octets: bytes | msgspec.Raw) -> object:
    try:
        return decoder.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise RemoteProtocolError(f"malformed call: {fault}") from fault


@functools.cache
def _decoder(kind: type[Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


@functools.cache
def _answer_decoder(question: type[Call[Any]]) -> msgspec.msgpack.Decoder[Any]:
    for base in question.__dict__.get("__orig_bases__", ()):
        if get_origin(base) is Call:
            (answer,) = get_args(base)
            return msgspec.msgpack.Decoder(answer)
    raise TypeError(f"{question.__name__} does not name its answer: class {question.__name__}(Call[…])")
