"""The fields of a mail drawn, in any order and any case.

Standards: RFC 5322 §3.6, RFC 2369, RFC 2919, RFC 8058.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from scop.hamlet.draw import Draw
from scop.hamlet.values.addresses import draw_address, draw_addresses, draw_mailboxes
from scop.hamlet.values.surroundings import Surroundings
from scop.hamlet.values.texts import draw_long_text, draw_text, draw_word, draw_words_of_one_script
from scop.hamlet.values.trace import (
    draw_answered,
    draw_date,
    draw_message_id,
    draw_message_ids,
    draw_received,
    draw_return_path,
)
from scop.mime.fields import FieldValue
from scop.mime.fields.lists import ListActions, ListId
from scop.mime.values import NamedValue

__all__ = ["draw_header", "in_any_case"]

_Drawer: TypeAlias = Callable[[Draw, Surroundings], FieldValue]
_NONSENSE_DATES = ("yesterday", "31 Feb 2020 10:00:00 +0000", "Mon, 12 Foo 2019 10:00 GMT", "tomorrow at ten")
_URIS = ("mailto:help@lists.test", "https://lists.test/a?b=c&d=%20", "mailto:x@y.test?subject=un,subscribe", "ftp:x")


def _draw_origin_date(draw: Draw, _: Surroundings) -> FieldValue:
    return draw_date(draw) if draw.below(40) else draw.choice(_NONSENSE_DATES)


def _draw_authors(draw: Draw, around: Surroundings) -> FieldValue:
    if draw.below(30) == 0:  # RFC 6854: groups in From
        return draw_addresses(draw, around)
    return draw_mailboxes(draw, 1 if draw.below(10) else 2, around)


def _draw_blind(draw: Draw, around: Surroundings) -> FieldValue:
    return draw_addresses(draw, around) if draw.below(2) else ()  # RFC 5322 §3.6.3: Bcc may be empty


def _draw_trace(draw: Draw, _: Surroundings) -> FieldValue:
    """Return text as long as a signature's, in words that can be folded."""
    words = [f"{draw.choice('abcdhsv')}={draw.below(1 << 32):08x}{draw.below(1 << 32):08x};" for _ in range(8)]
    return " ".join(words)


def _draw_list_id(draw: Draw, _: Surroundings) -> FieldValue:
    phrase = draw_words_of_one_script(draw, 3) if draw.below(2) else ""
    return ListId(f"{draw_word(draw)}.lists.test", phrase)


def _draw_list_actions(draw: Draw, _: Surroundings) -> FieldValue:
    return ListActions(tuple(draw.shuffled(_URIS)[: 1 + draw.below(3)]))


def _draw_list_post(draw: Draw, around: Surroundings) -> FieldValue:
    return ListActions((), is_refused=True) if draw.below(3) == 0 else _draw_list_actions(draw, around)


def _ignoring(drawer: Callable[[Draw], FieldValue]) -> _Drawer:
    return lambda draw, _: drawer(draw)


def _draw_one_address(draw: Draw, around: Surroundings) -> FieldValue:
    return (draw_address(draw, around),)


def _draw_one_message_id(draw: Draw, around: Surroundings) -> FieldValue:
    return (draw_message_id(draw, around),)


_text = _ignoring(draw_text)
# Each field with how often it stands in 64 mails, in the order of the tidy ones.
_FIELDS: tuple[tuple[int, str, _Drawer], ...] = (
    (16, "Return-Path", draw_return_path),
    (48, "Received", draw_received),
    (28, "Received", draw_received),
    (16, "Received", draw_received),
    (16, "DKIM-Signature", _draw_trace),
    (60, "Date", _draw_origin_date),
    (61, "From", _draw_authors),
    (8, "Sender", _draw_one_address),
    (10, "Reply-To", draw_addresses),
    (56, "To", draw_addresses),
    (16, "Cc", draw_addresses),
    (4, "Bcc", _draw_blind),
    (2, "Disposition-Notification-To", draw_addresses),
    (2, "Expires", _ignoring(draw_date)),
    (56, "Message-ID", _draw_one_message_id),
    (14, "In-Reply-To", draw_answered),
    (14, "References", draw_message_ids),
    (60, "Subject", _text),
    (5, "Comments", _text),
    (5, "Keywords", _text),
    (16, "X-Small-Word", _text),
    (3, "X-Long", _ignoring(draw_long_text)),
    (6, "User-Agent", _text),
    (6, "Organization", _text),
    (48, "MIME-Version", lambda *_: "1.0"),
)
_LIST_FIELDS: tuple[tuple[int, str, _Drawer], ...] = (
    (60, "List-Id", _draw_list_id),
    (24, "List-Help", _draw_list_actions),
    (48, "List-Unsubscribe", _draw_list_actions),
    (16, "List-Unsubscribe-Post", lambda *_: "List-Unsubscribe=One-Click"),
    (24, "List-Subscribe", _draw_list_actions),
    (40, "List-Post", _draw_list_post),
    (16, "List-Owner", _draw_list_actions),
    (24, "List-Archive", _draw_list_actions),
)
_RESENT_FIELDS: tuple[tuple[int, str, _Drawer], ...] = (
    (64, "Resent-Date", _ignoring(draw_date)),
    (64, "Resent-From", _draw_authors),
    (16, "Resent-Sender", _draw_one_address),
    (48, "Resent-To", draw_addresses),
    (16, "Resent-Cc", draw_addresses),
    (32, "Resent-Message-ID", _draw_one_message_id),
)


def draw_header(draw: Draw, around: Surroundings) -> list[NamedValue]:
    """Return the fields of a mail, those that describe its content apart."""
    fields: list[NamedValue] = []
    if draw.below(16) == 0:
        fields += _drawn(draw, around, _RESENT_FIELDS)
    fields += _drawn(draw, around, _FIELDS)
    if draw.below(8) == 0:
        fields += _drawn(draw, around, _LIST_FIELDS)
    return fields


def _drawn(draw: Draw, around: Surroundings, table: tuple[tuple[int, str, _Drawer], ...]) -> list[NamedValue]:
    below = draw.below
    return [(name, drawer(draw, around)) for times, name, drawer in table if below(64) < times]


def in_any_case(draw: Draw, fields: Sequence[NamedValue]) -> list[NamedValue]:
    """Return the fields in another order and with names in another case: both mean nothing."""
    how = draw.below(8)
    if how == 0:
        return [(_recased(draw, name), value) for name, value in draw.shuffled(fields)]
    if how == 1:
        return draw.shuffled(fields)
    return list(fields)


def _recased(draw: Draw, name: str) -> str:
    match draw.below(4):
        case 0:
            return name.upper()
        case 1:
            return name.lower()
        case 2:
            return name.swapcase()
    return name
