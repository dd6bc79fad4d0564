"""Looks into one piece of Office XML: a part of a package, a whole document of 2003, a flattened package, OpenDocument.

Elements are known by their local names alone, whatever part they stand in and whatever prefix they have: a part can be
renamed, and what the XML is for is seen by what it says. Most parts say nothing of interest: a search over the octets
tells so at once, and only the others are parsed.

Standards: ECMA-376-1:2016, [MS-OE376], [MS-WORD2003XML], OASIS OpenDocument 1.3.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from scop.attachments.documents.fields import (
    FIELD_BEGIN,
    FIELD_END,
    MAX_FIELD,
    dde_finding,
    field_findings,
    link_finding,
)
from scop.attachments.documents.macros import source_findings
from scop.attachments.documents.ole_objects import class_findings
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection, TooMuchEffort
from scop.attachments.thing import Found, Thing, shown

__all__ = ["XmlFacts", "facts_findings", "read_office_xml", "xml_facts"]

_MAX_FACTS = 500  # of each kind, of one piece
_MAX_DEPTH = 1_000  # elements within elements; no program writes a hundred
# As `Inspection.spend` counts.
_ELEMENT_EFFORT, _ATTRIBUTE_EFFORT = 1_600, 300
_MAX_TEXT = 48 << 20  # characters of one payload

# What of XML is of interest, in lower case. Each is looked for alone: all in one expression cost 200 ns an octet.
_WORTH_PARSING = tuple(
    b"""instrtext fldsimple ddelink relationship macrosheet bindata binarydata supbook attachedtemplate definedname
    ppaction event-listener vnd.sun.star.script script:module dde-source ddeconnection dde-connection <!entity classid
    encryption-data library:element olesize ddeservice dde( subdoc recipientdata linkedtextbox
    script:language customui implements-prefix""".split()
)
_OTHER_ENCODING = re.compile(
    rb"""(?i)\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["'](?!utf-8|us-ascii|iso-8859|windows-125|ascii)"""
)
_PIPE_FORMULA = re.compile(r"(?is)\A[=+@-]*\s*['\"]?([\w.\\/: -]{1,60}?)['\"]?\|['\"]?(.{1,400}?)['\"]?!")
_DDE_CALL = re.compile(r"(?i)\bDDE\(\s*\"([^\"]{1,200})\"\s*;\s*\"([^\"]{0,400})\"")  # OpenFormula 1.3 §6.11.2
_SHEET_FUNCTIONS = re.compile(
    r"(?i)\b(EXEC|CALL|REGISTER|FOPEN|FWRITELN?|FORMULA(?:\.FILL)?|RUN|URLDownloadToFileA?|SET\.VALUE|GET\.WORKSPACE)\s*\("
)
_AUTOMATIC_NAME = re.compile(r"(?i)(?:_xlnm\.)?auto_?(?:open|close|activate|deactivate)")


@dataclass(slots=True)
class XmlFacts:
    """What one piece of XML says that matters."""

    fields: list[str] = field(default_factory=list)
    conversations: list[tuple[str, str]] = field(default_factory=list)  # DDE: service, topic
    links: list[tuple[str, str]] = field(default_factory=list)  # last word of the relationship's type, target
    parts: list[tuple[str, str]] = field(default_factory=list)  # of macro sheets: type, target
    payloads: list[tuple[str, list[str]]] = field(default_factory=list)  # name, base64 in pieces
    functions: dict[str, None] = field(default_factory=dict)  # of macro sheets
    actions: list[str] = field(default_factory=list)  # of OpenDocument and PowerPoint
    basic: list[str] = field(default_factory=list)  # source of OpenDocument modules
    callbacks: list[str] = field(default_factory=list)  # macros that the ribbon calls
    controls: list[str] = field(default_factory=list)  # classes of ActiveX controls
    has_script: bool = False  # of a stylesheet
    has_macro_sheet: bool = False
    has_automatic_name: bool = False
    is_encrypted: bool = False
    is_broken: bool = False
    is_cut: bool = False  # not read to its end, as that takes more than is spent on a mail


class _Scan:
    """Gathers facts while expat reads."""

    def __init__(self, inspection: Inspection) -> None:
        self.facts = XmlFacts()
        self._spend = inspection.spend
        self._open_fields: list[list[str]] = []
        self._in_instruction: list[bool] = []
        self._text: list[str] | None = None  # what the text of the current element goes to
        self._text_size = 0
        self._depth = 0
        self._book_depth = 0
        self._part_name = ""
        self._known: dict[str, Callable[[_Scan, dict[str, str]], None] | None] = {}  # by names as they are written

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._spend(_ELEMENT_EFFORT + _ATTRIBUTE_EFFORT * len(attributes))
        if self._depth > _MAX_DEPTH:
            raise ValueError("elements lie too deep")
        try:
            opened = self._known[name]
        except KeyError:
            opened = self._learn(name)
        if opened is not None:
            opened(self, {key.rpartition(":")[2].lower(): value for key, value in attributes.items()})
        elif attributes:
            self._look_at_attributes(attributes)

    def _learn(self, name: str) -> Callable[[_Scan, dict[str, str]], None] | None:
        opened = _OPENED.get(name.rpartition(":")[2].lower())
        if len(self._known) < _MAX_FACTS:
            self._known[name] = opened
        return opened

    def _look_at_attributes(self, attributes: dict[str, str]) -> None:
        for key, value in attributes.items():
            if value.startswith("ppaction://") or "vnd.sun.star.script:" in value:
                self._keep(self.facts.actions, value)
            elif key.endswith("Formula") and "|" in value:
                self._formula(value)
            elif key.endswith("formula") and (call := _DDE_CALL.search(value)):
                self._converse(call[1], call[2])
            elif key == "onAction":
                self._keep(self.facts.callbacks, value)
            elif key.lower().endswith("classid"):
                self._keep(self.facts.controls, value.strip("{}").upper())

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._text is None:
            return
        closed = _CLOSED.get(name.rpartition(":")[2].lower())
        if closed is not None:
            text, self._text = self._text, None
            closed(self, text)

    def characters(self, text: str) -> None:
        if self._text is not None and self._text_size < _MAX_TEXT:
            self._text_size += len(text)
            self._text.append(text)

    def begin_text(self, _: dict[str, str]) -> None:
        self._text = []
        self._text_size = 0

    def _keep(self, facts: list[str], value: str) -> None:
        if len(facts) < _MAX_FACTS:
            facts.append(value[:MAX_FIELD])

    # Fields: ECMA-376-1 §17.16.18 (complex), §17.16.19 (simple)
    def field_mark(self, attributes: dict[str, str]) -> None:
        mark = attributes.get("fldchartype", "").lower()
        if mark == "begin":
            self._open_fields.append([])
            self._in_instruction.append(True)
        elif mark == "separate" and self._in_instruction:
            self._in_instruction[-1] = False
        elif mark == "end" and self._open_fields:
            self._close_field()

    def _close_field(self) -> None:
        instruction = "".join(self._open_fields.pop())[:MAX_FIELD]
        self._in_instruction.pop()
        if self._open_fields and self._in_instruction[-1]:
            self._add(f"{FIELD_BEGIN}{instruction}{FIELD_END}")
        self._keep(self.facts.fields, instruction)

    def _add(self, text: str) -> None:
        pieces = self._open_fields[-1]
        if len(pieces) < MAX_FIELD:
            pieces.append(text[:MAX_FIELD])

    def instruction(self, text: list[str]) -> None:
        joined = "".join(text)
        if self._open_fields and self._in_instruction[-1]:
            self._add(joined)
        else:
            self._keep(
                self.facts.fields, joined
            )  # outside of a field no program would use it, but then why is it there

    def simple_field(self, attributes: dict[str, str]) -> None:
        self._keep(self.facts.fields, attributes.get("instr", ""))

    # Tables
    def conversation(self, attributes: dict[str, str]) -> None:
        service = attributes.get("ddeservice") or attributes.get("dde-application", "")
        topic = attributes.get("ddetopic") or attributes.get("dde-topic", "")
        self._converse(service, topic)

    def _converse(self, service: str, topic: str) -> None:
        if len(self.facts.conversations) < _MAX_FACTS:
            self.facts.conversations.append((service, topic))

    def _formula(self, value: str) -> None:
        match = _PIPE_FORMULA.match(value)
        if match:
            self._converse(match[1], match[2])

    def book(self, _: dict[str, str]) -> None:
        self._book_depth = self._depth

    def supporting_book(self, text: list[str]) -> None:
        service, bar, topic = "".join(text).strip().partition("|")
        if bar and self._depth == self._book_depth:
            self._converse(service, topic)

    def macro_sheet(self, _: dict[str, str]) -> None:
        self.facts.has_macro_sheet = True

    def sheet_formula(self, text: list[str]) -> None:
        if self.facts.has_macro_sheet and len(self.facts.functions) < _MAX_FACTS:
            for match in _SHEET_FUNCTIONS.finditer("".join(text)[:MAX_FIELD]):
                self.facts.functions[match[1].upper()] = None

    def defined_name(self, attributes: dict[str, str]) -> None:
        if _AUTOMATIC_NAME.match(attributes.get("name", "")):
            self.facts.has_automatic_name = True

    # Packages
    def relationship(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "").rpartition("/")[2]
        target = attributes.get("target", "")
        if kind.lower() in {"xlmacrosheet", "xlintlmacrosheet", "externallink"}:
            self.facts.parts.append((kind.lower(), target))
        if attributes.get("targetmode", "").lower() == "external" and len(self.facts.links) < _MAX_FACTS:
            self.facts.links.append((kind, target[:MAX_FIELD]))

    def template(self, attributes: dict[str, str]) -> None:
        if "val" in attributes:  # Word 2003; in a package it is a relationship
            self.facts.links.append(("attachedTemplate", attributes["val"]))

    def package_part(self, attributes: dict[str, str]) -> None:
        self._part_name = attributes.get("name", "")

    def binary(self, attributes: dict[str, str]) -> None:
        self._part_name = attributes.get("name", "") or self._part_name
        self.begin_text(attributes)

    def payload(self, text: list[str]) -> None:
        if len(self.facts.payloads) < _MAX_FACTS:
            self.facts.payloads.append((self._part_name, text))

    # OpenDocument
    def listener(self, attributes: dict[str, str]) -> None:
        self._keep(
            self.facts.actions,
            attributes.get("href") or attributes.get("macro-name") or attributes.get("event-name", ""),
        )

    def encrypted(self, _: dict[str, str]) -> None:
        self.facts.is_encrypted = True

    def basic_module(self, text: list[str]) -> None:
        self._keep(self.facts.basic, "".join(text))

    # The ribbon of Office ([MS-CUSTOMUI]), and stylesheets of MSXML and Xalan, whatever prefix their scripts have
    def ribbon(self, attributes: dict[str, str]) -> None:
        if "onload" in attributes:
            self._keep(self.facts.callbacks, attributes["onload"])

    def script(self, attributes: dict[str, str]) -> None:
        self.facts.has_script |= "implements-prefix" in attributes


_OPENED = {
    "fldchar": _Scan.field_mark,
    "fldsimple": _Scan.simple_field,
    "instrtext": _Scan.begin_text,
    "delinstrtext": _Scan.begin_text,
    "ddelink": _Scan.conversation,
    "dde-source": _Scan.conversation,
    "dde-connection-decl": _Scan.conversation,
    "path": _Scan.begin_text,
    "supbook": _Scan.book,
    "macrosheet": _Scan.macro_sheet,
    "f": _Scan.begin_text,
    "definedname": _Scan.defined_name,
    "relationship": _Scan.relationship,
    "attachedtemplate": _Scan.template,
    "part": _Scan.package_part,
    "binarydata": _Scan.binary,
    "bindata": _Scan.binary,
    "binary-data": _Scan.binary,
    "event-listener": _Scan.listener,
    "encryption-data": _Scan.encrypted,
    "customui": _Scan.ribbon,
    "script": _Scan.script,
    "module": _Scan.begin_text,
}
_CLOSED = {
    "instrtext": _Scan.instruction,
    "delinstrtext": _Scan.instruction,
    "path": _Scan.supporting_book,
    "f": _Scan.sheet_formula,
    "binarydata": _Scan.payload,
    "bindata": _Scan.payload,
    "binary-data": _Scan.payload,
    "module": _Scan.basic_module,
}


def xml_facts(octets: bytes, inspection: Inspection) -> XmlFacts | None:
    """Return what a piece of XML says; None where it has nothing of interest."""
    if not (_is_worth_parsing(octets) or octets.count(0, 0, 64) > 8 or _OTHER_ENCODING.match(octets)):
        return None
    scan = _Scan(inspection)
    parser = expat.ParserCreate()  # expands no outer entity, and stops where inner ones multiply
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.characters
    try:
        parser.Parse(octets, True)
    except TooMuchEffort:
        scan.facts.is_cut = True
    except (expat.ExpatError, ValueError):
        scan.facts.is_broken = True  # what was read until then counts
    return scan.facts


def _is_worth_parsing(octets: bytes) -> bool:
    lower = octets.lower()
    return b"Formula" in octets or any(word in lower for word in _WORTH_PARSING)


def facts_findings(thing: Thing, facts: XmlFacts) -> Iterator[Finding]:
    """Yield what is found in one piece of XML."""
    for instruction in facts.fields:
        yield from field_findings(thing, instruction)
    for service, topic in facts.conversations:
        yield dde_finding(thing, service, topic)
    for kind, target in facts.links:
        finding = link_finding(thing, kind, target)
        if finding is not None:
            yield finding
    for action in facts.actions:
        yield from _action_findings(thing, action)
    yield from _called_findings(thing, facts)
    yield from class_findings(thing, iter(facts.controls))
    for source in facts.basic:
        if source.strip():
            yield from source_findings(thing, source)
    if facts.is_cut:
        reason = f"{thing.where} has more in it than is looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    if facts.is_encrypted:
        reason = "The document is locked with a password, so it cannot be looked into."
        yield thing.finding(Kind.ENCRYPTED, Severity.SUSPICIOUS, reason)


def _called_findings(thing: Thing, facts: XmlFacts) -> Iterator[Finding]:
    for macro in dict.fromkeys(facts.callbacks):
        yield thing.finding(Kind.MACRO, Severity.NOTE, f"The document has buttons that call the macro {shown(macro)}.")
    if facts.has_script:
        reason = f"{thing.where} is a stylesheet with a script, which Windows runs when it is applied."
        yield thing.finding(Kind.SCRIPT, Severity.DANGEROUS, reason)


def _action_findings(thing: Thing, action: str) -> Iterator[Finding]:
    if "vnd.sun.star.script:" in action:
        reason = f"The document runs a script by itself: {shown(action)}"
        yield thing.finding(Kind.MACRO, Severity.DANGEROUS, reason)
    elif action.startswith("ppaction://program"):
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, "A slide starts a program when it is touched.")
    elif action.startswith("ppaction://macro"):
        yield thing.finding(Kind.MACRO, Severity.SUSPICIOUS, "A slide runs a macro when it is touched.")


def read_office_xml(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a document that is one piece of XML."""
    facts = xml_facts(thing.octets, inspection)
    if facts is None:
        return
    yield from facts_findings(thing, facts)
    for name, pieces in facts.payloads:
        packed = "".join(pieces)
        yield from inspection.unpack(thing, name.lstrip("/") or "binary", iter((_decoded(packed),)), len(packed))
    if facts.is_broken and thing.ending != "vml":  # honest drawings in VML are often not well formed
        raise ValueError("the XML is not well formed")


def _decoded(text: str) -> bytes:
    """Undo base64 as Office does: what is no letter of it is passed over."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text)
    return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + "==")
