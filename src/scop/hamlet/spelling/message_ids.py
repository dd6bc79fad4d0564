"""Message identifiers spelled: one or many, with comments between them and the obsolete phrases of replies.

An identifier itself has one spelling: it is compared octet by octet.

Standards: RFC 5322 §3.6.4, §4.5.4; RFC 2045 §7 (Content-ID); RFC 6532 §3.3.
"""

from __future__ import annotations

from scop.hamlet.lexicon import ASCII, draw_words
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.mime.fields.message_ids import MessageId

__all__ = ["spell_message_ids"]


def spell_message_ids(pen: Pen, identifiers: tuple[MessageId, ...], *, may_have_phrases: bool) -> str:
    """Return the identifiers of one field, phrases between them where the obsolete grammar has them."""
    spelled = pen.comment() + pen.fws() if pen.whim(20) else ""
    for number, identifier in enumerate(identifiers):
        if number:
            spelled += "\n " if number % pen.TIDY_COUNT == 0 else pen.cfws()
        if may_have_phrases and pen.whim(8):
            pen.note(Production.MESSAGE_ID_PHRASE)
            spelled += f"{_phrase(pen)}{pen.fws()}"
        spelled += _spell_one(pen, identifier)
    return spelled + (pen.fws() + pen.comment() if pen.whim(20) else "")


def _phrase(pen: Pen) -> str:
    words = " ".join(draw_words(pen.draw, ASCII, 1 + pen.below(3)))
    return pen.choice((words, f'"{words}"', f'your "{words}" of today'))


def _aside(pen: Pen) -> str:
    """Return white space or a comment; none with brackets in it, at which every reader would cut."""
    return pen.choice(("", pen.fws(), f"(by the {pen.fws()}way)"))


def _spell_one(pen: Pen, identifier: MessageId) -> str:
    left, right = identifier.left, identifier.right
    pen.note(Production.MESSAGE_ID_QUOTED if left.startswith('"') else Production.MESSAGE_ID)
    if right.startswith("["):
        pen.note(Production.MESSAGE_ID_LITERAL)
    if not left.isascii() or not right.isascii():
        pen.note(Production.MESSAGE_ID_UTF8)
    if pen.whim(16):
        pen.note(Production.MESSAGE_ID_OBSOLETE_BLANKS)
        return f"<{_aside(pen)}{left}{_aside(pen)}@{_aside(pen)}{right}{pen.fws()}>"
    return f"<{left}@{right}>"
