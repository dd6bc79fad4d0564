"""What was found in a mail's attachments: closed vocabularies, and a sentence that a person understands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Kind", "Severity"]


class Severity(StrEnum):
    """How bad a finding is, from what is merely told to what must not be opened."""

    NOTE = "note"  # nothing is done about it; honest mail has these
    SUSPICIOUS = "suspicious"  # honest mail has it rarely: a macro that does nothing by itself, an encrypted archive
    DANGEROUS = "dangerous"  # made to run on who opens it


class Kind(StrEnum):
    """What was found, in the order of what tells most: of several as bad as each other the first one is shown."""

    VIRUS = "virus"  # ClamAV knows it
    EICAR = "eicar"  # the harmless test of scanners
    EXECUTABLE = "executable"  # a program of any kind of machine
    SCRIPT = "script"  # text that a machine runs
    SHORTCUT = "shortcut"  # LNK, URL, desktop: runs something else
    MACRO = "macro"  # VBA or XLM in a document
    DDE = "dde"  # fields that run programs
    ACTIVE = "active"  # PDF actions, HTML that builds files
    TEMPLATE = "template"  # a document that fetches another
    EMBEDDED = "embedded"  # objects and files inside a document
    RULE = "rule"  # a YARA rule of the operator matched
    BOMB = "bomb"  # grows beyond every bound
    NAME = "name"  # double endings, right-to-left names, a name unlike the type
    TYPE = "type"  # the true type is not the declared one
    AMBIGUOUS = "ambiguous"  # readers of mail would see different things
    ENCRYPTED = "encrypted"  # cannot be looked into
    UNSCANNABLE = "unscannable"  # could not be examined
    BROKEN = "broken"  # damaged, or not what it says it is


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `place` leads from the mail to the thing, `reason` is for the person who reads the mail."""

    kind: Kind
    severity: Severity
    place: str  # as `part 2 › invoice.zip › invoice.pdf.exe`
    reason: str

    @property
    def urgency(self) -> tuple[int, int]:
        """Where it stands among others, the smallest first: by severity, then by what tells most."""
        return _SEVERITIES.index(self.severity), _KINDS.index(self.kind)


_SEVERITIES = (Severity.DANGEROUS, Severity.SUSPICIOUS, Severity.NOTE)
_KINDS = tuple(Kind)
