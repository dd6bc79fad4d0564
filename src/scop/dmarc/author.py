"""Who a mail says its author is: the domain, or domains, in From.

A reader of mail may be shown any address that stands in any From field, so every domain that some
reader could find there counts. A display name in quotes and a comment are no address; an `@` outside
of them is, also where the grammar would not have it.

Standards: RFC 9989 §5.3.1 (extraction), §11.5 (several authors), RFC 5322 §3.6.2 (From), RFC 5890 §2.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scop.base import a_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scop.mime import Field, Message

__all__ = ["author_domain", "author_domains", "domains_in_from"]

_PIECE = re.compile(r'\\.?|["()]|[^"()\\]+', re.DOTALL)
_SPACE_INSIDE = re.compile(r" ?([.@]) ?")
_DOMAIN = re.compile(r"@([^\x00-\x20\x7f()<>@,;:\\\"\[\]]+)")


def author_domain(message: Message) -> str | None:
    """Return the one author domain, in lower case and A-labels; None where there is none or several."""
    domains = author_domains(message)
    return domains[0] if len(domains) == 1 else None


def author_domains(message: Message) -> tuple[str, ...]:
    """Return each different domain in the From fields, in the order they stand there."""
    # Encoded words stay encoded: what they hide is no address (RFC 2047 §5)
    return domains_in_from(field.unfolded for field in _from_fields(message))


def _from_fields(message: Message) -> tuple[Field, ...]:
    fields = message.header.every("From")
    if all(defect.kind != "missing_blank_line" for defect in message.cut_defects):
        return fields
    from scop.mime import Header  # whoever has a message has it; the rest of this library does without scop.mime

    # Where no empty line ends the header, other readers pass over a line that is no field, and show a From below it
    return (*fields, *Header(message.body).every("From"))


def domains_in_from(bodies: Iterable[str]) -> tuple[str, ...]:
    """Return each different domain in the bodies of From fields."""
    return tuple(dict.fromkeys(domain for body in bodies for domain in _domains(body)))


def _domains(text: str) -> Iterator[str]:
    # A quote or comment that does not end hides nothing
    visible = _without_quotes_and_comments(text) or text
    # RFC 5322 §4.4: white space around dots is obsolete, and read by many
    for match in _DOMAIN.finditer(_SPACE_INSIDE.sub(r"\1", " ".join(visible.split()))):
        # RFC 9989 §5.3.1: U-labels MUST be converted
        if domain := a_labels(match[1]).strip("."):
            yield domain


def _without_quotes_and_comments(text: str) -> str | None:
    """Return what stands outside of quotes and comments; None where one does not end."""
    visible: list[str] = []
    depth = 0
    quoted = False
    for piece in _PIECE.findall(text):
        if quoted:
            quoted = piece != '"'
        elif piece == '"' and not depth:
            quoted = True
            visible.append("q")  # stands for a display name or a quoted local part
        elif piece in "()":
            depth += 1 if piece == "(" else -1
            if depth < 0:
                return None
            visible.append(" ")
        elif not depth:
            visible.append(piece)
    return None if quoted or depth else "".join(visible)
