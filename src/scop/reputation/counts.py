"""Counts by host, network and authenticated domain, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scop.reputation.deeds import Deed
from scop.reputation.rules import Finding, Rules, Standing, judge, tally_in_words
from scop.reputation.subjects import Party, SubjectKind, is_v4_address, kind_of, network_of
from scop.reputation.tally import Tally

__all__ = ["Reputation", "Row"]

_BAD = frozenset({Deed.FORGERY, Deed.MALWARE, Deed.SPAM})
_AROUND = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Row:
    """What is known about one subject, as it counts now."""

    subject: str
    kind: SubjectKind
    tally: Tally
    finding: Finding


class Reputation:
    """Counts deeds; the time is told with each question, as seconds since 1970."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        # In the order in which they were last heard of.
        self._tallies: dict[SubjectKind, dict[str, Tally]] = {kind: {} for kind in SubjectKind}

    def note(self, deed: Deed, party: Party, now_unix: float) -> tuple[Row, ...]:
        """Count one deed for each of its party; return who stands to be refused because of it, the widest first."""
        named = (
            (SubjectKind.NETWORK, party.network),
            (SubjectKind.ADDRESS, party.host),
            (SubjectKind.DOMAIN, party.domain),
        )
        counted = [(kind, subject) for kind, subject in named if subject]
        for kind, subject in counted:
            tally = self._at(kind, subject, now_unix).plus(deed, party.host if kind is SubjectKind.NETWORK else "")
            self._put(kind, subject, tally)
        if deed not in _BAD:
            return ()
        rows = (self._row(kind, subject, now_unix) for kind, subject in counted)
        return tuple(row for row in rows if row.finding.standing is Standing.REFUSE)

    def finding(self, subject: str, now_unix: float) -> Finding:
        """Return how a subject stands."""
        return self.row(subject, now_unix).finding

    def standing(self, party: Party, now_unix: float) -> Standing:
        """Return how a client is met: as the worse of its host and its network."""
        host = self._stands(SubjectKind.ADDRESS, party.host, now_unix)
        return max(host, self._stands(SubjectKind.NETWORK, party.network, now_unix))

    def why(self, subject: str, now_unix: float) -> tuple[str, ...]:
        """Return in sentences what is known about a subject and what follows."""
        row = self.row(subject, now_unix)
        if row.tally.is_gone:
            return (f"Nothing is known about {subject}.",)
        word = {Standing.WELCOME: "is welcome", Standing.DELAY: "is delayed", Standing.REFUSE: "stands to be refused"}
        counts = f"Known of {subject}, faded by half in {self.rules.half_life_seconds / 3600:g} hours: "
        return (
            f"{counts}{tally_in_words(row.tally)}.",
            f"It {word[row.finding.standing]}: {row.finding.sentence}.",
        )

    def subjects(self, kind: SubjectKind | None = None) -> tuple[str, ...]:
        """Return everybody who is remembered, who was heard of last first, even where all has faded by now."""
        kinds = tuple(SubjectKind) if kind is None else (kind,)
        return tuple(subject for each in kinds for subject in reversed(self._tallies[each]))

    def row(self, subject: str, now_unix: float) -> Row:
        """Return what is known of one."""
        return self._row(kind_of(subject), subject, now_unix)

    def forget(self, subject: str) -> bool:
        """Forget a subject; say whether anything was known."""
        return self._tallies[kind_of(subject)].pop(subject, None) is not None

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """Yield what is to be saved, in the order in which `restore` takes it."""
        for table in self._tallies.values():
            yield from table.items()

    def restore(self, subject: str, tally: Tally) -> None:
        """Take what was saved."""
        self._put(kind_of(subject), subject, tally)

    def _stands(self, kind: SubjectKind, subject: str, now_unix: float) -> Standing:
        known = subject and subject in self._tallies[kind]  # of most clients nothing is known
        return self._row(kind, subject, now_unix).finding.standing if known else Standing.WELCOME

    def _row(self, kind: SubjectKind, subject: str, now_unix: float) -> Row:
        tally = self._at(kind, subject, now_unix)
        around = None
        if kind is SubjectKind.ADDRESS and (tally.offences or tally.spam):
            around = self._at(SubjectKind.NETWORK, _around(subject), now_unix)
        return Row(
            subject, kind, tally, judge(tally, self.rules, is_network=kind is SubjectKind.NETWORK, around=around)
        )

    def _at(self, kind: SubjectKind, subject: str, now_unix: float) -> Tally:
        known = self._tallies[kind].get(subject)
        return Tally(now_unix) if known is None else known.faded(now_unix, self.rules.half_life_seconds)

    def _put(self, kind: SubjectKind, subject: str, tally: Tally) -> None:
        table = self._tallies[kind]
        table.pop(subject, None)
        table[subject] = tally
        if len(table) > self.rules.max_subjects:
            del table[next(iter(table))]


def _around(host: str) -> str:
    if is_v4_address(host):
        return f"{host.rpartition('.')[0]}.0/24"
    network = network_of(host)
    return str(network.supernet(new_prefix=_AROUND[network.version])) if network is not None else ""
