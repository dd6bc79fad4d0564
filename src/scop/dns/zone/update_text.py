"""Changes of a zone as people type them: one a line, in the words of `nsupdate`.

    add NAME TTL TYPE VALUE…        prereq yxdomain NAME
    delete NAME                     prereq nxdomain NAME
    delete NAME TYPE                prereq yxrrset NAME TYPE [VALUE…]
    delete NAME TYPE VALUE…         prereq nxrrset NAME TYPE

`update` may stand before `add` and `delete`, `ttl N` gives a TTL to additions without one, `send` is where a script of
`nsupdate` ends, and `zone NAME` may name the zone once more. A name without a dot at its end is completed by the zone,
unless it ends as the zone does: nsupdate takes it as whole, and nobody means it twice. A value that ends in a name with
dots, but without the last one, could be meant either way and is refused.

Standards: RFC 2136 §2.4 and §2.5; RFC 1035 §5.1 (values).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scop.dns.names import is_at_or_below, normal_name
from scop.dns.rdata import Rdata, type_number
from scop.dns.update import Addition, Change, Deletion, Prerequisite
from scop.dns.zone.master_file import rdata_from_text

__all__ = ["UpdateScript", "read_update_lines"]

_MAX_TTL = 0x7FFF_FFFF
_CLASS = "IN"


@dataclass(frozen=True, slots=True)
class UpdateScript:
    """What has to be so, and what is changed then, in order."""

    prerequisites: tuple[Prerequisite, ...]
    changes: tuple[Change, ...]


def read_update_lines(lines: Iterable[str], zone: str) -> UpdateScript:
    """Read a script; raises `ValueError` that names the line."""
    reading = _Reading(normal_name(zone))
    for number, line in enumerate(lines, 1):
        try:
            reading.take(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return UpdateScript(tuple(reading.prerequisites), tuple(reading.changes))


class _Reading:
    """The script so far."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._ttl: int | None = None
        self.prerequisites: list[Prerequisite] = []
        self.changes: list[Change] = []

    def take(self, line: str) -> None:
        word, rest = _first_word(line)
        if not word or word.startswith((";", "#")) or word in ("send", "answer", "show"):
            return
        if word == "update":
            word, rest = _first_word(rest)
        if word in ("add", "insert"):
            self._add(rest)
        elif word in ("delete", "del"):
            self._delete(rest)
        elif word in ("prereq", "require"):
            self._require(rest)
        elif word in ("yxdomain", "nxdomain", "yxrrset", "nxrrset"):
            self._require(f"{word} {rest}")
        elif word in ("zone", "server", "key"):
            self._check_place(word, rest.strip())
        elif word == "ttl":
            self._ttl = _ttl(rest.strip())
        else:
            raise ValueError(f"{word!r} is none of add, delete, prereq, ttl")

    def _check_place(self, word: str, said: str) -> None:
        """Pass over where nsupdate would send what follows only if it goes there."""
        if word != "zone":
            raise ValueError(f"{word}: leave the line out, and say it by --{word}")
        if normal_name(said) != self._zone:
            raise ValueError(f"the zone is {self._zone}, not {said}: one UPDATE has one zone")

    def _add(self, text: str) -> None:
        name, rest = _first_word(text, folded=False)
        word, after = _first_word(rest)
        ttl = self._ttl
        if word.isdecimal():
            ttl, rest = _ttl(word), after
        if ttl is None:
            raise ValueError("an addition needs a TTL: add NAME TTL TYPE VALUE")
        type_, value = self._type_and_value(rest)
        if type_ is None or value is None:
            raise ValueError("an addition needs type and value: add NAME TTL TYPE VALUE")
        self.changes.append(Addition(self._name(name), ttl, value))

    def _delete(self, text: str) -> None:
        name, rest = _first_word(text, folded=False)
        word, after = _first_word(rest)
        if word.isdecimal():  # nsupdate lets a TTL stand here, and passes it over
            rest = after
        type_, value = self._type_and_value(rest)
        self.changes.append(Deletion(self._name(name), type_ or "ANY", value))

    def _require(self, text: str) -> None:
        kind, rest = _first_word(text)
        name, rest = _first_word(rest, folded=False)
        type_, value = self._type_and_value(rest)
        owner = self._name(name)
        if kind in ("yxdomain", "nxdomain") and type_ is None:
            self.prerequisites.append(Prerequisite(owner, exists=kind == "yxdomain"))
        elif kind == "yxrrset" and type_ is not None:
            self.prerequisites.append(Prerequisite(owner, type_, value))
        elif kind == "nxrrset" and type_ is not None and value is None:
            self.prerequisites.append(Prerequisite(owner, type_, exists=False))
        else:
            raise ValueError(f"prereq {text.strip()!r}: see yxdomain, nxdomain, yxrrset, nxrrset")

    def _type_and_value(self, text: str) -> tuple[str | None, Rdata | None]:
        word, rest = _first_word(text)
        if word.upper() == _CLASS:
            word, rest = _first_word(rest)
        if not word:
            return None, None
        type_ = word.upper()
        type_number(type_)  # raises ValueError
        return type_, self._value(type_, rest.strip()) if rest.strip() else None

    def _value(self, type_: str, text: str) -> Rdata:
        """Read a value; one whose last word is a name that may be meant in two ways is refused."""
        value, whole = (rdata_from_text(type_, text, origin) for origin in (self._zone, ""))
        last = text.rsplit(maxsplit=1)[-1]
        if value == whole or "." not in last or last.endswith("."):
            return value
        if is_at_or_below(normal_name(last), self._zone):
            return whole
        raise ValueError(f"{last}: end it with a dot, as {last}. or {last}.{self._zone}.")

    def _name(self, name: str) -> str:
        if not name:
            raise ValueError("a name is missing")
        if name == "@":
            return self._zone
        if name.endswith(".") or is_at_or_below(normal_name(name), self._zone):
            return normal_name(name)
        return normal_name(f"{name}.{self._zone}")


def _first_word(text: str, *, folded: bool = True) -> tuple[str, str]:
    word, _, rest = text.strip().partition(" ") if "\t" not in text else text.strip().replace("\t", " ").partition(" ")
    return (word.lower() if folded else word), rest


def _ttl(word: str) -> int:
    if not word.isdecimal() or int(word) > _MAX_TTL:
        raise ValueError(f"{word!r} is no TTL")
    return int(word)
