"""What is said of the macros of a document, whatever container held them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scop.attachments.documents.vba import (
    Behaviour,
    behaviour_of_names,
    behaviour_of_source,
    has_code,
    module_sources,
)
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.thing import Thing, shown

__all__ = ["project_findings", "sheet_macro_finding", "source_findings"]

_COMPILED = "_vba_project"  # the stream of the compiled form


def project_findings(thing: Thing, streams: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield what is found in the streams of one VBA project."""
    sources = [source for source in module_sources(streams) if has_code(source)]
    if sources:
        yield from source_findings(thing, "\n".join(sources))
        return
    compiled = next((octets for name, octets in streams.items() if name.lower() == _COMPILED), None)
    if compiled is None:
        return
    behaviour = behaviour_of_names(compiled)
    if behaviour.automatic or behaviour.powers:
        reason = f"A macro whose text was taken out, which hides it from scanners{_told(behaviour)}."
        yield thing.finding(Kind.MACRO, Severity.DANGEROUS, reason)


def source_findings(thing: Thing, source: str) -> Iterator[Finding]:
    """Yield what the source of macros says."""
    behaviour = behaviour_of_source(source)
    if behaviour.automatic:
        names = ", ".join(behaviour.automatic[:3])
        reason = f"A macro runs by itself when the document is used ({names}){_told(behaviour)}."
        yield thing.finding(Kind.MACRO, Severity.DANGEROUS, reason)
    else:
        reason = f"The document has macros; none runs by itself{_told(behaviour)}."
        yield thing.finding(Kind.MACRO, Severity.SUSPICIOUS, reason)


def _told(behaviour: Behaviour) -> str:
    return f"; it {', '.join(behaviour.powers)}" if behaviour.powers else ""


def sheet_macro_finding(thing: Thing, *, is_automatic: bool, functions: tuple[str, ...]) -> Finding:
    """Return what is found of a sheet of Excel 4 macros (XLM)."""
    uses = f"; it uses {', '.join(shown(name) for name in functions[:5])}" if functions else ""
    if is_automatic or functions:
        how = (
            "that run by themselves when the table is opened" if is_automatic else "of the kind that scanners overlook"
        )
        return thing.finding(Kind.MACRO, Severity.DANGEROUS, f"The table has Excel 4 macros {how}{uses}.")
    reason = "The table has a sheet of Excel 4 macros, an old kind that is hardly used but to do harm."
    return thing.finding(Kind.MACRO, Severity.SUSPICIOUS, reason)
