"""An examiner of attachments that finds what a test says, and notes what it was given."""

from __future__ import annotations

from scop.cli.spam.filter_policies import Judged, judged
from scop.mesh.config.attachments import Attachments
from scop.mesh.vocabulary.examiner import FoundThing
from scop.net.faults import TemporaryFailure

__all__ = ["PROGRAM", "FixedExaminer"]

PROGRAM = FoundThing("executable", "dangerous", "part 2", "tide.exe is a program for Windows.")


class FixedExaminer:
    """Satisfies `MailExaminer`."""

    def __init__(self, policies: Attachments, *found: FoundThing, is_away: bool = False) -> None:
        self._policies = policies
        self._found = found
        self._is_away = is_away
        self.examined: list[tuple[bytes, str, bool]] = []

    async def examine(self, octets: bytes, client: str, /, *, is_whole: bool = True) -> Judged:
        """Find it, or be away."""
        self.examined.append((octets, client, is_whole))
        if self._is_away:
            raise TemporaryFailure("the nursery is no more")
        return judged(self._found, self._policies)
