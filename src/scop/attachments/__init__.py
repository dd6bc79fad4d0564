"""Looks into what a mail brings along, and says what is dangerous, how much, where and why.

`examine(message)` walks every part of a mail, in every reading that a mail program may have of it, and everything in
them: archives, documents, mails within mails. It runs no code of theirs and asks nobody; what it may cost is bounded
(`Bounds`). What cannot be looked into is a finding too, never a pass.

Standards: none of its own; each module names the format that it reads.
"""

from scop.attachments.examination import examine, examine_thing
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Bounds, Options
from scop.attachments.readers import preload
from scop.attachments.thing import Thing, ThingCheck

__all__ = [
    "Bounds",
    "Finding",
    "Kind",
    "Options",
    "Severity",
    "Thing",
    "ThingCheck",
    "examine",
    "examine_thing",
    "preload",
]
