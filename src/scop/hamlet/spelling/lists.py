"""Fields of mailing lists spelled: identifiers with a phrase, URIs in angle brackets.

Standards: RFC 2919 §3, RFC 2369 §2 and §3.4 (List-Post's "NO").
"""

from __future__ import annotations

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.phrases import spell_phrase
from scop.mime.fields.lists import ListActions, ListId

__all__ = ["spell_list_actions", "spell_list_id"]


def spell_list_id(pen: Pen, listed: ListId) -> str:
    """Return a list's identifier behind its phrase."""
    pen.note(Production.LIST_ID)
    if not listed.phrase:
        return f"{pen.blank()}<{listed.identifier}>"
    pen.note(Production.LIST_ID_PHRASE)
    return f"{spell_phrase(pen, listed.phrase)}{pen.fws()}<{listed.identifier}>"


def spell_list_actions(pen: Pen, actions: ListActions) -> str:
    """Return the URIs in order, comments between them."""
    if actions.is_refused:
        pen.note(Production.LIST_POST_NO)
        return f"{pen.any_case('NO')}{pen.gap()}"
    pen.note(Production.LIST_URI if len(actions.uris) == 1 else Production.LIST_URIS)
    spelled = [f"{pen.gap()}<{uri}>{pen.gap()}" for uri in actions.uris]
    return f",{pen.fws()}".join(spelled)
