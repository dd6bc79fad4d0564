"""From a mail to its evidence: each reader's findings put together, in a fixed order, and bounded.

What was made by the sender's hand comes first, words last: no flood of words pushes a fact out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, islice

from scop.mime import Address, Limits, Message, parse, parse_addresses
from scop.spam.connection import Connection
from scop.spam.evidence.fields import Fields, field_tokens, plain_field_tokens, read_fields, shape_of
from scop.spam.evidence.folding import fold
from scop.spam.evidence.hosts import HOST, client_tokens
from scop.spam.evidence.numbers import number_tokens
from scop.spam.evidence.path import date_tokens, path_tokens
from scop.spam.evidence.texts import MAX_SEEN_CHARACTERS, Texts, read_texts
from scop.spam.evidence.urls import MAX_URLS, is_elsewhere, url_tokens, urls_in
from scop.spam.evidence.values import Evidence, Scope
from scop.spam.evidence.words import disguises, oddities, shortened, words_in_order

__all__ = ["MAX_OCTETS", "MAX_TOKENS", "MAX_TOKEN_CHARACTERS", "evidence_of"]

MAX_TOKENS = 4_000
MAX_TOKEN_CHARACTERS = 120
MAX_OCTETS = 16_384
MAX_HEADER_CHARACTERS = 6_000  # of them
MAX_HIDDEN_WORDS = 200
MAX_ADDRESS_CHARACTERS = 2_000
MAX_RECIPIENTS = 20
MAX_COUNTED_HOPS = 12
# Names of hosts, days and months tell where and when mail was collected. What they are worth is among the facts.
_WAY = frozenset({"received", "date"})

_LIMITS = Limits(parts=200, header_octets=1 << 17, fields=300, field_octets=1 << 14)
# The shape of nearly all.
_PLAIN_ADDRESS = re.compile(
    r"(?:(?:\"([^\"<>@\\]*+)\"|([^\"<>@,;:()\\]*+))[ \t]*)?<([\w.+=-]{1,64}@[\w.-]{1,255})>"
    r"|([\w.+=-]{1,64}@[\w.-]{1,255})",
    re.ASCII,
)


def evidence_of(octets: bytes, connection: Connection | None = None, *, scope: Scope = Scope.FULL) -> Evidence:
    """Return the evidence of a mail, which stands below our own stamps; any octets are a mail."""
    message = parse(octets, limits=_LIMITS)
    fields = read_fields(message.header)
    texts = read_texts(message, scope)
    words = shortened(chain.from_iterable([text.words for text in texts.texts]))
    if scope is Scope.PLAIN:
        facts = [*plain_field_tokens(fields), *texts.tokens, *_link_tokens(texts)]
        return Evidence(tokens=_bounded(facts, words), octets=b"")
    facts = [*_facts(message, fields, connection), *texts.tokens, *_link_tokens(texts), *_text_tokens(texts)]
    way = _way_tokens(fields, connection)
    hosts = dict.fromkeys([token[:MAX_TOKEN_CHARACTERS] for token in way if token.startswith(HOST)])
    facts += [token for token in way if not token.startswith(HOST)]
    return Evidence(
        tokens=_bounded([*hosts, *facts], words),
        hosts=len(hosts),
        octets=_octets(fields, texts),
        text="\n".join([text.seen for text in texts.texts])[:MAX_SEEN_CHARACTERS],
        subject=fields.get("subject"),
        author=_first_address(message, fields, "from"),
        reply_to=_first_address(message, fields, "reply-to"),
        recipients=(*_addresses(message, fields, "to"), *_addresses(message, fields, "cc"))[:MAX_RECIPIENTS],
        links=tuple([link for page in texts.pages for link in page.links]),
        forms=tuple([form for page in texts.pages for form in page.forms]),
    )


def _bounded(facts: list[str], words: dict[str, None]) -> tuple[str, ...]:
    if max(map(len, facts)) > MAX_TOKEN_CHARACTERS:  # words are shorter
        facts = [token[:MAX_TOKEN_CHARACTERS] for token in facts]
    return tuple(dict.fromkeys(facts) | words)[:MAX_TOKENS]


def _facts(message: Message, fields: Fields, connection: Connection | None) -> list[str]:
    found = field_tokens(fields)
    hops = fields.all("received")
    found.append(f"path:hops-{min(len(hops) + (connection is not None), MAX_COUNTED_HOPS)}")
    taken = (connection.date if connection is not None else "") or (hops[0].rpartition(";")[2] if hops else "")
    found += date_tokens(fields.get("date"), taken)
    boundary = message.content_type.parameters.get("boundary", "")
    if boundary:
        found.append(f"part:boundary={shape_of(boundary)}")
    if connection is not None:
        found.append(f"net:{connection.tls}" if connection.tls else "net:no-tls")
    return found


def _way_tokens(fields: Fields, connection: Connection | None) -> list[str]:
    """Return what the hosts on a mail's way are and how they behave."""
    found = path_tokens(fields.all("received"))
    if connection is not None:
        found += client_tokens(connection.address.lower(), connection.name.lower(), connection.helo.lower())
    return found


def _link_tokens(texts: Texts) -> list[str]:
    """Return the tokens of where links, forms and images lead."""
    urls: dict[str, None] = {}
    for page in texts.pages:
        urls.update(dict.fromkeys([link.target for link in page.links]))
        urls.update(dict.fromkeys(page.sources))
    for text in texts.texts:
        urls.update(dict.fromkeys(urls_in(text.folded)))
    found = [token for url in list(urls)[:MAX_URLS] for token in url_tokens(url)]
    if any(is_elsewhere(link.text, link.target) for page in texts.pages for link in page.links):
        found.append("url:shown-elsewhere")
    if any(form.asks_password for page in texts.pages for form in page.forms):
        found.append("html:asks-for-secret")
    return found


def _text_tokens(texts: Texts) -> list[str]:
    """Return what the visible texts hold besides words, and what is written so that nobody sees it."""
    found: list[str] = []
    for text in texts.texts:
        odd, apart = oddities(text.chunks)
        found += disguises(text.chunks, odd, apart)
        found += number_tokens(odd)
    hidden = [fold(page.hidden[:MAX_SEEN_CHARACTERS]) for page in texts.pages if page.hidden]
    for unseen in hidden:
        found += [f"hidden:{word}" for word in islice(shortened(words_in_order(unseen)), MAX_HIDDEN_WORDS)]
    return found


def _octets(fields: Fields, texts: Texts) -> bytes:
    header = "\n".join([f"{name}: {body}" for name, body in fields.items if name not in _WAY])[:MAX_HEADER_CHARACTERS]
    room = MAX_OCTETS - len(header)
    # Of what a person sees: tags tell HTML from plain text, which is no sign of spam, and drown the words. Folded, for
    # a word at the beginning of a sentence is the same word.
    return "\n\n".join([header, *[text.folded[:room] for text in texts.texts[:4]]]).encode()[:MAX_OCTETS]


def _first_address(message: Message, fields: Fields, name: str) -> Address | None:
    return next(iter(_addresses(message, fields, name)), None)


def _addresses(message: Message, fields: Fields, name: str) -> tuple[Address, ...]:
    body = fields.get(name)
    if not body:
        return ()
    is_plain = b"=?" not in message.header.octets
    if not is_plain:  # an encoded word may hold what looks like an address: cut before it is decoded
        body = message.header.all(name)[0].unfolded
        is_plain = "=?" not in body and body.isascii()
    return _read_addresses(body[:MAX_ADDRESS_CHARACTERS], is_plain=is_plain)


@lru_cache(maxsize=512)  # recipients and lists are the same in many mails, and people write again
def _read_addresses(body: str, *, is_plain: bool) -> tuple[Address, ...]:
    plain = _PLAIN_ADDRESS.fullmatch(body) if is_plain else None
    if plain is not None:
        return (Address((plain[1] or plain[2] or "").strip(), plain[3] or plain[4]),)
    addresses = parse_addresses(body, limits=_LIMITS)
    return tuple([one for one in addresses if isinstance(one, Address)][:MAX_RECIPIENTS])
