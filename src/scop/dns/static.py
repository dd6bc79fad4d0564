"""Names out of a dict: what tests and offline checks ask instead of the Internet.

Standards: the zone data of the openspf.org test suite for RFC 7208 (`from_openspf`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias, TypeVar, cast

from scop.base import Check
from scop.dns.answer import Answer, Question
from scop.dns.names import is_at_or_below, normal_name
from scop.dns.rdata import AAAA, CNAME, MX, NS, PTR, TXT, A, Rdata
from scop.dns.words import Rcode, Security, least_sure

__all__ = ["TIMEOUT", "StaticNames", "run"]

TIMEOUT: Final = "TIMEOUT"  # in the place of records: nobody answers this question
MAX_CNAMES = 16  # links of one chain; more is a loop or an attack
STATIC_TTL_SECONDS = 300

Records: TypeAlias = Sequence[Rdata] | Literal["TIMEOUT"]
OpenSpfZones: TypeAlias = Mapping[str, Sequence[object] | str]
_Outcome = TypeVar("_Outcome")


class _Answering(Protocol):
    def answer(self, question: Question) -> Answer: ...


class StaticNames:
    """Answers from a mapping of (name, type) to records, or to `TIMEOUT`.

    `security` says what DNSSEC makes of all at or below a name; the nearest counts, and without any it is insecure.
    """

    def __init__(
        self, mapping: Mapping[tuple[str, str], Records], *, security: Mapping[str, Security] | None = None
    ) -> None:
        self._security = {normal_name(apex): state for apex, state in (security or {}).items()}
        self._records = {(normal_name(name), type_): found for (name, type_), found in mapping.items()}
        self._names = {name for name, _ in self._records}

    @classmethod
    def from_openspf(cls, zonedata: OpenSpfZones) -> StaticNames:
        """Read the suite's shape: name → list of `{TYPE: value}` or TIMEOUT, or TIMEOUT alone; raises `ValueError`."""
        names = cls({})
        for owner, entries in zonedata.items():
            names._take_openspf(normal_name(owner), [entries] if isinstance(entries, str) else entries)
        return names

    def answer(self, question: Question) -> Answer:
        """Answer at once; CNAMEs are followed."""
        name, security = question.name, Security.SECURE
        for _ in range(MAX_CNAMES):
            security = least_sure(security, self._security_of(name))
            found = self._at(name, question.type)
            if found == TIMEOUT:
                return Answer(question, Rcode.SERVFAIL, canonical_name=name)
            if found:
                return Answer(question, Rcode.NOERROR, tuple(found), STATIC_TTL_SECONDS, security, name)
            alias = self._at(name, CNAME.type)
            if alias == TIMEOUT or not alias:
                rcode = Rcode.NOERROR if self._exists(name) else Rcode.NXDOMAIN
                return Answer(question, rcode, (), STATIC_TTL_SECONDS, security, name)
            name = cast(CNAME, alias[0]).target
        return Answer(question, Rcode.SERVFAIL, canonical_name=name)

    def _security_of(self, name: str) -> Security:
        nearest = max((apex for apex in self._security if is_at_or_below(name, apex)), key=len, default=None)
        return Security.INSECURE if nearest is None else self._security[nearest]

    def _at(self, name: str, type_: str) -> Records:
        found = self._records.get((name, type_))
        return self._records.get((name, "*"), ()) if found is None else found

    def _exists(self, name: str) -> bool:
        # RFC 8020 §2: a name exists when anything stands below it.
        return name in self._names or any(other.endswith("." + name) for other in self._names)

    def _take_openspf(self, owner: str, entries: Sequence[object]) -> None:
        # The suite: TIMEOUT in a list is the fate of every type that the list does not name; an SPF
        # record (the withdrawn type 99) stands for a TXT one unless TXT is named; `TXT: NONE` is none.
        self._names.add(owner)
        if any(entry == TIMEOUT for entry in entries):
            self._records[owner, "*"] = TIMEOUT
        if any(entry != TIMEOUT and not isinstance(entry, Mapping) for entry in entries):
            raise ValueError(f"{owner}: an entry is neither a mapping nor {TIMEOUT}")
        pairs = [pair for entry in entries if isinstance(entry, Mapping) for pair in entry.items()]
        texts = "TXT" if any(type_ == "TXT" for type_, _ in pairs) else "SPF"
        for type_, value in pairs:
            if type_ == texts:
                self._add(owner, "TXT", value)
            elif type_ not in {"TXT", "SPF"}:
                self._add(owner, type_, value)

    def _add(self, owner: str, type_: str, value: object) -> None:
        if value == TIMEOUT:
            self._records[owner, type_] = TIMEOUT
        elif value not in ("NONE", []):
            earlier = self._records.get((owner, type_), ())
            self._records[owner, type_] = (*cast(Sequence[Rdata], earlier), _openspf_record(type_, value))


def run(check: Check[Question, Answer, _Outcome], names: _Answering) -> _Outcome:
    """Drive a check to its outcome, each question answered at once by `names`."""
    try:
        question = next(check)
        while True:
            question = check.send(names.answer(question))
    except StopIteration as stop:
        return cast(_Outcome, stop.value)


def _openspf_record(type_: str, value: object) -> Rdata:
    if type_ == "TXT":
        texts = [value] if isinstance(value, str) else cast(Iterable[str], value)
        return TXT(tuple(string for text in texts for string in TXT.of(_octets(text)).strings))
    if type_ == "MX":
        preference, exchange = cast(tuple[int, str], value)
        return MX(preference, exchange)
    kinds: dict[str, Callable[[str], Rdata]] = {"A": A, "AAAA": AAAA, "PTR": PTR, "CNAME": CNAME, "NS": NS}
    if type_ not in kinds:
        raise ValueError(f"the suite's shape has no type {type_!r}")
    return kinds[type_](str(value))


def _octets(text: str) -> bytes:
    # The suite writes single octets as \xEF, which YAML reads as the character of that number.
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")
