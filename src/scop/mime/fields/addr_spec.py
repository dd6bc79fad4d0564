"""One address under the strict eye: what may stand in an envelope, and what may stand in a header field.

An envelope (RFC 5321) takes the plain form only: no comments, nothing obsolete, bounded lengths, a domain of letters,
digits and hyphens, an address literal that is one. A header field (RFC 5322) takes white space, comments and every
obsolete form as well, and asks nothing of a domain but its syntax. Nothing is looked up.

The address is cut into tokens once; what kinds of token stand there, and in which order, is the verdict for RFC 5322.
RFC 5321 allows a part of that, so its questions come after.

Standards: RFC 5321 §4.1.2, §4.1.3, §4.5.3.1; RFC 5322 §3.2, §3.4.1, §4.1, §4.4 and erratum 1908; RFC 6531 §3.3;
RFC 6532 §3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from scop.mime.fields.domains import to_ascii, to_unicode
from scop.mime.limits import DEFAULT_LIMITS

__all__ = ["AddrSpecFault", "AddrSpecVerdict", "check_mailbox"]

MAX_LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN_OCTETS = 255  # RFC 5321 §4.5.3.1.2
MAX_MAILBOX_OCTETS = 254  # RFC 5321 §4.5.3.1.3: a path has 256 octets with its angle brackets
MAX_LABEL_OCTETS = 63  # RFC 1035 §2.3.4
NO_GROUPS = 99  # more than any address has
MAX_GROUPS_BESIDE_ZEROS = 6  # RFC 5321 §4.1.3: of an IPv6 address with "::"


class AddrSpecFault(StrEnum):
    """Why an address may not stand somewhere, in the words of the grammar."""

    # Neither in an envelope nor in a header field
    NO_AT_SIGN = "no_at_sign"
    NO_LOCAL_PART = "no_local_part"
    NO_DOMAIN = "no_domain"
    LOCAL_PART = "local_part"  # words and dots that are no dot-atom, quoted-string or obs-local-part
    DOMAIN = "domain"  # atoms, dots and literals that are no dot-atom, domain-literal or obs-domain
    ATEXT = "atext"  # a character that stands in no atom
    QUOTED_STRING = "quoted_string"  # one that does not end, or holds what no qtext and no quoted-pair is
    DOMAIN_LITERAL = "domain_literal"  # likewise, for dtext
    COMMENT = "comment"  # likewise, for ctext; or too deep
    FWS = "fws"  # CR, LF, or CRLF without white space behind it

    # In a header field, but in no envelope
    CFWS = "cfws"  # comments or white space
    OBSOLETE = "obsolete"  # obs-local-part, obs-qtext, obs-qp
    SUB_DOMAIN = "sub_domain"  # a label that does not consist of letters, digits and inner hyphens, or no U-label
    ADDRESS_LITERAL = "address_literal"  # no IPv4, no IPv6 and no registered tag
    LOCAL_PART_TOO_LONG = "local_part_too_long"
    LABEL_TOO_LONG = "label_too_long"
    DOMAIN_TOO_LONG = "domain_too_long"
    MAILBOX_TOO_LONG = "mailbox_too_long"


@dataclass(frozen=True, slots=True)
class AddrSpecVerdict:
    """The first fault that forbids each use; None where nothing does."""

    fault_5321: AddrSpecFault | None
    fault_5322: AddrSpecFault | None

    @property
    def is_valid_5321(self) -> bool:
        """Whether it may stand between the angle brackets of MAIL and RCPT (RFC 5321 §4.1.2 Mailbox)."""
        return self.fault_5321 is None

    @property
    def is_valid_5322(self) -> bool:
        """Whether it may stand in a header field (RFC 5322 §3.4.1 addr-spec)."""
        return self.fault_5322 is None


# One token each, by the productions of RFC 5322; "{utf8}" is what RFC 6532 §3.2 adds, or nothing.
_FWS = r"(?:(?:\r\n)?[ \t])++"  # §3.2.2 and §4.2 obs-FWS, in the form of erratum 1908
_QUOTED_PAIR = r"\\[\x00-\x7f{utf8}]"  # §3.2.1 and §4.1 obs-qp
_NO_WS_CTL = r"\x01-\x08\x0b\x0c\x0e-\x1f\x7f"  # §4.1 obs-NO-WS-CTL
_ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~{utf8}]"  # §3.2.3
_QTEXT = rf"[!#-\[\]-~{_NO_WS_CTL}{{utf8}}]"  # §3.2.4 and §4.1 obs-qtext
_DTEXT = rf"[!-Z^-~{_NO_WS_CTL}{{utf8}}]"  # §3.4.1 and §4.1 obs-dtext
_CTEXT = rf"[!-'*-\[\]-~{_NO_WS_CTL}{{utf8}}]"  # §3.2.2 and §4.1 obs-ctext
_COMMENT_TEXT = rf"(?:{_FWS}|{_CTEXT}|{_QUOTED_PAIR})*+"
_TOKEN = (
    rf"(?P<w>{_FWS})"
    rf"|(?P<a>{_ATEXT}++)"
    rf'|(?P<q>"(?:{_FWS}|{_QTEXT}|{_QUOTED_PAIR})*+")'
    rf"|(?P<l>\[(?:{_FWS}|{_DTEXT}|{_QUOTED_PAIR})*+\])"
    r"|(?P<s>[.@])"
)
_FAULT_AT = {
    '"': AddrSpecFault.QUOTED_STRING,
    "[": AddrSpecFault.DOMAIN_LITERAL,
    "(": AddrSpecFault.COMMENT,
    "\r": AddrSpecFault.FWS,
    "\n": AddrSpecFault.FWS,
}

# Shapes: a kind of token each, and a space for CFWS.
_LOCAL_PART = re.compile(r" ?[aq](?: ?\. ?[aq])* ?")  # RFC 5322 §3.4.1 and §4.4 obs-local-part
_DOMAIN = re.compile(r" ?(?:a(?: ?\. ?a)*|l) ?")  # RFC 5322 §3.4.1 and §4.4 obs-domain

# RFC 5321 §4.1.2
_QUOTED_STRING_5321 = re.compile(r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"')  # RFC 6531 §3.3 adds what is not ASCII
_SUB_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
# RFC 5321 §4.1.3
_IPV4 = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_IPV6_HEX = re.compile(r"[0-9A-Fa-f]{1,4}")


@dataclass(frozen=True, slots=True)
class _Grammar:
    token: re.Pattern[str]
    comment_text: re.Pattern[str]


@lru_cache(2)
def _grammar(*, utf8: bool) -> _Grammar:
    beyond_ascii = r"\x80-\ud7ff\ue000-\U0010ffff" if utf8 else ""
    return _Grammar(re.compile(_TOKEN.format(utf8=beyond_ascii)), re.compile(_COMMENT_TEXT.format(utf8=beyond_ascii)))


def check_mailbox(text: str, *, utf8: bool = False) -> AddrSpecVerdict:
    """Return whether `text`, one address and nothing else, may stand in an envelope and in a header field.

    `utf8` allows text beyond ASCII: RFC 6531 for the envelope, RFC 6532 for the field.
    """
    shape: list[str] = []
    words: list[str] = []
    fault = _cut(text, _grammar(utf8=utf8), shape, words) or _shape_fault("".join(shape))
    if fault is not None:
        return AddrSpecVerdict(fault, fault)  # what RFC 5321 allows, RFC 5322 does
    return AddrSpecVerdict(_envelope_fault("".join(shape), words), None)


def _cut(text: str, grammar: _Grammar, shape: list[str], words: list[str]) -> AddrSpecFault | None:
    """Cut `text` into the kinds and texts of its tokens; return what is none."""
    position = 0
    while position < len(text):
        match = grammar.token.match(text, position)
        end = match.end() if match is not None else _comment_end(text, position, grammar)
        if end is None:
            return _FAULT_AT.get(text[position], AddrSpecFault.ATEXT)
        group = match.lastgroup if match is not None else "w"
        word = text[position:end]
        kind = " " if group == "w" else word if group == "s" else str(group)
        if kind != " " or shape[-1:] != [" "]:
            shape.append(kind)
            words.append(word)
        position = end
    return None


def _comment_end(text: str, position: int, grammar: _Grammar) -> int | None:
    """Return where the comment ends that begins at `position`; None where none does (RFC 5322 §3.2.2)."""
    if text[position] != "(":
        return None
    depth = 0
    while depth <= DEFAULT_LIMITS.comment_depth:
        sign = text[position : position + 1]
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return position + 1
        match = grammar.comment_text.match(text, position + 1)
        if match is None or sign not in ("(", ")"):
            return None
        position = match.end()
    return None


def _shape_fault(shape: str) -> AddrSpecFault | None:
    """Return what breaks addr-spec (RFC 5322 §3.4.1), its obsolete forms allowed."""
    local_part, at, domain = shape.partition("@")
    if not at:
        return AddrSpecFault.NO_AT_SIGN
    if not local_part.strip():
        return AddrSpecFault.NO_LOCAL_PART
    if not domain.strip():
        return AddrSpecFault.NO_DOMAIN
    if not _LOCAL_PART.fullmatch(local_part):
        return AddrSpecFault.LOCAL_PART
    return None if _DOMAIN.fullmatch(domain) else AddrSpecFault.DOMAIN


def _envelope_fault(shape: str, words: list[str]) -> AddrSpecFault | None:
    """Return what breaks Mailbox (RFC 5321 §4.1.2) in a good addr-spec."""
    if " " in shape:
        return AddrSpecFault.CFWS
    at = shape.index("@")
    local_part, domain = "".join(words[:at]), "".join(words[at + 1 :])
    if "q" in shape and not _QUOTED_STRING_5321.fullmatch(local_part):
        return AddrSpecFault.OBSOLETE
    if len(local_part.encode()) > MAX_LOCAL_PART_OCTETS:
        return AddrSpecFault.LOCAL_PART_TOO_LONG
    fault = _literal_fault(domain) if shape.endswith("l") else _domain_fault(domain)
    if fault is None and len(f"{local_part}@{domain}".encode()) > MAX_MAILBOX_OCTETS:
        return AddrSpecFault.MAILBOX_TOO_LONG
    return fault


def _domain_fault(domain: str) -> AddrSpecFault | None:
    found = domain if domain.isascii() else _a_labels(domain)
    if found is None:
        return AddrSpecFault.SUB_DOMAIN
    for label in found.split("."):
        if not _SUB_DOMAIN.fullmatch(label):
            return AddrSpecFault.SUB_DOMAIN
        if len(label) > MAX_LABEL_OCTETS:
            return AddrSpecFault.LABEL_TOO_LONG
    return AddrSpecFault.DOMAIN_TOO_LONG if len(found) > MAX_DOMAIN_OCTETS else None


def _a_labels(domain: str) -> str | None:
    """Return the A-labels of U-labels (RFC 6531 §3.3); None where a label is none, as one in upper case."""
    try:
        found = to_ascii(domain)
    except ValueError:
        return None
    meant = to_unicode(found).split(".")
    labels = domain.split(".")
    is_u_labels = len(meant) == len(labels) and all(a == b or a.isascii() for a, b in zip(labels, meant, strict=True))
    return found if is_u_labels else None


def _literal_fault(literal: str) -> AddrSpecFault | None:
    """Return what breaks address-literal (RFC 5321 §4.1.3); no tag but IPv6 was ever registered."""
    inner = literal[1:-1]
    is_good = _is_ipv6(inner[5:]) if inner[:5].lower() == "ipv6:" else _is_ipv4(inner)
    return None if is_good else AddrSpecFault.ADDRESS_LITERAL


def _is_ipv4(text: str) -> bool:
    match = _IPV4.fullmatch(text)
    return match is not None and all(int(number) <= 255 for number in match.groups())


def _is_ipv6(text: str) -> bool:
    before, zeros, after = text.partition("::")
    if not zeros:
        return _count_groups(before) == 8
    # RFC 5321 §4.1.3: "::" stands for two groups at least, so that no more than six stand beside it
    if "." in before:
        return False
    return _count_groups(before) + _count_groups(after) <= MAX_GROUPS_BESIDE_ZEROS


def _count_groups(text: str) -> int:
    """Return how many groups of 16 bits stand there, an IPv4 address at the end being two, or `NO_GROUPS`."""
    if not text:
        return 0
    groups = text.split(":")
    count = len(groups)
    if _is_ipv4(groups[-1]):
        groups.pop()
        count += 1
    return count if all(map(_IPV6_HEX.fullmatch, groups)) else NO_GROUPS
