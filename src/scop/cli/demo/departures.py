"""Which of lagoon's mails harbor refused, by what lagoon's relay says of them."""

from __future__ import annotations

from pathlib import Path

from scop.cli.journey import steps_of

__all__ = ["Departures"]


class Departures:
    """Reads the relay's log as it grows."""

    def __init__(self, organisation: str, log: Path) -> None:
        self._organisation = organisation
        self._log = log
        self._read_octets = 0
        self._refused: dict[str, str] = {}

    def refused(self) -> dict[str, str]:
        """Return harbor's reply by lagoon's trace id, for all that was refused until now."""
        with self._log.open("rb") as log:
            log.seek(self._read_octets)
            lines = log.read()
        whole = lines[: lines.rfind(b"\n") + 1]  # the last line may be half written
        self._read_octets += len(whole)
        for step in steps_of(self._organisation, whole.splitlines()):
            if step.event == "mail.bounced":
                self._refused[step.trace] = step.text("remote")
        return self._refused
