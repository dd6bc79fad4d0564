"""The receiver's firewall: what is known and ordered, on the disk, and who may say what of whom.

Theory of operation. One `scop.reputation.Firewall` holds everything. An order is on the disk before it is answered, any
other new or changed entry within a second, the counts within a minute: a killed receiver forgets no ban, and at most a
minute of what led to the next. A file that cannot be read is put aside and told of; mail is taken without it.

Standards: none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scop.base import Clock, printable
from scop.cells.receiver.misdeeds import Misdeed, MisdeedLimits, Misdeeds
from scop.mesh.vocabulary.receiver import NotedDeed
from scop.mesh.whole_file import write_whole
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.reputation import Cause, Deed, Entry, Firewall, FirewallOptions, Verdict, load_firewall, snapshot

__all__ = ["Wall", "WallOptions"]

FILE = "firewall"
COUNTS_SECONDS = 60.0  # how much of the counts a killed receiver forgets
GATHER_SECONDS = 1.0  # between two writes
MAX_DEEDS = 1_000  # of one call

# Who may say what: a cell that is taken over tells no other lies than its own.
SPEAKERS: Mapping[str, frozenset[Deed]] = {
    "verifier": frozenset({Deed.HAM, Deed.FORGERY, Deed.SPAM}),
    "filter": frozenset({Deed.SPAM, Deed.HARMLESS, Deed.MALWARE}),
}
_CAUSES = {Misdeed.BROKEN_COMMAND: Cause.BROKEN_COMMANDS, Misdeed.REFUSED_RECIPIENT: Cause.REFUSED_RECIPIENTS}


@dataclass(frozen=True, slots=True)
class WallOptions:
    """What is configured, and where it is kept; without a folder it ends with the process."""

    firewall: FirewallOptions
    misdeeds: MisdeedLimits
    folder: Path | None = None


class Wall:
    """Who is let in."""

    def __init__(self, options: WallOptions, log: Log, clock: Clock) -> None:
        self.firewall = Firewall(options.firewall)
        self.misdeeds = Misdeeds(options.misdeeds, clock)
        self._file = options.folder / FILE if options.folder else None
        self._log = log
        self._clock = clock
        self._watchers: list[Callable[[], None]] = []
        self._is_changed = False  # since it was written
        self._is_urgent = asyncio.Event()
        self._writing = asyncio.Lock()
        self._load()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called after each change of the entries."""
        self._watchers.append(watcher)

    def verdict(self, address: str) -> Verdict:
        """Return how a client is met."""
        return self.firewall.verdict(address, self._clock.unix())

    def note_misdeed(self, address: str, misdeed: Misdeed) -> None:
        """Count a misdeed, which may be the one too many; of whom is allowed none is one."""
        source = self.firewall.sources.of(address)
        if source is None:
            return
        reason = f"too many {misdeed}"
        for subject in self.misdeeds.note(source, misdeed):
            if not self.firewall.is_exempt(address, subject, self._clock.unix()):
                entry = self.firewall.ban(subject, _CAUSES[misdeed], reason, self._clock.unix())
                self._tell_banned(address, () if entry is None else (entry,))

    def note_deeds(self, cell: str, deeds: tuple[NotedDeed, ...]) -> tuple[Entry, ...]:
        """Count what a cell tells of; return who is shut out because of it. Raises `PermanentFailure`."""
        if len(deeds) > MAX_DEEDS:
            raise PermanentFailure(f"at most {MAX_DEEDS} deeds at once, not {len(deeds)}")
        strange = {deed.deed for deed in deeds} - SPEAKERS.get(cell, frozenset())
        if strange:
            raise PermanentFailure(f"{cell} tells of no {min(strange)}")
        made = tuple(entry for deed in deeds for entry in self._note(cell, deed))
        self._is_changed = True
        return made

    def order(self, entry: Entry, who: str) -> None:
        """Do as an operator says; raises `ValueError` with a sentence for people."""
        self.firewall.order(entry)
        self._log.info(
            "firewall.ordered",
            peer=who,
            subject=entry.subject,
            action=str(entry.action),
            until_unix=entry.until_unix,
            reason=printable(entry.reason),
        )
        self._changed_entries()

    def withdraw(self, subject: str, who: str) -> tuple[tuple[Entry, ...], bool]:
        """Take away every entry of a subject and what is known of it; return the entries, and whether it was known."""
        known = self.firewall.reputation.forget(subject)
        found = self.firewall.entries.withdraw(subject)
        if found:
            self._log.info("firewall.withdrawn", peer=who, subject=subject)
            self._changed_entries()
        self._is_changed |= known
        return found, known

    async def keep(self) -> None:
        """Let entries end, and keep what is on the disk up to date, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause_seconds()):
                    await self._is_urgent.wait()
            self._is_urgent.clear()
            self._expire()
            await self.save()
            await asyncio.sleep(GATHER_SECONDS)

    async def save(self) -> None:
        """Write what is known and ordered, if that has changed; a full disk is told of, and tried again.

        One writes at a time, so that what is older never comes last; who is cancelled ends when it has written.
        """
        async with self._writing:
            if self._file is None or not self._is_changed:
                return
            self._is_changed = False
            taken = snapshot(self.firewall, self._clock.unix())
            writing = asyncio.ensure_future(asyncio.to_thread(_write, self._file, taken.to_octets))
            try:
                await asyncio.shield(writing)
            except OSError as fault:
                self._is_changed = True
                self._log.warning("firewall.unsaved", reason=f"{self._file}: {fault.strerror}")
            finally:
                await asyncio.wait({writing})

    def _note(self, cell: str, deed: NotedDeed) -> tuple[Entry, ...]:
        now = self._clock.unix()
        # The filter tells of clients only: which domain is answerable it does not know, and must not invent.
        domain = deed.domain if cell == "verifier" else ""
        # The filter has told of the client by then: this is about the domain that is answerable.
        address = "" if cell == "verifier" and deed.deed is Deed.SPAM else deed.address
        made = self.firewall.note(deed.deed, address, domain, now)
        self._tell_banned(deed.address, made, deed.trace)
        return made

    def _tell_banned(self, address: str, made: tuple[Entry, ...], trace: str = "") -> None:
        for entry in made:
            self._log.warning(
                "client.banned",
                trace=printable(trace),
                address=printable(address),
                network=entry.subject,
                reason=entry.reason,
                seconds=self.firewall.options.ban_seconds,
            )
        if made:
            self._changed_entries()

    def _expire(self) -> None:
        ended = self.firewall.entries.expire(self._clock.unix())
        for entry in ended:
            self._log.info("firewall.ended", subject=entry.subject, action=str(entry.action), cause=str(entry.cause))
        if ended:
            self._changed_entries()

    def _changed_entries(self) -> None:
        self._is_changed = True
        self._is_urgent.set()
        for watcher in self._watchers:
            watcher()

    def _pause_seconds(self) -> float:
        now = self._clock.unix()
        end = self.firewall.entries.next_end(now)
        return COUNTS_SECONDS if end is None else min(COUNTS_SECONDS, end - now)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        try:
            load_firewall(self.firewall, self._file.read_bytes())
        except (ValueError, OSError) as fault:
            aside = self._file.with_name(f"{FILE}.spoilt")
            self._file.replace(aside)
            self._log.error("firewall.spoilt", reason=f"{fault}; it lies as {aside}, and all begins anew")
            self.firewall = Firewall(self.firewall.options)


def _write(path: Path, octets: Callable[[], bytes]) -> None:
    write_whole(path, octets())
