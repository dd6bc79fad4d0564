"""Names that are made to be taken for other names: which known domain does a host imitate?

A name imitates another by one letter more, less, other or swapped; by letters and digits that look alike; by words
put before or behind it (`lagoon-billing.example`); or by standing as a subdomain of somewhere else
(`lagoon.example.evil.test`). Known names are indexed by what is left of them without one letter, so that a question
costs a dozen look-ups, however many names are known.

Sources: Unicode UTS #39 (skeletons); M. Damashek's and F. Bocker's deletion neighbourhoods, as SymSpell has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from scop.spam.evidence.folding import fold, without_accents
from scop.spam.evidence.hosts import registered_domain
from scop.spam.phishing.well_known import BAIT_WORDS, WORDS

__all__ = ["LookAlikes", "skeleton"]

MIN_MISSPELT = 6  # letters; shorter names have honest neighbours ("apple", "apply")
MIN_DRESSED = 4  # letters of a name that is found among other words ("visa-login")
MIN_COMPOUND = 6  # letters of one that nothing parts from them ("paypallogin", but not "freemail")
MAX_LABEL_CHARACTERS = 63  # RFC 1035 §2.3.4
MAX_REMEMBERED = 4_096  # labels, and what was found of them: mails lead to the same places again and again

_Key = TypeVar("_Key", int, str)

_PUNYCODE = "xn--"  # RFC 5890 §2.3.2.1
_PARTS = re.compile(r"[-_.]")
_DIGITS = str.maketrans("01345789|!", "oleastbgll")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("i", "l"), ("j", "l"))


class LookAlikes:
    """The names that may be imitated."""

    def __init__(self, domains: Iterable[str] = ()) -> None:
        self._domains: set[str] = set()
        # Of most keys there is one: words in one string, and hashes for keys, take half of the memory of lists.
        self._by_label: dict[str, str] = {}
        self._by_key: dict[int, str] = {}  # the hash of what is left of a label → labels
        self._found: dict[str, str] = {}  # by labels, until the names change
        for domain in domains:
            self.add(domain)

    def add(self, domain: str) -> None:
        """Take a registered domain among those that may be imitated."""
        if domain in self._domains:
            return
        self._domains.add(domain)
        self._found.clear()
        label = _label(domain)
        if label not in self._by_label:
            for key in _keys(label):
                _add_word(self._by_key, key, label)
        _add_word(self._by_label, label, domain)

    def discard(self, domain: str) -> None:
        """Forget a domain."""
        if domain not in self._domains:
            return
        self._domains.remove(domain)
        self._found.clear()
        label = _label(domain)
        _discard_word(self._by_label, label, domain)
        if label not in self._by_label:
            for key in _keys(label):
                _discard_word(self._by_key, key, label)

    def imitated_by(self, host: str) -> str:
        """Return the known domain that a host seems to be, and is not; "" where it imitates none."""
        domain = registered_domain(host)
        if domain in self._domains:
            return ""
        label = _label(domain)
        if label in self._by_label:  # the same house under another top-level domain, more often than not
            return self._as_subdomain(host, domain)
        found = self._found.get(label)
        if found is None:
            found = self._as_misspelt(label) or self._as_dressed(label)
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            self._found[label] = found
        return found or self._as_subdomain(host, domain)

    def _as_misspelt(self, label: str) -> str:
        if len(label) > MAX_LABEL_CHARACTERS:
            return ""
        own = skeleton(label)
        near = {known for key in _keys(label) for known in self._by_key.get(key, "").split()}
        found = [
            known for known in near if _is_near(label, known) or (own == skeleton(known) and len(known) >= MIN_DRESSED)
        ]
        return self._known(min(found)) if found else ""

    def _as_dressed(self, label: str) -> str:
        """Find `lagoon` in `lagoon-billing`, `securelagoon`, `lagoon-example-login`."""
        parts = _PARTS.split(label)
        if len(parts) == 1:
            return self._as_compound(label)
        for place, part in enumerate(parts):
            if len(part) < MIN_DRESSED:
                continue
            rest = [*parts[:place], *parts[place + 1 :]]
            known = self._known(part) or self._as_misspelt(part)
            if known and all(word in BAIT_WORDS or word in known.split(".") for word in rest):
                return known
        return ""

    def _as_compound(self, label: str) -> str:
        for cut in range(2, min(len(label), MAX_LABEL_CHARACTERS) - 1):
            for name, word in ((label[:cut], label[cut:]), (label[cut:], label[:cut])):
                if len(name) >= MIN_COMPOUND and word in BAIT_WORDS and (known := self._known(name)):
                    return known
        return ""

    def _as_subdomain(self, host: str, domain: str) -> str:
        """Find `lagoon.example` in `lagoon.example.evil.test` and `www-lagoon-example.evil.test`."""
        if host == domain:
            return ""
        labels = host.removesuffix(domain).rstrip(".").split(".")
        for start in range(len(labels)):
            for end in range(start + 2, min(start + 4, len(labels)) + 1):
                if (name := ".".join(labels[start:end])) in self._domains:
                    return name
        for label in labels:
            parts = label.split("-")
            for start in range(len(parts) - 1):
                if (name := ".".join(parts[start : start + 2])) in self._domains:
                    return name
        return ""

    def _known(self, label: str) -> str:
        domains = self._by_label.get(label)
        return min(domains.split()) if domains else ""


@lru_cache(MAX_REMEMBERED)
def skeleton(label: str) -> str:
    """Return what a label looks like: letters that are taken for each other become one."""
    seen = _unicode(label)
    text = (seen.lower() if seen.isascii() else without_accents(fold(seen))).translate(_DIGITS)
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text.replace("-", "")


def _unicode(label: str) -> str:
    """Return a label as a reader sees it: its punycode undone."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label[len(_PUNYCODE) :].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _label(domain: str) -> str:
    return domain.partition(".")[0]


def _keys(label: str) -> set[int]:
    """Return hashes of the skeleton, the label, and the label without each of its letters in turn."""
    keys = {hash(f"={skeleton(label)}"), hash(label)}
    if len(label) >= MIN_MISSPELT - 1:
        keys.update([hash(label[:place] + label[place + 1 :]) for place in range(len(label))])
    return keys


def _add_word(table: dict[_Key, str], key: _Key, word: str) -> None:
    known = table.get(key)
    table[key] = f"{known} {word}" if known else word


def _discard_word(table: dict[_Key, str], key: _Key, word: str) -> None:
    left = [one for one in table[key].split() if one != word]
    if left:
        table[key] = " ".join(left)
    else:
        del table[key]


def _is_near(label: str, known: str) -> bool:
    return known not in WORDS and len(known) >= MIN_MISSPELT <= len(label) and _is_one_edit(label, known)


def _is_one_edit(one: str, other: str) -> bool:
    """Tell whether a letter more, less, other, or two neighbours swapped make one name of the other."""
    if len(one) > len(other):
        one, other = other, one
    if one == other or len(other) - len(one) > 1:
        return False
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    is_swapped = one[place : place + 2] == other[place : place + 2][::-1] and one[place + 2 :] == other[place + 2 :]
    return one[place + 1 :] == other[place + 1 :] or is_swapped
