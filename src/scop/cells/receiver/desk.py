"""What the receiver answers on its pipes: deeds of the verifier and the filter, and the operator's orders."""

from __future__ import annotations

from scop.base import Clock
from scop.base.days import moment_of
from scop.cells.receiver.hearsay import Lists
from scop.cells.receiver.wall import Wall
from scop.mesh.calls import Answers
from scop.mesh.manifest import OPERATOR
from scop.mesh.vocabulary.receiver import (
    AllowSource,
    BlockSource,
    ExplainSubject,
    Explanation,
    FirewallEntry,
    FirewallList,
    ForgetSubject,
    Forgotten,
    KnownSubject,
    Noted,
    NoteDeeds,
    ReadFirewall,
    ReadReputation,
    ReputationList,
)
from scop.net.faults import PermanentFailure
from scop.net.peer import Peer
from scop.reputation import Action, Cause, Entry, parse_subject
from scop.reputation.counts import Row
from scop.reputation.subjects import SubjectKind, kind_of, network_of

__all__ = ["WallDesk"]

PAGE = 1_000  # entries or subjects in one answer


class WallDesk:
    """Answers calls about one firewall; `published` is the zone that shows it, '' for none."""

    def __init__(self, wall: Wall, lists: Lists, published: str, clock: Clock) -> None:
        self._wall = wall
        self._lists = lists
        self._published = published
        self._clock = clock

    def answers_to(self, cell: str) -> Answers:
        """Return who answers which question of a neighbour: only the operator may give orders."""
        if cell != OPERATOR.name:
            return {NoteDeeds: self.note_deeds}
        return {
            ReadFirewall: self.read,
            ReadReputation: self.read_reputation,
            ExplainSubject: self.explain,
            AllowSource: self.allow,
            BlockSource: self.block,
            ForgetSubject: self.forget,
        }

    async def note_deeds(self, asked: NoteDeeds, peer: Peer) -> Noted:
        """Count deeds."""
        made = self._wall.note_deeds(peer.cell, asked.deeds)
        return Noted(len(asked.deeds), tuple(entry.subject for entry in made))

    async def read(self, asked: ReadFirewall, _peer: Peer) -> FirewallList:
        """Return a page of the entries, the newest first."""
        found = sorted(self._wall.firewall.entries.holding(self._now()), key=_newest_first)
        page = found[asked.after : asked.after + PAGE] if asked.after >= 0 else []
        configured = self._wall.firewall.options.allow
        return FirewallList(tuple(map(_told, page)), len(found), configured, self._published)

    async def read_reputation(self, asked: ReadReputation, _peer: Peer) -> ReputationList:
        """Return a page of what is known."""
        try:
            kind = SubjectKind(asked.kind) if asked.kind else None
        except ValueError:
            raise PermanentFailure(f"there is no kind {asked.kind!r}: say address, network or domain") from None
        reputation, now = self._wall.firewall.reputation, self._now()
        subjects = reputation.subjects(kind)
        end = max(0, asked.after) + PAGE
        rows = (reputation.row(subject, now) for subject in subjects[max(0, asked.after) : end])
        known = tuple(_known(row) for row in rows if not row.tally.is_gone)
        return ReputationList(known, len(subjects), end if end < len(subjects) else None)

    async def explain(self, asked: ExplainSubject, _peer: Peer) -> Explanation:
        """Say how a subject would be met, and all that this follows from."""
        subject = _subject(asked.subject)
        sentences = list(self._wall.firewall.reputation.why(subject, self._now()))
        if (network := network_of(subject)) is None:
            finding = self._wall.firewall.reputation.finding(subject, self._now())
            return Explanation(subject, finding.standing.name.lower(), (*sentences, *self._entries_of(subject)))
        address = str(network.network_address)
        if kind_of(subject) is SubjectKind.ADDRESS:
            address = asked.subject.strip() if network.version == 6 and "/" not in asked.subject else address
            sentences += await self._about_client(address)
        verdict = self._wall.verdict(address)
        return Explanation(subject, verdict.standing.name.lower(), (*self._entries_of(subject), *sentences))

    async def allow(self, asked: AllowSource, peer: Peer) -> FirewallEntry:
        """Hold the door open."""
        return await self._ordered(Action.ALLOW, asked, peer)

    async def block(self, asked: BlockSource, peer: Peer) -> FirewallEntry:
        """Shut the door."""
        return await self._ordered(Action.BLOCK, asked, peer)

    async def forget(self, asked: ForgetSubject, peer: Peer) -> Forgotten:
        """Take away what there is."""
        entries, was_known = self._wall.withdraw(_subject(asked.subject), peer.cell)
        await self._wall.save()
        return Forgotten(tuple(map(_told, entries)), was_known)

    async def _ordered(self, action: Action, asked: AllowSource | BlockSource, peer: Peer) -> FirewallEntry:
        now = self._now()
        until = None if asked.seconds is None else now + asked.seconds
        try:
            entry = Entry(parse_subject(asked.subject), action, Cause.OPERATOR, now, until, asked.reason)
            self._wall.order(entry, peer.cell)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from None
        await self._wall.save()
        return _told(entry)

    async def _about_client(self, address: str) -> list[str]:
        """Return what decides for one client beside what is counted of it."""
        firewall = self._wall.firewall
        source = firewall.sources.of(address)
        if source is None:
            return [f"{address} is in our own networks: it is never counted and never shut out."]
        verdict = self._wall.verdict(address)
        found = []
        if verdict.is_allowed:
            where = f"by an entry for {verdict.entry.subject}" if verdict.entry else "by [firewall] allow in scop.toml"
            found.append(f"It is allowed {where}, whatever is known of it.")
        elif verdict.entry is not None and verdict.entry.subject != source.host:
            found.append(f"It is shut out with {verdict.entry.subject}: {_in_words(verdict.entry)}.")
        if self._wall.misdeeds.remembers(source):
            found.append("It sent broken commands or tried names within the last hour.")
        found += firewall.reputation.why(source.network, self._now())
        for said in await self._lists.ask(address):
            word = f"has it ({', '.join(said.codes)})" if said.is_listed else (said.trouble or "does not have it")
            found.append(f"The list {said.zone}: {word}.")
        return found

    def _entries_of(self, subject: str) -> tuple[str, ...]:
        entries = self._wall.firewall.entries.of(subject, self._now())
        words = {Action.ALLOW: "The door is held open to", Action.BLOCK: "The door is shut to"}
        return tuple(f"{words[entry.action]} {subject}: {_in_words(entry)}." for entry in entries)

    def _now(self) -> float:
        return self._clock.unix()


def _subject(text: str) -> str:
    try:
        return parse_subject(text)
    except ValueError as fault:
        raise PermanentFailure(str(fault)) from None


def _newest_first(entry: Entry) -> float:
    return -entry.since_unix


def _in_words(entry: Entry) -> str:
    until = "for good" if entry.until_unix is None else f"until {moment_of(entry.until_unix)}"
    return f"{entry.cause}, {until}{f' ({entry.reason})' if entry.reason else ''}"


def _told(entry: Entry) -> FirewallEntry:
    return FirewallEntry(
        entry.subject, str(entry.action), str(entry.cause), entry.since_unix, entry.until_unix, entry.reason
    )


def _known(row: Row) -> KnownSubject:
    tally = row.tally
    return KnownSubject(
        subject=row.subject,
        kind=str(row.kind),
        standing=row.finding.standing.name.lower(),
        honest=tally.honest,
        offences=tally.offences,
        harmless=tally.harmless,
        spam=tally.spam,
        sentence=row.finding.sentence,
    )
