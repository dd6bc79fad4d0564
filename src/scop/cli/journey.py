"""Joins the logs of one or more meshes into the journey of one mail.

Each organisation has its own trace id for a mail. They are joined by what each side noted of the
other: the id in the upstream's Received field, and the id in the reply that accepted the mail.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

__all__ = ["Step", "journey_of", "read_steps", "refusals_of", "sentence", "steps_of"]

Fields: TypeAlias = Mapping[str, object]

_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a cell's log that speaks of one mail."""

    organisation: str
    cell: str
    unix: float
    event: str
    trace: str
    fields: Fields

    def text(self, name: str) -> str:
        """Return a field as text, empty where the line has none."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else str(value)

    @property
    def seconds(self) -> float | None:
        """How long the cell had the mail in its hands."""
        value = self.fields.get("seconds")
        return float(value) if isinstance(value, (int, float)) else None

    @property
    def started_unix(self) -> float:
        """When the cell began: lines are written at the end."""
        return self.unix - (self.seconds or 0.0)

    @property
    def links(self) -> Iterator[str]:
        """Ids of the same mail at others, and of notices about it, that this line mentions."""
        for name in ("upstream", "notice"):
            if self.text(name):
                yield self.text(name)
        words = self.text("remote").split()
        if words:
            yield words[-1]


def _step(organisation: str, line: bytes) -> Step | None:
    try:
        fields = _decode(line)
        unix = datetime.datetime.fromisoformat(str(fields["time"])).timestamp()
    except (msgspec.DecodeError, KeyError, ValueError):
        return None  # a traceback, or a line cut by a crash
    trace = fields.get("trace")
    if not isinstance(trace, str):
        return None
    return Step(organisation, str(fields.get("cell", "")), unix, str(fields.get("event", "")), trace, fields)


def read_steps(organisation: str, log_folder: Path) -> Iterator[Step]:
    """Yield every step that the logs of one mesh tell of."""
    for log in sorted(log_folder.glob("*.jsonl")):
        with log.open("rb") as lines:
            yield from steps_of(organisation, lines)


def steps_of(organisation: str, lines: Iterable[bytes]) -> Iterator[Step]:
    """Yield every step that these lines of a log tell of."""
    for line in lines:
        step = _step(organisation, line) if b'"trace"' in line else None
        if step is not None:
            yield step


def journey_of(trace: str, steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps of the mail that has `trace` somewhere, in the order in which they began."""
    all_steps = tuple(steps)
    traces = {step.trace for step in all_steps}  # the last word of a server's reply is an id only where a log knows it
    known, before = {trace}, 0
    while len(known) != before:  # at most one round for each organisation on the way
        before = len(known)
        for step in all_steps:
            if step.trace in known:
                known.update(traces.intersection(step.links))
            elif known.intersection(step.links):
                known.add(step.trace)
    return tuple(sorted((step for step in all_steps if step.trace in known), key=lambda step: step.started_unix))


def refusals_of(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the refusals that clients heard, the newest first; what cells said to each other only where none did."""
    refused = [step for step in steps if step.event == "mail.refused"]
    heard = {step.trace for step in refused if step.text("address")}
    told = (step for step in refused if step.text("address") or step.trace not in heard)
    return tuple(sorted(told, key=lambda step: step.unix, reverse=True))


def sentence(step: Step) -> str:
    """Say in words what a cell did."""
    words = next((words[step.event] for words in _special(step) if step.event in words), _WORDS.get(step.event))
    if words is None:
        shown = [f"{name}={value}" for name, value in step.fields.items() if name not in _NOT_SHOWN and value]
        return " ".join([step.event, *shown])
    said = words.format_map(_Filled({name: _in_words(value) for name, value in step.fields.items()}))
    return said.replace("  ", " ")  # a field may be empty, as the host where none was found


def _special(step: Step) -> Iterator[Mapping[str, str]]:
    """Yield the words for what is not as it mostly is."""
    if step.fields.get("again"):
        yield _WORDS_AGAIN
    if step.text("tls"):
        yield _WORDS_OVER_TLS
    if step.fields.get("findings"):
        yield _WORDS_FOUND
    if step.text("reason") in step.text("reply"):
        yield _WORDS_SAID


class _Filled(dict[str, str]):
    """Fields as text; one that a line does not have is a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)


_NOT_SHOWN = frozenset({"time", "cell", "level", "event", "trace", "seconds"})
_WORDS = {
    "mail.accepted": "took it from {account} for {recipients}, {size_octets} octets; fix-ups: {fixups}",
    "mail.sealed": "sealed it with {selectors}",
    "mail.chained": "passed it on with an ARC seal over how it came",
    "mail.passed_on": "passed it on as it was: {reason}",
    "mail.queued": "queued it on the disk",
    "mail.relayed": "carried it to {host}: {remote}",
    "mail.deferred": "tries {host} again later: {remote}",
    "mail.held": "is told to keep it back",
    "mail.kept_back": "holds it, it would not pass: {remote}",
    "mail.waived": "is told to let it leave unchecked",
    "mail.released": "is told to try it again",
    "mail.retried": "is told to try it now",
    "mail.dropped": "is told to drop it for {to}",
    "mail.bounced": "gives up on {to}: {remote}",
    "mail.notice": "tells the sender what became of it: {actions}",
    "mail.received": "took it from {helo} [{address}] without TLS for {recipients}",
    "mail.forwarded": "forwarded what came for {account} to {addresses}",
    "mail.notified": "told {recipient} that it was delivered",
    "forward.kept": "did not forward it for {recipient}: {reason}",
    "mail.classified": "weighed it: {label}, {score}",
    "mail.taught": "has the filter learn {mails} attached as {label}, for {account}",
    "mail.verified": "SPF {spf}; DKIM {dkim}; DMARC {dmarc}; by names that are {names}",
    "mail.stored": "stored it for {account} in {folder}",
    "mail.refused": "refused it: {reply} – {reason}",
}
_WORDS_OVER_TLS = {
    "mail.relayed": "carried it to {host} over {tls}: {remote}",
    "mail.received": "took it from {helo} [{address}] over {tls} for {recipients}",
}
_WORDS_FOUND = {"mail.classified": "weighed it: {label}, {score}; found {findings}: {policy}"}
_WORDS_SAID = {"mail.refused": "refused it: {reply}"}  # the reply gives the reason already
_WORDS_AGAIN = {"mail.stored": "has it already for {account} in {folder}"}
