"""Reads the objects that documents embed: packages (a file with its name), links to elsewhere, dangerous classes.

Standards: MS-OLEDS §2.2 (OLE 1.0), §2.3.3 (Ole), §2.3.6 (Ole10Native); MS-OSHARED §2.3.7 (monikers).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scop.attachments.documents.fields import is_remote, link_finding
from scop.attachments.documents.octets import Reading
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing, shown

__all__ = ["class_findings", "equation_finding", "linked_findings", "read_ole1_object", "read_package"]

# Classes whose code was broken into, or that run what they are given; honest documents do not embed them.
_DANGEROUS_CLASSES = {
    "BDD1F04B-858B-11D1-B16A-00C0F0283628": "a list control with a known hole",  # CVE-2012-0158
    "996BF5E0-8044-4650-ADEB-0B013914E99C": "a list control with a known hole",
    "C74190B6-8589-11D1-B16A-00C0F0283628": "a tree control with a known hole",
    "9181DC5F-E07D-418A-ACA6-8EEA1ECB8E9E": "a tree control with a known hole",
    "1EFB6596-857C-11D1-B16A-00C0F0283628": "a tab control with a known hole",  # CVE-2012-1856
    "24B224E0-9545-4A2F-ABD5-86AA8A849385": "a tab control with a known hole",
    "DD9DA666-8594-11D1-B16A-00C0F0283628": "a control with a known hole",  # CVE-2014-1761
    "A08A033D-1A75-4AB6-A166-EAD02F547959": "a part that takes away a protection of Windows",  # otkloadr
    "06290BD3-48AA-11D2-8432-006008C3FBFC": "a maker of scripts",
    "06290BD8-48AA-11D2-8432-006008C3FBFC": "a maker of scripts",
    "3050F4D8-98B5-11CF-BB82-00AA00BDCE0B": "an HTML application",
    "D27CDB6E-AE6D-11CF-96B8-444553540000": "a Flash film",
    "D27CDB70-AE6D-11CF-96B8-444553540000": "a Flash film",
    "F414C260-6AC0-11CF-B6D1-00AA00BBBB58": "a script",
    "B54F3741-5B07-11CF-A4B0-00AA004A55E8": "a script",
    "8856F961-340A-11D0-A96B-00C04FD705A2": "a window of Internet Explorer",
    "EAB22AC3-30C1-11CF-A7EB-0000C05BAE0B": "a window of Internet Explorer",
    "88D96A0A-F192-11D4-A65F-0040963251E5": "an old reader of XML with a known hole",  # CVE-2012-1889
    "72C24DD5-D70A-438B-8A42-98424B88AFB8": "a shell that runs programs",  # WScript.Shell
}
_EQUATION = re.compile(r"(?i)equation|\A(?:0002CE02|00021700|0002CE03)-0000-0000-C000-000000000046\Z")
_URL_MONIKER = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
_FILE_MONIKER = bytes.fromhex("0303000000000000c000000000000046")
_SOAP_OR_SCRIPT = re.compile(r"(?i)\A(?:soap:wsdl|script:|res:|mhtml:)")
_WIDE_ADDRESS = re.compile(
    rb"(?:(?:[hH]\0[tT]\0[tT]\0[pP]\0|[fF]\0[tT]\0[pP]\0|[fF]\0[iI]\0[lL]\0[eE]\0|[sS]\0[cC]\0[rR]\0)(?:[!-~]\0){4,1000}|(?:\\\0){2}(?:[!-~]\0){4,500})"
)


def class_findings(thing: Thing, names: Iterator[str]) -> Iterator[Finding]:
    """Yield what is found where a class of these (CLSIDs or names) is one that is used to break in."""
    for name in dict.fromkeys(names):
        what = _DANGEROUS_CLASSES.get(name.strip("{}").upper())
        if what:
            yield thing.finding(Kind.EMBEDDED, Severity.DANGEROUS, f"The document embeds {what} ({shown(name)}).")


def is_equation(name: str) -> bool:
    """Tell whether a class is one of the old equation editor."""
    return _EQUATION.search(name) is not None


def equation_finding(thing: Thing, native: bytes | None) -> Finding:
    """Return what is found of an object of the old equation editor, which can be broken into by a long name.

    `native` is its own stream; None where there is none, as honest ones never are.
    """
    # EQNOLEFILEHDR of 28 octets, then MTEF of version 2, 3 or 5
    sound = native is not None and native[:6] == b"\x1c\0\0\0\2\0" and native[28:29] in (b"\2", b"\3", b"\5")
    # A font name of over 32 octets (CVE-2017-11882), or what calls a program
    if not sound or native is None or re.search(rb"\x08[^\x00]{36}|(?i:cmd|mshta|powershell|\.exe|http:)", native[28:]):
        reason = "The document breaks into the old equation editor of Office to run a program."
        return thing.finding(Kind.EMBEDDED, Severity.DANGEROUS, reason)
    return thing.finding(Kind.EMBEDDED, Severity.NOTE, "The document holds an equation of the old editor.")


def linked_findings(thing: Thing, stream: bytes) -> Iterator[Finding]:
    """Yield what a linked object is loaded from; the octets are those of a stream Ole, or hold monikers."""
    if _URL_MONIKER not in stream and _FILE_MONIKER not in stream and stream[4:5] != b"\1":
        return
    for match in list(_WIDE_ADDRESS.finditer(stream))[:8]:
        address = match[0].decode("utf-16-le", "replace")
        yield from _link(thing, address)


def _link(thing: Thing, address: str) -> Iterator[Finding]:
    if _SOAP_OR_SCRIPT.match(address):
        reason = f"The document loads and may run something from elsewhere: {shown(address)}"
        yield thing.finding(Kind.TEMPLATE, Severity.DANGEROUS, reason)
    elif is_remote(address):
        finding = link_finding(thing, "oleObject", address)
        if finding is not None:
            yield finding


def read_package(thing: Thing, inspection: Inspection, native: bytes, *, has_size: bool = True) -> Iterator[Found]:
    r"""Look into a package: a `\x01Ole10Native` stream, or the native part of an OLE 1.0 object (which has no size)."""
    try:
        name, content = _package(native, has_size=has_size)
    except ValueError:
        # No package: the native form of some class; what it begins with tells what it is.
        content = native[4:] if has_size else native
        yield from inspection.unpack(thing, "object", iter((content,)), len(content))
        return
    if content is None:
        reason = f"The document links to the file {shown(name)}, and a click on it runs it."
        yield thing.finding(Kind.EMBEDDED, Severity.SUSPICIOUS, reason)
        return
    yield thing.finding(
        Kind.EMBEDDED, Severity.NOTE, f"The document holds the file {shown(_base(name)) or 'without a name'}."
    )
    yield from inspection.unpack(thing, _base(name) or "object", iter((content,)), len(content))


def _base(name: str) -> str:
    return name.replace("/", "\\").rpartition("\\")[2]


def _package(native: bytes, *, has_size: bool) -> tuple[str, bytes | None]:
    """Return the name of the packed file and its octets; None where it is only linked."""
    reading = Reading(native)
    if has_size:
        reading.number(4)
    if reading.number(2) != 2:
        raise ValueError("no package")
    label = reading.text_to_zero()
    path = reading.text_to_zero()
    reading.number(2)
    kind = reading.number(2)  # 3 embedded, 1 linked
    if kind == 1:
        return path or label, None
    reading.take(reading.number(4))  # the path of the copy that the packer made
    size = reading.number(4)
    # A size that is too large hides the file from who believes it.
    content = native[reading.position : reading.position + size]
    # What follows is the name in UTF-16, which is the one that a newer packer uses
    reading.position += size
    wide = _wide_label(reading)
    return wide or label or path, content


def _wide_label(reading: Reading) -> str:
    try:
        reading.take(2 * reading.number(4))  # the path of the copy
        return reading.take(2 * reading.number(4)).decode("utf-16-le", "replace").rstrip("\0")
    except ValueError:
        return ""


def read_ole1_object(thing: Thing, inspection: Inspection, octets: bytes) -> Iterator[Found]:
    """Look into an OLE 1.0 object, as RTF holds it."""
    reading = Reading(octets)
    try:
        reading.number(4)
        format_id = reading.number(4)
        name, topic = reading.counted_text(), reading.counted_text()
        reading.counted_text()
        size = reading.number(4) if format_id != 1 else 0
    except (ValueError, struct.error):
        # Readers of RTF are lenient here: what the octets hold is looked for by its own marks.
        yield from _by_marks(thing, inspection, octets)
        return
    if format_id == 1:
        yield thing.finding(Kind.EMBEDDED, Severity.SUSPICIOUS, f"The document links to {shown(topic) or 'a file'}.")
        yield from _link(thing, topic)
    content = octets[reading.position : reading.position + size] or octets[reading.position :]
    if is_equation(name):
        native = content[content.find(b"\x1c\0\0\0\2\0") :] if b"\x1c\0\0\0\2\0" in content else None
        yield equation_finding(thing, native)
    yield from linked_findings(thing, content)
    if name.lower() == "package":
        yield from read_package(thing, inspection, content, has_size=False)
    else:
        yield thing.finding(
            Kind.EMBEDDED, Severity.NOTE, f"The document holds an object of {shown(name) or 'no class'}."
        )
        yield from inspection.unpack(thing, shown(name) or "object", iter((content,)), len(content))


_MARKS = re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|MZ.{58}|PK\x03\x04|\{\\rt|%PDF-", re.DOTALL)


def _by_marks(thing: Thing, inspection: Inspection, octets: bytes) -> Iterator[Found]:
    if re.search(rb"(?i)equation\.[23]", octets):
        yield equation_finding(thing, None)
    yield from linked_findings(thing, octets)
    match = _MARKS.search(octets)
    if match:
        content = octets[match.start() :]
        yield from inspection.unpack(thing, "object", iter((content,)), len(content))
