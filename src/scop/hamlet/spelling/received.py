"""Received spelled: its clauses in order, the comments of each among its words, and the date behind a semicolon.

What a comment says is part of the value, as it is written: no others stand before the date.

Standards: RFC 5321 §4.4, RFC 5322 §3.6.7.
"""

from __future__ import annotations

from scop.hamlet.production import Production
from scop.hamlet.spelling.dates import spell_date
from scop.hamlet.spelling.pen import Pen
from scop.mime.fields.received import Clause, Received

__all__ = ["spell_received"]

_PRODUCTIONS = {
    "from": Production.RECEIVED_FROM,
    "by": Production.RECEIVED_BY,
    "via": Production.RECEIVED_VIA,
    "with": Production.RECEIVED_WITH,
    "id": Production.RECEIVED_ID,
    "for": Production.RECEIVED_FOR,
    "tls": Production.RECEIVED_TLS,
    "": Production.RECEIVED_SECOND_COMMENT,
}


def spell_received(pen: Pen, received: Received) -> str:
    """Return a field body that tells of one hop."""
    pen.note(Production.RECEIVED)
    spelled = pen.fws().join([_spell_clause(pen, clause) for clause in received.clauses])
    if received.date is None:
        pen.note(Production.RECEIVED_WITHOUT_DATE)
        return spelled
    return f"{spelled}{pen.blank()};{pen.cfws()}{spell_date(pen, received.date)}"


def _spell_clause(pen: Pen, clause: Clause) -> str:
    pen.note(_PRODUCTIONS[clause.name])
    # White space within quotes is what it is (RFC 5322 §3.2.4), between words it may be any.
    values = [clause.value] if '"' in clause.value else clause.value.split(" ")
    words = [pen.any_case(clause.name), *values] if clause.name else []
    if clause.comment:
        pen.note(Production.RECEIVED_COMMENT)
        inner = _escaped(pen, clause.comment).replace(" ", pen.fws())
        # Behind the value as hosts write it, or anywhere behind the clause's name.
        at = 1 + pen.below(len(words)) if words and pen.whim(8) else len(words)
        words.insert(at, f"({pen.blank()}{inner}{pen.blank()})")
    return pen.fws().join(words)


def _escaped(pen: Pen, comment: str) -> str:
    """Put a quoted pair into a comment whose brackets are in balance."""
    at = pen.below(len(comment))
    if comment[at] in " ()" or not pen.whim(6):
        return comment
    pen.note(Production.COMMENT_QUOTED_PAIR)
    return f"{comment[:at]}\\{comment[at:]}"
