"""A sender that goes by the name of a house that it is not: “PayPal Service” <x@evil.test>.

Many readers are shown the name and no address. The names of houses that are imitated everywhere are looked for, in
letters that look like theirs too; a short name, one that is a word, and ours count only beside a word that desks are
called by.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scop.spam.evidence.folding import fold, without_accents
from scop.spam.phishing.look_alikes import skeleton
from scop.spam.phishing.well_known import BAIT_WORDS, WELL_KNOWN, WORDS

__all__ = ["house_named"]

MAX_NAME_CHARACTERS = 60
MAX_WORDS_OF_A_HOUSE = 3  # "Bank of America"
MIN_PLAIN = 6  # letters of a name that needs no word beside it
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=8)  # of ours, which hardly ever change
def _houses(domains: frozenset[str]) -> dict[str, str]:
    return {skeleton(domain.partition(".")[0]): domain for domain in sorted(domains, reverse=True)}


_KNOWN = _houses(WELL_KNOWN)


@lru_cache(maxsize=512)  # people write again
def house_named(name: str, domain: str, own_domains: frozenset[str]) -> str:
    """Return the domain of the house that a display name claims, where `domain` is not of that house; else ""."""
    words = _WORD.findall(without_accents(fold(name[:MAX_NAME_CHARACTERS])))
    skeletons = list(map(skeleton, words))
    comes_from = skeleton(domain)
    own = _houses(own_domains)
    for start in range(len(words)):
        for count in range(1, min(MAX_WORDS_OF_A_HOUSE, len(words) - start) + 1):
            called = "".join(skeletons[start : start + count])
            others = (*words[:start], *words[start + count :])
            house = own.get(called, _KNOWN.get(called, ""))
            if house and called not in comes_from and _is_claim(house, others, own_domains):
                return house
    return ""


def _is_claim(house: str, others: tuple[str, ...], own_domains: frozenset[str]) -> bool:
    label = house.partition(".")[0]
    is_plain = len(label) >= MIN_PLAIN and label not in WORDS and house not in own_domains
    return is_plain or any(word in BAIT_WORDS for word in others)
