"""Addresses spelled: mailboxes and groups, with comments, quotes, routes and white space wherever they may stand.

A comment beside a mailbox that has no name would be taken for its name (as RFC 822 meant it), so comments stand only
where a name is; there the name itself may be spelled as a comment.

Standards: RFC 5322 §3.4, §4.4; RFC 6532 §3.2; RFC 6854.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scop.hamlet.lexicon import ASCII
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.phrases import spell_phrase, spell_quoted
from scop.hamlet.spelling.words import spell_words
from scop.hamlet.values.addresses import DOT_ATOM
from scop.mime.fields.addresses import Address, Group

__all__ = ["spell_addr_spec", "spell_addresses"]


def spell_addresses(pen: Pen, addresses: tuple[Address | Group, ...]) -> str:
    """Return an address-list that means `addresses`."""
    if not addresses:
        pen.note(Production.ADDRESS_LIST_EMPTY)
        return pen.comment() if pen.whim(3) else ""
    spelled = ""
    for number, address in enumerate(addresses):
        if number:
            spelled += ",\n " if number % pen.TIDY_COUNT == 0 else f"{pen.blank()},{pen.fws()}"
        if pen.whim(24):
            pen.note(Production.ADDRESS_LIST_OBSOLETE)
            spelled += f",{pen.fws()}"
        spelled += _spell_group(pen, address) if isinstance(address, Group) else _spell_mailbox(pen, address)
    if pen.whim(24):
        pen.note(Production.ADDRESS_LIST_OBSOLETE)
        spelled += f",{pen.blank()}"
    return spelled


def _spell_group(pen: Pen, group: Group) -> str:
    pen.note(Production.GROUP if group.members else Production.GROUP_EMPTY)
    members = f",{pen.fws()}".join([_spell_mailbox(pen, member) for member in group.members])
    inner = members or (pen.comment() if pen.whim(3) else "")
    return f"{spell_phrase(pen, group.display_name)}{pen.gap()}:{pen.blank()}{inner}{pen.blank()};"


def _spell_mailbox(pen: Pen, address: Address) -> str:
    name = address.display_name
    if not name:
        return _spell_nameless(pen, address)
    if _may_be_comment(name) and pen.whim(6):
        pen.note(Production.MAILBOX_NAME_IN_COMMENT)
        return f"{spell_addr_spec(pen, address, pen.blank)}{pen.fws()}({_spell_in_comment(pen, name)})"
    pen.note(Production.NAME_ADDR)
    before = f"{pen.comment()}{pen.fws()}" if pen.whim(24) else ""
    behind = f"{pen.fws()}{pen.comment()}" if pen.whim(16) else ""
    between = pen.cfws() if pen.below(12) or not pen.is_quirky else ""
    return f"{before}{spell_phrase(pen, name)}{between}{_spell_angle(pen, address)}{behind}"


def _spell_nameless(pen: Pen, address: Address) -> str:
    if pen.below(3) == 0:
        pen.note(Production.ANGLE_ADDR_WITHOUT_NAME)
        return f"<{pen.blank()}{spell_addr_spec(pen, address, pen.blank)}{pen.blank()}>"
    pen.note(Production.ADDR_SPEC_ALONE)
    return spell_addr_spec(pen, address, pen.blank)


def _spell_angle(pen: Pen, address: Address) -> str:
    route = ""
    if pen.whim(20):
        pen.note(Production.OBSOLETE_ROUTE)
        hosts = [f"@{word}.test" for word in pen.draw.shuffled(ASCII.words[:6])[: 1 + pen.below(3)]]
        route = f"{pen.choice((',', ', ', ',,')).join(hosts)}:{pen.blank()}"
    return f"<{pen.gap()}{route}{spell_addr_spec(pen, address, pen.gap)}{pen.gap()}>"


def _may_be_comment(name: str) -> bool:
    return "  " not in name and not name.startswith(" ") and not name.endswith(" ")


def _spell_in_comment(pen: Pen, name: str) -> str:
    if "=?" in name or (not name.isascii() and pen.below(2)):
        return spell_words(pen, name)
    return re.sub(r"([()\\])", r"\\\1", name)


def spell_addr_spec(pen: Pen, address: Address, space: Callable[[], str]) -> str:
    """Return `local-part@domain`, with `space` where the obsolete grammar lets white space stand."""
    local = _spell_local_part(pen, address.local_part, space)
    if not address.domain:
        return local
    return f"{local}{space()}@{space()}{_spell_domain(pen, address.domain, space)}"


def _spell_local_part(pen: Pen, local: str, space: Callable[[], str]) -> str:
    if not local.isascii():
        pen.note(Production.LOCAL_PART_UTF8)
    if not DOT_ATOM.fullmatch(local) or pen.whim(12):
        pen.note(Production.LOCAL_PART_QUOTED)
        return spell_quoted(pen, local)
    if not pen.whim(6):
        pen.note(Production.LOCAL_PART_DOT_ATOM)
        return local
    pen.note(Production.LOCAL_PART_OBSOLETE)  # RFC 5322 §4.4: words with white space around the dots
    words = [spell_quoted(pen, word) if pen.below(6) == 0 else word for word in local.split(".")]
    return f"{space()}.{space()}".join(words)


def _spell_domain(pen: Pen, domain: str, space: Callable[[], str]) -> str:
    if domain.startswith("["):
        pen.note(Production.DOMAIN_LITERAL)
        inner = domain[1:-1].replace(" ", pen.fws())
        return f"[{pen.blank()}{inner}{pen.blank()}]"
    if not domain.isascii():
        pen.note(Production.DOMAIN_U_LABEL)
    if "xn--" in domain:
        pen.note(Production.DOMAIN_A_LABEL)
    if not pen.whim(8):
        pen.note(Production.DOMAIN_DOT_ATOM)
        return domain
    pen.note(Production.DOMAIN_OBSOLETE)
    return f"{space()}.{space()}".join(domain.split("."))
