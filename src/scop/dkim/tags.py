"""The `tag=value; tag=value` lists of which DKIM's fields and key records are made.

Standards: RFC 6376 §3.2, RFC 8616 §3 (UTF-8 in values).
"""

from __future__ import annotations

import re

from scop.base import RemoteProtocolError, printable

__all__ = ["parse_tags", "without_white_space"]

_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KNOWN = frozenset({*"abcdghiklnpqstvxz", "bh", "cv"})  # nearly all that there are
_WHITE_SPACE = " \t\r\n"
_ANY_WHITE_SPACE = re.compile(f"[{_WHITE_SPACE}]+")
# RFC 6376 §3.2: VALCHAR is printable, folding white space may stand between; RFC 8616 §3 adds what is not ASCII.
_VALUE_OCTETS = b" \t\r\n" + bytes(range(0x21, 0x7F)) + bytes(range(0x80, 0x100))


def parse_tags(octets: bytes) -> dict[str, str]:
    """Return the tags in their order; values keep inner white space; raise `RemoteProtocolError` for no such list."""
    if octets.translate(None, _VALUE_OCTETS):
        raise RemoteProtocolError("a control character in a list of tags")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("a list of tags that is no UTF-8") from error
    tags: dict[str, str] = {}
    specs = text.split(";")
    if not specs[-1].strip(_WHITE_SPACE):
        del specs[-1]  # one semicolon may end the list
    for spec in specs:
        name, equals, value = spec.partition("=")
        name = name.strip(_WHITE_SPACE)
        if not equals or not (name in _KNOWN or _TAG_NAME.fullmatch(name)):
            raise RemoteProtocolError(f"not a tag: {printable(spec, limit=40)}")
        if name in tags:  # RFC 6376 §3.2: a tag twice spoils the whole list
            raise RemoteProtocolError(f"tag {name}= more than once")
        tags[name] = value.strip(_WHITE_SPACE)
    return tags


def without_white_space(value: str) -> str:
    """Return `value` without any folding white space, as base64 and lists are read."""
    return _ANY_WHITE_SPACE.sub("", value)
