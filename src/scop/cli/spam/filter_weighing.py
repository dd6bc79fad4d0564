"""What the stand-alone filters share: a model from a file, taken anew when the file is replaced, and what it says.

A fault of ours in weighing must keep no mail from its owner: the mail goes on as unsure, and the fault is logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from scop.cells.filter.examination import phishing_found, worst_first
from scop.cells.filter.stamp import finding_fields, spam_field
from scop.cli.spam.arrivals import arrival_of
from scop.mesh.config.attachments import Policy
from scop.mesh.vocabulary.examiner import FoundThing
from scop.net.faults import PermanentFailure
from scop.spam import Classifier, Label, Verdict
from scop.spam.connection import Connection

__all__ = [
    "UNWEIGHED",
    "ModelFile",
    "Scales",
    "fields_of",
    "is_ours",
    "stamped",
    "without_our_fields",
    "without_postmark",
]

UNWEIGHED = Verdict(Label.UNSURE, 0.5, ())

_POSTMARK = re.compile(rb"From [^\n]*\n")  # of mbox: procmail and local(8) put it on top; no part of the mail
_EMPTY_LINE = re.compile(rb"(?m)^\r?\n")
# Whoever writes these below us is an impostor, or one of us who weighed the mail before.
_OUR_PREFIX = b"x-scop-"
_OURS = re.compile(rb"(?im)^x-scop-[!-9;-~]*[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_BEGINS_WITH_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|\r?\n")

_Identity: TypeAlias = tuple[int, int, int]


class ModelFile:
    """A classifier from a file; whoever replaces the file needs to tell nobody."""

    def __init__(self, path: Path, on_fault: Callable[[str], None]) -> None:
        """Load the model; raises `PermanentFailure` where there is none."""
        self._path = path
        self._on_fault = on_fault
        self._told = ""  # the last fault, which is told once
        self._identity = self._look()
        self._classifier = self._load()

    @property
    def classifier(self) -> Classifier:
        """The model that lies there now; the last good one where that is none."""
        try:
            identity = self._look()
            if identity != self._identity:
                self._identity = identity  # also of one that is no model: it is read once
                self._classifier = self._load()
                self._told = ""
        except PermanentFailure as fault:
            if str(fault) != self._told:
                self._told = str(fault)
                self._on_fault(self._told)
        return self._classifier

    def _look(self) -> _Identity:
        try:
            found = self._path.stat()
        except FileNotFoundError as fault:
            makes = f"`scop spam train --model {self._path}` makes a model"
            raise PermanentFailure(f"{self._path}: {fault.strerror}; {makes}") from None
        except OSError as fault:
            raise PermanentFailure(f"{self._path}: {fault.strerror}") from None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _load(self) -> Classifier:
        # Read, and not mapped as a cell does: who copies a new model over the old one would kill us by SIGBUS.
        try:
            return Classifier.load(self._path.read_bytes())
        except PermissionError as fault:
            lets = "let the filter's user read it (chgrp and chmod g+r: training keeps both)"
            raise PermanentFailure(f"{self._path}: {fault.strerror}; {lets}") from None
        except OSError as fault:
            raise PermanentFailure(f"{self._path}: {fault.strerror}") from None
        except ValueError as fault:
            raise PermanentFailure(f"{self._path}: {fault}; `scop spam train` makes a model of this release") from None


class Scales:
    """Weighs mail by a model."""

    def __init__(self, model: ModelFile, on_fault: Callable[[Exception], None]) -> None:
        self._model = model
        self._on_fault = on_fault

    def weigh(self, octets: bytes, connection: Connection | None = None) -> Verdict:
        """Return the verdict on a mail that bears no field of ours."""
        try:
            return self._model.classifier.classify(octets, connection)
        except Exception as fault:
            self._on_fault(fault)
            return UNWEIGHED

    def weigh_stamped(self, octets: bytes, client: Connection | None = None) -> Verdict:
        """Return the verdict on a mail that bears what a server of ours wrote of the client that brought it."""
        own = self._model.classifier.acquaintances.own_domains
        below, told = arrival_of(octets, own, client.address if client is not None else "")
        return self.weigh(below, told or client)


def fields_of(verdict: Verdict, found: tuple[FoundThing, ...] = (), policy: Policy = Policy.TAG) -> bytes:
    """Return what stands above a weighed mail: what looks like phishing, what was found in it, and the verdict."""
    findings = worst_first((*found, *phishing_found(verdict)))
    return finding_fields(findings, policy) + spam_field(verdict)


def is_ours(name: bytes) -> bool:
    """Tell whether only we write a field of this name."""
    return name.lower().startswith(_OUR_PREFIX)


def without_our_fields(octets: bytes) -> bytes:
    """Return a mail without the fields that only we write."""
    end = _EMPTY_LINE.search(octets)
    header = octets[: end.start()] if end else octets
    return _OURS.sub(b"", header) + octets[len(header) :]


def without_postmark(octets: bytes) -> bytes:
    """Return a mail without the line that an mbox has above it."""
    postmark = _POSTMARK.match(octets)
    return octets[postmark.end() :] if postmark else octets


def stamped(octets: bytes, fields: bytes) -> bytes:
    """Return a mail with `fields` on top, below an mbox postmark, their line ends those of the mail."""
    start = len(octets) - len(without_postmark(octets))
    first_line = octets[: octets.find(b"\n") + 1]
    is_unix = first_line.endswith(b"\n") and not first_line.endswith(b"\r\n")
    end = b"\n" if is_unix else b"\r\n"
    line = b"" if _BEGINS_WITH_HEADER.match(octets, start) else end
    return b"".join((octets[:start], fields.replace(b"\r\n", end), line, octets[start:]))
