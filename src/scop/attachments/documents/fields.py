"""Judges what a document asks its program to do when it is opened: fields that run programs or fetch files, and links.

Standards: ECMA-376-1 §17.16.5 (field definitions); the same words stand in binary Word documents and in RTF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.thing import Thing, shown

__all__ = ["FIELD_BEGIN", "FIELD_END", "MAX_FIELD", "dde_finding", "field_findings", "is_remote", "link_finding"]

FIELD_BEGIN = "\x13"  # as in a binary Word document; the readers of other formats write nested fields alike
FIELD_END = "\x15"
MAX_FIELD = 16_384  # characters of one field with what is nested in it

_QUOTE = re.compile(rf"(?i){FIELD_BEGIN}\s*quote\s((?:\s*\"?\d{{1,5}}\"?)+)\s*{FIELD_END}")
_NUMBER = re.compile(r"\d+")
_NESTED = re.compile(rf"{FIELD_BEGIN}[^{FIELD_BEGIN}{FIELD_END}]*{FIELD_END}")
_DDE = re.compile(r"(?i)\s*[\"'{\x13]*\s*(dde(?:auto)?)(?![a-z])\s*(.*)", re.DOTALL)
_FETCHING = re.compile(r"(?i)\s*(includepicture|includetext|include|import|link|rd|database)\s+(.*)", re.DOTALL)
_OFFICE_SERVICES = frozenset({"excel", "winword", "word", "msaccess", "powerpnt", "mspub", "soffice", "folders"})
_REMOTE = re.compile(r"(?i)(?:https?|ftp|mhtml|ms-[a-z-]+|search-ms|script|ldap|file|webdav|dav):|\\\\|//")
_HOST = re.compile(r"(?i)(?:file:)?[\\/]{2,5}([^\\/@:?#\s]+)")
_RUNS = re.compile(
    r"(?i)(?:mhtml|ms-[a-z-]+|search-ms|script|javascript|vbscript):|!x-usc:|\.(?:hta|sct|wsf|vbs|js|ps1|exe|dll|scr|lnk)\b"
)


def field_findings(thing: Thing, instruction: str) -> Iterator[Finding]:
    """Yield what is found in one field: its instruction, nested fields between the marks of a binary document."""
    plain = _QUOTE.sub(_unquoted, instruction[:MAX_FIELD])
    match = _DDE.match(plain) or _DDE.match(_NESTED.sub("", plain))
    if match:
        yield dde_finding(thing, *_service_and_topic(match[2]))
        return
    if plain.lstrip().startswith(FIELD_BEGIN) and re.search(r"(?i)\bdde|\bquote\b", plain):
        reason = "The document builds a hidden command out of pieces, as is done to run a program unseen."
        yield thing.finding(Kind.DDE, Severity.DANGEROUS, reason)
        return
    fetching = _FETCHING.match(plain)
    if fetching and is_remote(_target(fetching[2])):
        kind = "template" if fetching[1].lower() in {"includetext", "import", "link", "rd"} else "image"
        yield from _some(link_finding(thing, kind, _target(fetching[2])))


def _some(finding: Finding | None) -> Iterator[Finding]:
    if finding is not None:
        yield finding


def _unquoted(match: re.Match[str]) -> str:
    """Undo QUOTE: a text that is written as the numbers of its characters."""
    return "".join(chr(int(number)) for number in _NUMBER.findall(match[1]) if 31 < int(number) < 0x11_0000)


def _service_and_topic(arguments: str) -> tuple[str, str]:
    words = re.findall(r'"[^"]*"?|\S+', _NESTED.sub(" ", arguments)[:1_000])
    words = [word.strip('"').replace("\\\\", "\\") for word in words]
    return (words[0] if words else "", " ".join(words[1:]))


def _target(arguments: str) -> str:
    """Return what looks like an address among the arguments of a field."""
    words = [word.strip('"') for word in re.findall(r'"[^"]*"?|\S+', arguments[:4_000])]
    words = [word.replace("\\\\", "\\") if not word.startswith("\\\\") else word for word in words]
    return next((word for word in words if is_remote(word)), "")


def dde_finding(thing: Thing, service: str, topic: str) -> Finding:
    """Return what is found where a document talks to another program."""
    base = re.split(r"[\\/]", service)[-1].lower().removesuffix(".exe")
    if base in _OFFICE_SERVICES and "\\" not in service and "/" not in service:
        reason = f"The document asks {shown(service)} for {shown(topic) or 'something'} when it is opened."
        return thing.finding(Kind.DDE, Severity.SUSPICIOUS, reason)
    command = shown(f"{service} {topic}".strip()) or "a program"
    return thing.finding(Kind.DDE, Severity.DANGEROUS, f"The document runs a program when it is opened: {command}")


def is_remote(target: str) -> bool:
    """Tell whether a target lies elsewhere than in the document and on the reader's own disk."""
    target = target.strip()
    if not _REMOTE.match(target):
        return False
    lowered = target.lower().replace("\\", "/")
    return not re.match(r"file:/*(?:[a-z]:|[a-z]\||(?:localhost/)|[^/]*$|/[^/])", lowered) or bool(
        re.match(r"file:/{4,}|file://[^/]", lowered)
    )


# By the last word of a relationship's type (ECMA-376-1 §L.7): what a document takes from elsewhere without being asked.
_LOADED = frozenset(
    {
        "attachedtemplate",
        "template",
        "oleobject",
        "frame",
        "subdocument",
        "control",
        "package",
        "externallink",
        "attachedtoolbars",
    }
)


def link_finding(thing: Thing, kind: str, target: str) -> Finding | None:
    """Return what is found where a document points outside; `kind` is the last word of the relationship's type."""
    kind = kind.lower()
    if _RUNS.search(target) and (kind in _LOADED or not re.match(r"(?i)https?:", target)):
        reason = f"The document loads and may run something from elsewhere: {shown(target)}"
        return thing.finding(Kind.TEMPLATE, Severity.DANGEROUS, reason)
    if not is_remote(target) or kind not in _LOADED | {"image"}:
        return None
    host = _HOST.match(target)
    if host and "." not in host[1] and not host[1].startswith("["):  # a name of the sender's own house
        return thing.finding(
            Kind.TEMPLATE, Severity.NOTE, f"The document names a file of another network: {shown(target)}"
        )
    if kind == "image":
        severity = Severity.SUSPICIOUS if host else Severity.NOTE  # a share is told who opens it, by name and password
        return thing.finding(Kind.TEMPLATE, severity, f"The document fetches a picture from {shown(target)}")
    what = "its template" if "template" in kind else "a part of it"
    reason = f"The document fetches {what} from elsewhere when it is opened: {shown(target)}"
    return thing.finding(Kind.TEMPLATE, Severity.DANGEROUS, reason)
