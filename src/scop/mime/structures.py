"""The multiparts of MIME as drafts.

Each function returns a `Draft`, which goes into another one, into `compose(content=…)`, or into `encode`.
A multipart's boundary follows from its parts, so that no two differing multiparts share one.

Standards: RFC 2046 §5, RFC 2183, RFC 2387 (related), RFC 1847 (signed), RFC 6522 (report), RFC 7578 (form-data).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from scop.mime.encode import Draft, Writable
from scop.mime.fields import FieldValue
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition
from scop.mime.fold import reject_controls
from scop.mime.next_hop import NextHop, content_domain
from scop.mime.parts import Attachment, check_media_type, check_token, file_part, part, text_part

__all__ = ["Body", "form_data", "multipart", "related", "report", "signed"]

Part: TypeAlias = Writable | bytes

_WIDTH = {"7bit": 0, "8bit": 1, "binary": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a mail shows: the same text in several forms, the files that its HTML shows, and files beside it."""

    text: str | None = None
    html: str | None = None
    alternatives: Sequence[Attachment] = ()  # the best form last (RFC 2046 §5.1.4)
    inline: Sequence[Attachment] = ()
    attachments: Sequence[Attachment] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is given."""
        return self.text is None and self.html is None and not (self.alternatives or self.inline or self.attachments)

    def draft(self, *, seed: str = "", next_hop: NextHop = NextHop.ASCII) -> Draft:
        """Return it as one part: mixed around alternative around related, each only where it is needed."""
        forms = list(self._forms(seed, next_hop))
        shown = forms[0] if len(forms) == 1 else multipart("alternative", forms, seed=seed)
        if not self.attachments:
            return shown
        return multipart("mixed", [shown, *[file_part(one, next_hop=next_hop) for one in self.attachments]], seed=seed)

    def _forms(self, seed: str, next_hop: NextHop) -> Iterator[Draft]:
        if self.text is not None or self.html is None:
            yield text_part(self.text or "", next_hop=next_hop)
        if self.html is not None:
            html = text_part(self.html, subtype="html", next_hop=next_hop)
            yield related(html, self.inline, seed=seed, next_hop=next_hop) if self.inline else html
        elif self.inline:
            raise ValueError("inline attachments need HTML that shows them")
        for one in self.alternatives:
            yield file_part(one, disposition="", next_hop=next_hop)


def multipart(
    subtype: str, parts: Sequence[Part], *, seed: str = "", parameters: Mapping[str, str] | None = None
) -> Draft:
    """Return `parts` in a multipart; the same parts and `seed` make the same boundary, others make another.

    It states the widest encoding of its parts (RFC 2045 §6.4).
    """
    if not parts:
        raise ValueError("a multipart has parts")
    named = dict(parameters or {})
    for name, value in named.items():
        reject_controls(value, check_token(name, "parameter name"))
    named["boundary"] = _boundary(subtype, parts, seed)
    media = ContentType("multipart", check_token(subtype, "subtype").lower(), named)
    fields: list[tuple[str, FieldValue]] = [("Content-Type", media)]
    widest = max((_width(one) for one in parts), key=_WIDTH.__getitem__)
    if widest != "7bit":
        fields.append(("Content-Transfer-Encoding", widest))
    return Draft(tuple(fields), tuple(parts))


def _boundary(subtype: str, parts: Sequence[Part], seed: str) -> str:
    """Return a boundary for these parts and no others: as it follows from all their octets, none of them can hold it.

    Should one do so all the same, `encode` refuses it. A stream's octets count for nothing: it is always encoded.
    """
    digest = hashlib.blake2b(f"{subtype}\0{seed}\0".encode("utf-8", "replace"), digest_size=12)
    for octets in _octets_in(parts):
        digest.update(b"%d:" % len(octets))  # else what ends one could begin the next
        digest.update(octets)
    # RFC 2045 §6.7: "=_" never stands in quoted-printable, nor in base64.
    return f"=_{digest.hexdigest()}"


def _octets_in(parts: Sequence[Part]) -> Iterator[bytes]:
    """Yield all by which `parts` differ from others."""
    waiting = [*reversed(parts)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes):
            yield one
            continue
        yield repr(one.fields).encode("utf-8", "replace")
        yield one.preamble
        yield one.epilogue
        if isinstance(one.content, tuple):
            yield b"%d parts" % len(one.content)
            waiting.extend(reversed(one.content))
        elif isinstance(one.content, bytes):
            yield one.content


def _width(part: Part) -> str:
    if isinstance(part, bytes):
        return content_domain(part)
    stated = next((value for name, value in part.fields if name.lower() == "content-transfer-encoding"), "7bit")
    return stated if isinstance(stated, str) and stated in _WIDTH else "7bit"


def related(root: Draft, inline: Sequence[Attachment], *, seed: str = "", next_hop: NextHop = NextHop.ASCII) -> Draft:
    """Return `root` with the files that it shows; each needs the Content-ID that a `cid:` in `root` names."""
    if not all(file.content_id for file in inline):
        raise ValueError("an inline attachment needs its content_id")
    shown = [file_part(file, disposition="inline", next_hop=next_hop) for file in inline]
    media = next(value for _, value in root.fields if isinstance(value, ContentType))
    # RFC 2387 §3.1: it states the type of its root.
    return multipart("related", [root, *shown], seed=seed, parameters={"type": media.media_type})


def signed(entity: bytes, signature: bytes, *, micalg: str, protocol: str, seed: str = "") -> Draft:
    """Return `entity` with a signature over exactly its octets.

    RFC 1847 §2.1: no host on the way may have to change it, so it must be 7bit with CRLF line ends.
    """
    if content_domain(entity) != "7bit":
        raise ValueError("what is signed must be 7bit, with CRLF line ends")
    parameters = {"protocol": check_media_type(protocol), "micalg": check_token(micalg, "micalg")}
    return multipart("signed", [entity, part(protocol, signature)], seed=seed, parameters=parameters)


def report(report_type: str, text: Draft, status: Draft, returned: Draft | None = None, *, seed: str = "") -> Draft:
    """Return a report: a `text` for people, the `status` for programs, and what of the mail goes back (RFC 6522 §3)."""
    parts = [text, status] if returned is None else [text, status, returned]
    return multipart("report", parts, seed=seed, parameters={"report-type": check_token(report_type, "report type")})


def form_data(
    entries: Sequence[tuple[str, str | Attachment]], *, seed: str = "", next_hop: NextHop = NextHop.ASCII
) -> Draft:
    """Return the entries of a form, texts and files, each under its name (RFC 7578)."""
    parts = [_form_entry(name, entry, next_hop) for name, entry in entries]
    return multipart("form-data", parts, seed=seed)


def _form_entry(name: str, entry: str | Attachment, next_hop: NextHop) -> Draft:
    parameters = {"name": _percent(reject_controls(name, "name"))}
    if isinstance(entry, str):
        media = ContentType("text", "plain", {"charset": "utf-8"})
        draft = part(media, entry.encode("utf-8", "replace"), next_hop=next_hop)
    else:
        if entry.filename:
            parameters["filename"] = _percent(entry.filename)
        draft = file_part(replace(entry, filename=""), disposition="", next_hop=next_hop)
    return Draft((*draft.fields, ("Content-Disposition", Disposition("form-data", parameters))), draft.content)


def _percent(text: str) -> str:
    if text.isascii():
        return text
    from urllib.parse import quote  # few write forms, and it costs more memory than any module here

    # RFC 7578 §4.2: no RFC 2231 here; §2: what is not ASCII stands as percent-encoded UTF-8.
    return quote(text, safe=" !#$&'()*+,/:;=?@[]")
