"""Address lists: mailboxes and groups with display names, comments, quoted strings and obsolete forms.

Any text is accepted and yields the addresses that can be seen in it, each in one normal form: the local part with its
quotes opened, the domain without the white space and comments in it. What breaks the grammar is `INVALID_ADDRESS`.
Whether an address can be mailed to is `addr_spec`'s question, and `scop.smtp.Mailbox`'s.

Standards: RFC 5322 §3.4, §4.4 (obsolete routes and white space); RFC 6532; RFC 6854 (groups in From); RFC 2047 §5 (3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scop.mime.defects import DefectKind
from scop.mime.fields.address_list import AddressList
from scop.mime.fields.address_values import DOT_ATOM, Address, Group
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import is_atom, quote, reject_line_ends, without_line_ends
from scop.mime.words import encode_words

__all__ = ["NAMES", "Address", "Group", "parse_addresses", "write_addresses", "write_phrase"]

NAMES = frozenset(
    {
        *("from", "sender", "reply-to", "to", "cc", "bcc"),  # RFC 5322 §3.6.2, §3.6.3
        *("resent-from", "resent-sender", "resent-to", "resent-cc", "resent-bcc"),  # RFC 5322 §3.6.6
        "resent-reply-to",  # RFC 5322 §4.5.6
        "disposition-notification-to",  # RFC 8098 §2.1
        "delivered-to",  # RFC 9228 §2
        *("return-receipt-to", "errors-to", "apparently-to"),  # RFC 2076 §3
        *("mail-followup-to", "mail-reply-to"),
    }
)

# What reads as the address that it is without angle brackets too.
_PLAIN_SPEC = re.compile(rf'(?:{DOT_ATOM}|"(?:[^"\\]|\\.)*")(?:@(?:{DOT_ATOM}|\[[^\x00-\x20\[\]\\\x7f]*\]))?')
_FOLDING = re.compile(r"\r?\n(?=[ \t])")  # Lenient: a body that was not unfolded is (RFC 5322 §2.2.3)
_SINGLE_SPACE = re.compile(r"(?<=[^ ]) (?=[^ ])")
_MAX_WORD = 70  # a longer word in a name is encoded, so that the line can be folded (RFC 5322 §2.1.1)


def parse_addresses(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> tuple[Address | Group, ...]:
    """Return the mailboxes and groups of a field body, encoded words decoded; never raises.

    A mailbox without a display name is called what its first comment says: so names were written once.
    White space inside of quotes and encoded words is kept, other runs of it are one space.
    """
    found: list[DefectKind] = []
    text = _FOLDING.sub("", text) if "\n" in text else text
    readable = without_line_ends(text)
    if readable != text:
        found.append(DefectKind.INVALID_ADDRESS)
    value = AddressList(limits, found).read(readable)
    if defects is not None:
        defects.extend(dict.fromkeys(found))
    return value


def write_addresses(value: Iterable[Address | Group]) -> list[str]:
    """Return the words of an address list, to be joined by single spaces and folded between them.

    Addresses beyond ASCII stay as they are (RFC 6532), names beyond ASCII become encoded words. `ValueError` where a
    value holds CR, LF or NUL, or an address that would be read as another one.
    """
    words: list[str] = []
    for item in value:
        if words:
            words[-1] += ","
        words += _group_words(item) if isinstance(item, Group) else _address_words(item)
    return words


def _group_words(group: Group) -> list[str]:
    words = write_phrase(group.display_name)
    if words[-1].endswith("?="):  # RFC 2047 §5 (3): white space parts an encoded word from a special
        words.append(":")
    else:
        words[-1] += ":"
    words += write_addresses(group.members)
    words[-1] += ";"
    return words


def _address_words(address: Address) -> list[str]:
    spec = _checked_spec(address)
    if address.display_name:
        return [*write_phrase(address.display_name), f"<{spec}>"]
    return [spec if _PLAIN_SPEC.fullmatch(spec) else f"<{spec}>"]


def _checked_spec(address: Address) -> str:
    """Return the addr-spec as it is written; any domain can be constructed, and not any can be written."""
    spec = reject_line_ends(address.addr_spec)
    spec.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    if not _PLAIN_SPEC.fullmatch(spec):
        meant = Address(local_part=address.local_part, domain=address.domain)
        if parse_addresses(f"<{spec}>") != (meant,):
            raise ValueError(f"not an address: {spec[:80]!r}")
    return spec


def write_phrase(text: str) -> list[str]:
    """Return the words of a display name (RFC 5322 §3.2.5): plain, in one quoted string, or encoded."""
    reject_line_ends(text).encode()
    words = _SINGLE_SPACE.split(text)
    if not (text.isascii() and text.isprintable()) or "=?" in text or max(map(len, words)) > _MAX_WORD:
        return encode_words(text)
    return words if all(map(is_atom, words)) else _SINGLE_SPACE.split(quote(text))
