"""The two canonical forms in which DKIM hashes a mail, so that what relays do on the way does no harm.

`simple` forgives next to nothing, `relaxed` forgives case of field names and runs of white space.
Whole-buffer `bytes.replace` and `translate` are twice as fast as a regular expression for each line.

Standards: RFC 6376 §3.4.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Canonicalization", "canonical_body", "canonical_header", "canonical_lines", "canonical_start"]

_CRLF = b"\r\n"
_TAB_TO_SPACE = bytes.maketrans(b"\t", b" ")


_NAMES = ("simple", "relaxed")


class Canonicalization(StrEnum):
    """How a header or a body is made comparable, in the registry's spelling."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def canonical_body(octets: bytes, algorithm: str) -> bytes:
    """Return the body (everything below the empty line) as it is hashed; `algorithm` is simple or relaxed."""
    if _is_simple(algorithm):
        # RFC 6376 §3.4.3: an empty body becomes one CRLF
        return _without_empty_lines_at_end(octets) or _CRLF
    if octets and not octets.endswith(_CRLF):
        octets += _CRLF  # so that white space at the very end is at the end of a line, too
    # RFC 6376 §3.4.4 (a)
    if b"\t" in octets:  # a search costs a tenth of a copy
        octets = octets.translate(_TAB_TO_SPACE)
    return _without_empty_lines_at_end(_collapse(octets).replace(b" \r\n", _CRLF))


def canonical_header(field: bytes, algorithm: str) -> bytes:
    """Return a whole field (name, colon, body) as it is hashed; it ends with CRLF if `field` does."""
    if _is_simple(algorithm):
        return field  # RFC 6376 §3.4.1
    name, colon, body = field.partition(b":")
    end = _CRLF if field.endswith(_CRLF) else b""
    # RFC 6376 §3.4.2: lower the name, unfold, collapse white space, none at either side of the colon
    flat = _collapse(body.replace(_CRLF, b"").translate(_TAB_TO_SPACE)).strip(b" ")
    return name.strip(b" \t\r\n").lower() + colon + flat + end


def canonical_lines(fields: bytes) -> bytes:
    """Return whole fields unfolded, without runs of white space and without any at line ends (RFC 6376 §3.4.2)."""
    return _collapse(_unfolded(fields)).replace(b" \r\n", _CRLF)


def canonical_start(field: bytes) -> bytes:
    """Return a whole field with its name in lower case and no white space at either side of the colon."""
    name, colon, body = field.partition(b":")
    body = body.lstrip(b" \t")
    if body.startswith(_CRLF):  # folded where it begins, or empty
        body = _unfolded(body).lstrip(b" ")
    return name.rstrip(b" \t\r\n").lower() + colon + body


def _unfolded(octets: bytes) -> bytes:
    return octets.translate(_TAB_TO_SPACE).replace(b"\r\n ", b" ")


def _is_simple(algorithm: str) -> bool:
    if algorithm not in _NAMES:
        raise ValueError(f"{algorithm!r} is no canonical form")
    return algorithm == "simple"


def _collapse(octets: bytes) -> bytes:
    # Each turn halves every run, so a run of n spaces takes log2(n) turns.
    while b"  " in octets:
        octets = octets.replace(b"  ", b" ")
    return octets


def _without_empty_lines_at_end(octets: bytes) -> bytes:
    """Return `octets` with exactly one CRLF at its end, or nothing where there were only empty lines."""
    if octets.endswith(_CRLF) and octets[-3:-2] not in b"\r\n":  # as almost always
        return octets
    text = octets.rstrip(_CRLF)
    # What was cut holds only CR and LF; of these whole CRLF pairs at the end count as empty lines, bare ones do not.
    rest = octets[len(text) :].replace(_CRLF, b"\0").rstrip(b"\0").replace(b"\0", _CRLF)
    return text + rest + _CRLF if text or rest else b""
