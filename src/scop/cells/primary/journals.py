"""The journals of a server's zones on the disk: what was shown, so that a restart shows the same, and each step to it.

A file a zone: steps that are kept for secondaries, the whole zone as it then was, and the steps since. It is appended
to and not synced: a power cut may cost its end, and then a secondary fetches a zone where changes would have done.

Standards: RFC 1995 §5.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import quote, unquote

from scop.cells.primary.holdings import Change
from scop.dns.zone.journal import Frame, FrameKind, Journal, JournalStep, decode_records, encode_records, read_frames
from scop.dns.zone.transfer import changed_by
from scop.dns.zone.zone import Zone
from scop.net.log import Log

__all__ = ["Journals"]

MIN_FILE_OCTETS = 262_144  # a file that has grown by less is not written anew
_UNUSABLE = 2**62  # the size of a file that the next step writes anew, since nothing may be appended to it
_SUFFIX = ".journal"
_ROOT = "root"


class _Kept:
    """One zone's journal, and how large its file is."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.zone_octets = 0  # of the whole zone in the file
        self.file_octets = 0


class Journals:
    """Every journal of one server; without a folder they are gone with the process."""

    def __init__(self, folder: Path | None, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._kept: dict[str, _Kept] = {}
        self.restored: dict[str, Zone] = {}  # what was shown when the last process ended
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(folder.glob(f"*{_SUFFIX}")):
                self._restore(path)

    def steps(self, zone: Zone, since: int) -> tuple[JournalStep, ...]:
        """Return the steps from an older version to this one, none where they are not all here."""
        kept = self._kept.get(zone.origin)
        return () if kept is None else kept.journal.since(since, zone.serial)

    def begin(self, zone: Zone) -> None:
        """Begin with what is shown at the start: another version than the last one is one more step."""
        before = self.restored.pop(zone.origin, None)
        if before is None or (before.serial == zone.serial and before != zone):
            self._kept[zone.origin] = _Kept()  # no step leads from there to here
            self._write_anew(zone)
        elif before.serial != zone.serial:
            self._append(before, zone)

    def note(self, change: Change) -> None:
        """Keep the step that a change is."""
        if change.before is None or change.before.serial == change.after.serial:
            self._kept[change.after.origin] = _Kept()
            self._write_anew(change.after)
        else:
            self._append(change.before, change.after)

    def checked_at(self, origin: str) -> float | None:
        """Return when a zone that we fetch was last known to be its primary's, None without one."""
        path = self._path(origin)
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_mtime if path is not None else None
        return None

    def checked(self, origin: str, now_unix: float) -> None:
        """Note that a zone is its primary's."""
        path = self._path(origin)
        if path is not None:
            with contextlib.suppress(OSError):
                os.utime(path, (now_unix, now_unix))

    def _append(self, before: Zone, after: Zone) -> None:
        kept = self._kept.setdefault(after.origin, _Kept())
        step = JournalStep.between(before, after)
        kept.journal = kept.journal.with_step(step, kept_octets=kept.zone_octets)
        frame = Frame(FrameKind.STEP, step.to_octets()).to_octets()
        kept.file_octets += len(frame)
        if kept.file_octets > max(MIN_FILE_OCTETS, 3 * kept.zone_octets):
            self._write_anew(after)
            return
        self._write(after.origin, frame, is_more=True)

    def _write_anew(self, zone: Zone) -> None:
        kept = self._kept[zone.origin]
        steps = [Frame(FrameKind.STEP, step.to_octets()).to_octets() for step in kept.journal.steps]
        whole = Frame(FrameKind.ZONE, encode_records(zone.records())).to_octets()
        kept.zone_octets, kept.file_octets = len(whole), sum(map(len, steps)) + len(whole)
        self._write(zone.origin, b"".join((*steps, whole)), is_more=False)

    def _write(self, origin: str, octets: bytes, *, is_more: bool) -> None:
        """Append, or put in place of what is there; a file that cannot be kept right is better gone."""
        path = self._path(origin)
        if path is None:
            return
        try:
            if is_more:
                with path.open("ab") as file:
                    file.write(octets)
                return
            beside = path.with_name(f"{path.name}.new")
            beside.write_bytes(octets)
            beside.chmod(0o600)
            beside.replace(path)
        except OSError as error:
            self._log.warning("journal.lost", zone=origin, reason=str(error))
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            self._kept[origin].file_octets = _UNUSABLE

    def _restore(self, path: Path) -> None:
        origin = unquote(path.name.removesuffix(_SUFFIX))
        origin = "" if origin == _ROOT else origin
        kept, zone = _Kept(), None
        try:
            octets = path.read_bytes()
            frames = tuple(read_frames(octets))
            is_torn = sum(len(frame.to_octets()) for frame in frames) != len(octets)
            kept.file_octets = _UNUSABLE if is_torn else len(octets)
            kept.zone_octets = max((len(f.octets) for f in frames if f.kind is FrameKind.ZONE), default=0)
            for frame in frames:
                if frame.kind is FrameKind.ZONE:
                    zone = Zone.of_records(origin, decode_records(frame.octets))
                    continue
                step = JournalStep.from_octets(frame.octets)
                zone = changed_by(zone, step.difference()) if zone is not None else None
                kept.journal = kept.journal.with_step(step, kept_octets=kept.zone_octets)
        except (OSError, ValueError) as error:
            self._log.warning("journal.unreadable", zone=origin, reason=str(error))
            return
        if zone is not None and (not kept.journal.steps or kept.journal.steps[-1].after == zone.serial):
            self.restored[origin], self._kept[origin] = zone, kept

    def _path(self, origin: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{quote(origin, safe='') or _ROOT}{_SUFFIX}"
