"""One connection of a mail server that asks about mail while it takes it: gathers each mail, weighs it at its end.

Of a body only as much is kept as weighing looks at; the rest is declined where the mail server lets us. What people of
the mail server's own submit, who logged in, is not looked at.

Standards: Postfix MILTER_README and Sendmail libmilter (macros); RFC 4954 §5 (who logged in).
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from scop.base import printable
from scop.cli.spam.filter_examining import BUSY, MailExaminer
from scop.cli.spam.filter_policies import Judged
from scop.cli.spam.filter_weighing import Scales, fields_of, is_ours
from scop.mesh.config.attachments import Policy
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.smtp import reply
from scop.smtp.milter import (
    ACCEPT,
    CONTINUE,
    SKIP,
    Abort,
    Action,
    BodyChunk,
    ChangeField,
    Connect,
    Event,
    Field,
    Helo,
    InsertField,
    Mail,
    MessageEnd,
    Quarantine,
    Quit,
    Refusal,
    Step,
    Wishes,
)
from scop.smtp.milter.answers import Answer, Change
from scop.smtp.stamps import date_time
from scop.spam import Label, Verdict
from scop.spam.connection import Connection

__all__ = ["MilterOffice", "MilterRules", "MilterWeighing", "wishes_of"]

MAX_BODY_OCTETS = 1 << 20  # weighing looks at a part of that
MAX_EXAMINED_OCTETS = 64 << 20  # of a mail whose attachments are looked into; of a longer one its beginning is
MAX_HEADER_OCTETS = 1 << 20
MAX_FORGED = 1000  # fields of ours that are taken away; a mail with more is refused by most servers anyway

_VERSION = re.compile(r"TLSv[0-9.]{1,5}")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_UNKNOWN = ("", "unknown")
_STEPS = (
    Step.NO_RECIPIENT
    | Step.NO_DATA
    | Step.NO_UNKNOWN
    | Step.NO_HEADER_END
    | Step.SILENT_FIELD
    | Step.SILENT_CONNECT
    | Step.SILENT_HELO
    | Step.SILENT_BODY
    | Step.SKIP
    | Step.LEADING_SPACE
)


@dataclass(frozen=True, slots=True)
class MilterRules:
    """What is done with spam beside labelling it."""

    reject_above: float | None = None  # a score
    quarantines: bool = False  # what is labelled spam
    examines: bool = False  # attachments, for which a mail may be held, too


@dataclass(frozen=True, slots=True)
class MilterOffice:
    """What every connection works with."""

    scales: Scales
    rules: MilterRules
    log: Log
    clock: Callable[[], float] = time.time
    examiner: MailExaminer | None = None  # None where attachments are not looked into

    @property
    def max_body_octets(self) -> int:
        """How much of a body is kept."""
        return MAX_BODY_OCTETS if self.examiner is None else MAX_EXAMINED_OCTETS


def wishes_of(rules: MilterRules) -> Wishes:
    """Return what we ask of a mail server: no more than the rules need."""
    actions = Action.ADD_FIELDS | Action.CHANGE_FIELDS
    may_hold = rules.quarantines or rules.examines
    return Wishes(actions | Action.QUARANTINE if may_hold else actions, _STEPS)


class MilterWeighing:
    """Satisfies `scop.net.milter_server.MilterSession`."""

    def __init__(self, office: MilterOffice) -> None:
        self._office = office
        self._client = Connect("")
        self._helo = ""
        self._begin()

    def is_idle(self) -> bool:
        """Tell whether no message is in the middle of being looked at."""
        return not self._is_open

    def event(
        self, event: Event, macro: Callable[[str], str], /
    ) -> Iterable[Answer | Change] | Awaitable[Iterable[Answer | Change]]:
        """Gather what comes; at the end of a message weigh it."""
        match event:
            case Field():
                self._note_field(event)
            case BodyChunk(octets):
                return (self._note_body(octets),)
            case MessageEnd(octets):
                self._note_body(octets)
                if self._office.examiner is not None:
                    return self._examined(self._office.examiner, macro)
                return tuple(self._judged(macro, Judged()))
            case Mail():
                self._begin()
                self._is_open = not macro("auth_authen")
                return (CONTINUE if self._is_open else ACCEPT,)
            case Helo(name):
                self._begin()
                self._helo = name
            case Connect():
                self._begin()
                self._client, self._helo = event, ""
            case Abort() | Quit():
                self._begin()
        return (CONTINUE,)

    def _begin(self) -> None:
        self._is_open = False
        self._header: list[bytes] = []
        self._header_octets = 0
        self._body: list[bytes] = []
        self._body_octets = 0
        self._is_cut = False
        self._ours: dict[bytes, list[bytes]] = {}  # fields that others wrote in our name, by name in lower case
        self._began = time.monotonic()

    def _note_field(self, field: Field) -> None:
        if is_ours(field.name):
            self._ours.setdefault(field.name.lower(), []).append(field.name)
        elif self._header_octets < MAX_HEADER_OCTETS:
            octets = field.to_octets()
            self._header.append(octets)
            self._header_octets += len(octets)

    def _note_body(self, octets: bytes) -> Answer:
        room = self._office.max_body_octets - self._body_octets
        self._is_cut |= len(octets) > room
        self._body.append(octets[:room])
        self._body_octets += len(self._body[-1])
        return CONTINUE if self._body_octets < self._office.max_body_octets else SKIP

    async def _examined(self, examiner: MailExaminer, macro: Callable[[str], str]) -> Iterable[Answer | Change]:
        """Have attachments looked into, and then say what is done."""
        try:
            examined = await examiner.examine(self._octets(), self._client.address, is_whole=not self._is_cut)
        except TemporaryFailure:
            self._is_open = False
            return (Refusal(BUSY),)
        return tuple(self._judged(macro, examined))

    def _judged(self, macro: Callable[[str], str], examined: Judged) -> Iterator[Answer | Change]:
        verdict = self._weigh(macro)
        refusal = self._refusal(verdict) if examined.refusal is None else Refusal(examined.refusal)
        self._note(verdict, macro, "refused" if refusal else "")
        self._is_open = False
        if refusal is not None:
            yield refusal
            return
        yield from self._without_ours()
        fields = fields_of(verdict, examined.found, examined.policy)
        for field in reversed(_FIELD_END.split(fields)[:-1]):  # each one is put above those before it
            name, _, body = field.partition(b": ")
            yield InsertField(0, name, body)
        if self._office.rules.quarantines and verdict.label is Label.SPAM:
            yield Quarantine(f"spam, score {verdict.score:.3f}")
        elif examined.policy is Policy.QUARANTINE:
            yield Quarantine("attachments")
        yield CONTINUE

    def _weigh(self, macro: Callable[[str], str]) -> Verdict:
        return self._office.scales.weigh(self._octets(), self._connection(macro("tls_version")))

    def _octets(self) -> bytes:
        return b"".join([*self._header, b"\r\n", *self._body])

    def _connection(self, tls: str) -> Connection | None:
        client = self._client
        if not client.address:
            return None
        name = client.name.lower()
        known = "" if name in _UNKNOWN or name.startswith("[") else name
        version = tls if _VERSION.fullmatch(tls) else ""
        return Connection(client.address.lower(), known, self._helo, version, date_time(self._office.clock()))

    def _without_ours(self) -> Iterator[Change]:
        """Take away what others wrote in our name, the last one first: so the numbers of those before it hold."""
        for names in self._ours.values():
            for number in range(min(len(names), MAX_FORGED), 0, -1):
                yield ChangeField(number, names[number - 1])

    def _refusal(self, verdict: Verdict) -> Refusal | None:
        above = self._office.rules.reject_above
        if above is None or verdict.label is not Label.SPAM or verdict.score < above:
            return None
        return Refusal(reply(550, "5.7.1", "This mail looks like spam; ask the recipient by other means to let it in"))

    def _note(self, verdict: Verdict, macro: Callable[[str], str], did: str) -> None:
        self._office.log.info(
            "mail.weighed",
            trace=printable(macro("i")),
            address=printable(self._client.address),
            label=verdict.label,
            score=round(verdict.score, 3),
            replies=[did] if did else [],
            seconds=round(time.monotonic() - self._began, 6),
        )
