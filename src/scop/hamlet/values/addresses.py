"""Mailboxes and groups drawn: names, local parts and domains of every kind.

Standards: RFC 5322 §3.4, RFC 6532 §3.2, RFC 5321 §4.1.3 (address literals).
"""

from __future__ import annotations

import re

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import ASCII, SCRIPTS, draw_words
from scop.hamlet.values.surroundings import Surroundings
from scop.hamlet.values.texts import draw_word, draw_words_of_one_script
from scop.mime.fields.addresses import Address, Group

__all__ = ["DOT_ATOM", "draw_addr_spec", "draw_address", "draw_addresses", "draw_domain", "draw_mailboxes"]

# RFC 5322 §3.2.3, RFC 6532 §3.2
DOT_ATOM = re.compile(r"[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+(?:\.[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]+)*")
_ODD_NAMES = (
    *("Owl, Pat", 'The "Fox"', "J. Q. Owl", "back\\slash", "two  blanks", "=?utf-8?q?owl?=", "a@b", "Owl (junior)"),
    *("<angle>", "semi;colon", "Dr. Toad", "St. Stork", "x.y.z", "you & me", "[box]", "Zoë \\ Owl", 'Ünder "quotes"'),
)
_ODD_LOCAL_PARTS = (
    *("two words", "a@b", 'q"uote', "back\\slash", "dot..dot", ".lead", "trail.", "(paren)", "com,ma", "<angle>"),
    *(";", " ", "two  blanks", "very.(),:;<>[]", "", "#!$%&'*+-/=?^_`{}|~"),
)
_A_LABELS = ("xn--bcher-kva.test", "post.xn--fiqs8s.test", "xn--mgbh0fb.xn--p1ai.test")
_U_LABELS = ("bücher.test", "例子.测试.test", "почта.test", "straße.test", "δίκτυο.test")
_GENERAL_LITERALS = ("[x400:c=zz]", "[tag:some text]", "[lagoon]")
_LOCAL_KINDS = spread((20, "word"), (6, "dotted"), (3, "plus"), (3, "quoted"), (4, "utf-8"))
_DOMAIN_KINDS = spread((24, "name"), (2, "v4"), (1, "v6"), (1, "general"), (2, "a-label"), (3, "u-label"), (1, "long"))
_LIST_LENGTHS = spread((16, 1), (5, 2), (3, 3), (1, 6))


def draw_addresses(draw: Draw, around: Surroundings) -> tuple[Address | Group, ...]:
    """Return an address list: mailboxes, and groups among them."""
    if draw.below(40) == 0:
        return draw_mailboxes(draw, 20 + draw.below(40), around)
    found: list[Address | Group] = []
    for _ in range(draw.choice(_LIST_LENGTHS)):
        if draw.below(16) == 0:
            found.append(_draw_group(draw, around))
        else:
            found.append(draw_address(draw, around))
    return tuple(found)


def draw_mailboxes(draw: Draw, count: int, around: Surroundings) -> tuple[Address, ...]:
    """Return mailboxes only."""
    return tuple([draw_address(draw, around) for _ in range(count)])


def _draw_group(draw: Draw, around: Surroundings) -> Group:
    name = _draw_name(draw) or draw_word(draw)
    return Group(name, draw_mailboxes(draw, draw.below(4), around))


def draw_address(draw: Draw, around: Surroundings) -> Address:
    """Return one mailbox."""
    local, domain = _draw_local_part(draw, around), draw_domain(draw, around)
    return Address(_draw_name(draw), _written(local, domain), local, domain)


def draw_addr_spec(draw: Draw, around: Surroundings) -> str:
    """Return an addr-spec in its one normal form."""
    return _written(_draw_local_part(draw, around), draw_domain(draw, around))


def _written(local: str, domain: str) -> str:
    if not DOT_ATOM.fullmatch(local):
        escaped = local.replace("\\", "\\\\").replace('"', '\\"')
        local = f'"{escaped}"'
    return f"{local}@{domain}"


def _draw_name(draw: Draw) -> str:
    kind = draw.below(12)
    if kind < 4:
        return ""
    if kind == 4:
        return draw.choice(_ODD_NAMES)
    if kind < 8:
        return " ".join([word.title() for word in draw_words(draw, ASCII, 1 + draw.below(3))])
    return draw_words_of_one_script(draw, 4)


def _draw_local_part(draw: Draw, around: Surroundings) -> str:
    kind = draw.choice(_LOCAL_KINDS)
    if kind == "quoted":
        return draw.choice(_ODD_LOCAL_PARTS)
    if kind == "utf-8" and around.is_utf8:
        return draw.choice((".", "", " ")).join(draw_words(draw, draw.choice(SCRIPTS[1:]), 1 + draw.below(2)))
    word = draw_word(draw)
    if kind == "dotted":
        return f"{word}.{draw_word(draw)}"
    return f"{word}+{draw.below(1000)}" if kind == "plus" else word


def draw_domain(draw: Draw, around: Surroundings) -> str:
    """Return a domain: names, address literals, internationalised ones."""
    kind = draw.choice(_DOMAIN_KINDS)
    word = draw_word(draw)
    match kind:
        case "v4":
            return f"[192.0.2.{draw.below(256)}]"
        case "v6":
            return f"[IPv6:2001:db8::{draw.below(1 << 16):x}]"
        case "general":
            return draw.choice(_GENERAL_LITERALS)
        case "a-label":
            return draw.choice(_A_LABELS)
        case "u-label" if around.is_utf8:
            return draw.choice(_U_LABELS)
        case "long":
            return f"{'.'.join(draw_words(draw, ASCII, 8))}.test"
    return f"{word}.{draw_word(draw)}.test" if draw.below(3) == 0 else f"{word}.test"
