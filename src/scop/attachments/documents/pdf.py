"""Looks into PDF: scripts, actions that start programs or reach out, files inside, forms with scripts.

qpdf reads it as leniently as any reader; what it does not see is searched for in the octets themselves. An object is
written out and searched, which C does in microseconds, and only one that has a word of interest is walked.

Standards: ISO 32000-2:2020 §7.6 (encryption), §7.11 (files), §12.6 (actions), §12.7 (forms).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pikepdf

from scop.attachments.addresses import opens_in_windows
from scop.attachments.documents.fields import is_remote
from scop.attachments.documents.pdf_streams import unpacked_stream
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection, TooMuchEffort
from scop.attachments.thing import Found, Thing, shown

__all__ = ["read_pdf"]

_MAX_OBJECTS = 80_000  # a book of a thousand pages has 30,000
_MAX_LISTED, _LARGE_OBJECT = 350_000, 4_096
_BETWEEN_VALUES = (b" ", b"\n", b"\r", b"\t", b"/", b"[", b"(", b"<")
_MAX_NODES = 20_000  # of one object
# As `Inspection.spend` counts: to have an object from the library, and to look at a dictionary that may do something.
_OBJECT_EFFORT, _NODE_EFFORT, _ITEM_EFFORT = 12_000, 50_000, 2_000
_ESCAPE_EFFORT = 500  # for each escape that is undone in a name
_HIGHEST = re.compile(r"highest object number \((\d{1,12})\)")  # what the library says where the stated one is too low
_MAX_DEPTH = 40
_MAX_SCRIPT_OCTETS = 1 << 20
_MAX_FILES = 200

_WORDS = re.compile(
    rb"/(?:JavaScript|JS|Launch|OpenAction|AA|EF|EmbeddedFile|SubmitForm|ImportData|GoToR|GoToE|RichMedia\w*|XFA|Flash)"
    rb"(?![A-Za-z])"
    rb"|/URI\s{0,9}+(?:\((?!(?i:https?:|mailto:|www\.|tel:))|<)"  # links that are none to the web
)
# Occasions that nobody clicks for; a field's are its keystrokes, its format and its sums (/C), as honest forms have
_UNASKED = frozenset({"/O", "/C", "/WC", "/WS", "/DS", "/WP", "/DP", "/PO", "/PC", "/PV", "/PI"})
_RAW_ACTION = re.compile(rb"/(?:S|Type)\s*/(JavaScript|Launch)\b|/(JS)\s*[(<]")
_ESCAPED_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_HARMFUL_SCRIPT = re.compile(
    r"(?i)\beval\s*\(|unescape\s*\(|exportDataObject|launchURL|app\.(?:launch|execMenuItem|openDoc)|util\.print[fd]\s*\([^)]{200}"
    r"|Collab\.(?:collectEmailInfo|getIcon)|media\.newPlayer|spell\.customDictionary|SOAP\.|Net\.|submitForm|getURL|%u[0-9a-f]{4}%u"
    r"|\\x[0-9a-f]{2}\\x[0-9a-f]{2}\\x|fromCharCode|getAnnots?\s*\(|this\.info\.|ADBC|nLaunch|importDataObject|cmd\.exe|powershell"
)


@dataclass(slots=True)
class _Seen:
    """What was met so far."""

    automatic: set[tuple[int, int]] = field(default_factory=set)  # actions that run by themselves
    actions: list[pikepdf.Object] = field(default_factory=list)  # those, of whatever kind
    files: set[tuple[int, int]] = field(default_factory=set)
    has_action: bool = False


def read_pdf(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a PDF document."""
    seen = _Seen()
    if _listed(thing.octets) > _MAX_LISTED:  # the library takes some 250 octets for each
        yield from _by_octets(thing, inspection, seen)
        reason = f"{thing.shown_name} has longer lists than are looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
        return
    try:
        with pikepdf.open(io.BytesIO(thing.octets), suppress_warnings=True) as document:
            yield from _document(thing, inspection, document, seen)
    except pikepdf.PasswordError:
        reason = "The document is locked with a password, so it cannot be looked into."
        yield thing.finding(Kind.ENCRYPTED, Severity.SUSPICIOUS, reason)
        return
    except TooMuchEffort:
        yield from _by_octets(thing, inspection, seen)
        raise
    except pikepdf.PdfError as error:
        yield from _by_octets(thing, inspection, seen)
        raise ValueError(str(error)) from None
    yield from _by_octets(thing, inspection, seen)


def _listed(octets: bytes) -> int:
    """Return about how many values stand in large objects, streams apart."""
    count, begin = 0, 0
    while begin < len(octets):
        end = octets.find(b"endobj", begin)
        end = len(octets) if end < 0 else end
        stream = octets.find(b"stream", begin, end)
        stop = end if stream < 0 else stream
        if stop - begin > _LARGE_OBJECT:
            count += sum([octets.count(mark, begin, stop) for mark in _BETWEEN_VALUES])
            count -= 2 * octets.count(b" R", begin, stop)  # a reference is one of three words
        begin = end + len(b"endobj")
    return count


def _document(thing: Thing, inspection: Inspection, document: pikepdf.Pdf, seen: _Seen) -> Iterator[Found]:
    interesting: list[pikepdf.Object] = []
    count = _object_count(thing.octets, document)
    if count > _MAX_OBJECTS:  # the library gives all of them or none
        reason = f"{thing.shown_name} has more pieces than are looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    else:
        inspection.spend(_OBJECT_EFFORT * count)
        interesting += [item for item in document.objects if _WORDS.search(_written(item))]
    root = document.trailer.get("/Root")
    if isinstance(root, pikepdf.Dictionary) and not root.is_indirect:
        interesting.append(root)
    for item in interesting:
        with suppress(UnicodeDecodeError):
            for node in _nodes(item, inspection):
                _remember_automatic(node, seen)
    for item in (*interesting, *seen.actions):
        try:
            for node in _nodes(item, inspection):
                yield from _node(thing, inspection, node, seen)
        except UnicodeDecodeError:  # the library cannot tell the names of what is in it
            yield from _unnamed(thing, _written(item))


def _unnamed(thing: Thing, written: bytes) -> Iterator[Finding]:
    action = _RAW_ACTION.search(written)
    if action:
        severity = Severity.DANGEROUS if action[1] == b"Launch" else Severity.SUSPICIOUS
        reason = "The document has a script or a command, and hides it among names that cannot be read."
        yield thing.finding(Kind.ACTIVE, severity, reason)


def _object_count(octets: bytes, document: pikepdf.Pdf) -> int:
    """Return how many objects a document may have, without having them."""
    stated = str(document.trailer.get("/Size", 0))
    counts = [int(stated) if stated.isdigit() else 0, octets.count(b"endobj")]
    warned = [_HIGHEST.search(str(warning)) for warning in document.get_warnings()]
    return max(counts + [int(found[1]) for found in warned if found is not None])


def _written(item: pikepdf.Object) -> bytes:
    """Return an object as text, its names without escapes; of a stream only what describes it."""
    if isinstance(item, pikepdf.Stream):
        return item.stream_dict.unparse(resolved=True)
    return item.unparse(resolved=True) if isinstance(item, (pikepdf.Dictionary, pikepdf.Array)) else b""


def _nodes(item: pikepdf.Object, inspection: Inspection) -> Iterator[pikepdf.Object]:
    """Yield the dictionaries of one object, the nested ones too, but not those that it refers to."""
    waiting: list[tuple[pikepdf.Object, int]] = [(item, 0)]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node, depth = waiting.pop()
        inspection.spend(_NODE_EFFORT)
        if isinstance(node, (pikepdf.Dictionary, pikepdf.Stream)):
            yield node
            below = [value for _, value in node.items()]
        else:
            inspection.spend(_ITEM_EFFORT * len(node))
            below = list(node)
        if depth < _MAX_DEPTH:
            waiting += [
                (value, depth + 1)
                for value in below
                if isinstance(value, (pikepdf.Dictionary, pikepdf.Array)) and not value.is_indirect
            ]


def _dictionary(value: object) -> pikepdf.Object | None:
    return value if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)) else None


def _remember_automatic(node: pikepdf.Object, seen: _Seen) -> None:
    _remember_chain(_dictionary(node.get("/OpenAction")), seen)
    occasions = _dictionary(node.get("/AA"))  # a dictionary of actions (§12.6.3)
    if occasions is not None:
        is_field = "/FT" in node or "/Parent" in node or node.get("/Subtype") == "/Widget"
        for occasion, action in occasions.items():
            if occasion in _UNASKED - ({"/C"} if is_field else set()):
                _remember_chain(_dictionary(action), seen)
    if "/JavaScript" in node and "/S" not in node:  # the scripts that the document's names list (§12.6.4.17)
        for action in _named(_dictionary(node.get("/JavaScript")), 0):
            _remember_chain(action, seen)


def _named(tree: pikepdf.Object | None, depth: int) -> Iterator[pikepdf.Object]:
    if tree is None or depth > 8:
        return
    names = tree.get("/Names")
    if isinstance(names, pikepdf.Array):
        yield from [action for action in map(_dictionary, list(names)[:1_000]) if action is not None]
    kids = tree.get("/Kids")
    if isinstance(kids, pikepdf.Array):
        for kid in list(kids)[:200]:
            yield from _named(_dictionary(kid), depth + 1)


def _remember_chain(action: pikepdf.Object | None, seen: _Seen) -> None:
    for _ in range(50):
        if action is None or _key(action) in seen.automatic:
            return
        seen.automatic.add(_key(action))
        seen.actions.append(action)
        action = _dictionary(action.get("/Next"))


def _key(node: pikepdf.Object) -> tuple[int, int]:
    """Return what tells an object from others; a direct one has no number, and is told by what it says."""
    number, generation = node.objgen
    return (number, generation) if number else (0, hash(_written(node)))


def _node(thing: Thing, inspection: Inspection, node: pikepdf.Object, seen: _Seen) -> Iterator[Found]:
    kind = node.get("/S")
    if isinstance(kind, pikepdf.Name):
        yield from _action(thing, node, str(kind), seen)
    elif "/JS" in node:  # readers take it for a script all the same
        yield from _action(thing, node, "/JavaScript", seen)
    files = _dictionary(node.get("/EF"))
    if files is not None:
        yield from _files(thing, inspection, node, files, seen)
    if node.get("/Type") == "/EmbeddedFile" and isinstance(node, pikepdf.Stream):
        yield from _file(thing, inspection, node, "file", seen)
    if "/XFA" in node:
        yield from _forms(thing, node.get("/XFA"))
    if str(node.get("/Subtype", "")) in {"/RichMedia", "/Flash"}:
        reason = "The document holds a film of a kind that was used to break in."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)


def _action(thing: Thing, action: pikepdf.Object, kind: str, seen: _Seen) -> Iterator[Finding]:
    is_automatic = _key(action) in seen.automatic
    when = "when it is opened or shown" if is_automatic else "when something in it is clicked"
    if kind in {"/JavaScript", "/Rendition"} and "/JS" in action:
        seen.has_action = True
        yield _script_finding(thing, _text(action.get("/JS")), is_automatic=is_automatic)
    elif kind == "/Launch":
        seen.has_action = True
        reason = f"The document starts a program {when}: {shown(_target(action)) or 'unnamed'}"
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif kind in {"/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/URI"} and (is_automatic or kind == "/SubmitForm"):
        target = _target(action)
        if is_remote(target):
            severity = Severity.SUSPICIOUS if is_automatic else Severity.NOTE
            yield thing.finding(Kind.ACTIVE, severity, f"The document reaches out {when}: {shown(target)}")
    elif kind == "/URI" and opens_in_windows(target := _target(action)):
        reason = f"The document has Windows open something else {when}: {shown(target)}"
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)


def _script_finding(thing: Thing, script: str, *, is_automatic: bool) -> Finding:
    is_harmful = _HARMFUL_SCRIPT.search(script) is not None
    if is_automatic and is_harmful:
        reason = "The document runs a script by itself that does what malware does."
        return thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    if is_automatic or is_harmful:
        reason = (
            "The document runs a script by itself."
            if is_automatic
            else "The document has a script of a kind that does harm."
        )
        return thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    return thing.finding(Kind.ACTIVE, Severity.NOTE, "The document has scripts in its form.")


def _target(action: pikepdf.Object) -> str:
    """Return where an action leads: a text, a file specification, or what Windows is given (§12.6.4.6)."""
    windows = _dictionary(action.get("/Win"))
    for holder in (action, windows):
        if holder is None:
            continue
        for key in ("/URI", "/F", "/UF"):
            value = holder.get(key)
            if isinstance(value, pikepdf.String):
                parameters = holder.get("/P")
                return f"{value} {parameters}" if isinstance(parameters, pikepdf.String) else str(value)
            specification = _dictionary(value)
            if specification is not None:
                return str(specification.get("/UF") or specification.get("/F") or "")
    return ""


def _text(value: object) -> str:
    if isinstance(value, pikepdf.Stream):
        octets = b"".join(unpacked_stream(value, _MAX_SCRIPT_OCTETS))
        return (
            octets.decode("utf-16", "replace") if octets[:2] in (b"\xfe\xff", b"\xff\xfe") else octets.decode("latin-1")
        )
    return str(value) if isinstance(value, pikepdf.String) else ""


def _files(
    thing: Thing, inspection: Inspection, specification: pikepdf.Object, files: pikepdf.Object, seen: _Seen
) -> Iterator[Found]:
    name = str(specification.get("/UF") or specification.get("/F") or "file")
    for content in dict(files.items()).values():
        if isinstance(content, pikepdf.Stream):
            yield from _file(thing, inspection, content, name, seen)


def _file(thing: Thing, inspection: Inspection, content: pikepdf.Stream, name: str, seen: _Seen) -> Iterator[Found]:
    key = _key(content)
    if key in seen.files or len(seen.files) >= _MAX_FILES:
        return
    seen.files.add(key)
    yield thing.finding(Kind.EMBEDDED, Severity.NOTE, f"The document holds the file {shown(name)}.")
    packed = len(content.read_raw_bytes())
    yield from inspection.unpack(thing, name, unpacked_stream(content, inspection.room_octets + 1), packed)


def _forms(thing: Thing, forms: object) -> Iterator[Finding]:
    """Yield what is found in XFA forms, whose XML has scripts of its own."""
    parts = list(forms) if isinstance(forms, pikepdf.Array) else [forms]
    text = " ".join(_text(part) for part in parts[:64] if isinstance(part, pikepdf.Stream))
    if re.search(r"(?i)<script\b", text):
        yield _script_finding(thing, text, is_automatic=False)


def _by_octets(thing: Thing, inspection: Inspection, seen: _Seen) -> Iterator[Finding]:
    """Yield what stands in the octets though no object of the document has it: another reader may see it."""
    if seen.has_action:
        return
    plain, undone = thing.octets, 0
    if b"#" in plain:
        most = inspection.effort_left // _ESCAPE_EFFORT + 1
        plain, undone = _ESCAPED_NAME.subn(lambda match: bytes((int(match[1], 16),)), plain, count=most)
    if _RAW_ACTION.search(plain):
        reason = "The document has a script or a command that only some programs see."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    inspection.spend(_ESCAPE_EFFORT * undone)
