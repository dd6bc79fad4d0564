"""Entities without parts drawn: texts, files, and the kinds of message/* whose content is no mail.

Standards: RFC 2046 §4, §5.2.2 (message/partial), §5.2.3 (message/external-body); RFC 3464 (delivery-status);
RFC 3676 (format=flowed); RFC 7578 (form-data); RFC 8098 (disposition-notification).
"""

from __future__ import annotations

from types import MappingProxyType

from scop.hamlet.draw import Draw, spread
from scop.hamlet.values.contents import draw_octets, draw_text_content
from scop.hamlet.values.parameters import draw_disposition, draw_filename, draw_parameters, media
from scop.hamlet.values.surroundings import Surroundings
from scop.hamlet.values.texts import draw_text, draw_word
from scop.hamlet.values.trace import draw_message_id
from scop.mime.fields.disposition import Disposition
from scop.mime.values import EntityValues, NamedValue

__all__ = ["draw_external_body", "draw_file", "draw_notification", "draw_partial", "draw_status", "draw_text_leaf"]

_TEXT_ENCODINGS = spread((5, ""), (3, "7bit"), (4, "8bit"), (6, "quoted-printable"), (5, "base64"), (1, "binary"))
_FILE_ENCODINGS = spread((10, "base64"), (2, "binary"), (2, "quoted-printable"), (1, "x-uuencode"), (1, "x-unheard-of"))
_SUBTYPES = spread((10, "plain"), (5, "html"), (1, "csv"), (1, "calendar"), (1, "x-nonesuch"))
_FILE_TYPES = (("application", "octet-stream"), ("image", "png"), ("audio", "basic"), ("video", "mp4"), ("font", "ttf"))
_STATUS_LINES = (
    *("Reporting-MTA: dns; mx.lagoon.test", "", "Final-Recipient: rfc822; bob@harbor.test", "Action: failed"),
    *("Status: 5.1.1", "Diagnostic-Code: smtp; 550 no such owl", ""),
)
_NOTIFICATION_LINES = ("Reporting-UA: pond; 1.0", "Disposition: manual-action/MDN-sent-manually; displayed", "")
_ACCESS_TYPES = ("anon-ftp", "local-file", "mail-server", "URL")


def draw_text_leaf(draw: Draw, around: Surroundings, *, subtype: str = "") -> EntityValues:
    """Return a text; one in plain ASCII may say nothing about itself."""
    encoding = draw.choice(_TEXT_ENCODINGS)
    charset, content = draw_text_content(draw, around, encoding)
    fields: list[NamedValue] = []
    if charset.codec != "ascii" or subtype or draw.below(2):
        known = {"charset": charset.label} if charset.codec != "ascii" or draw.below(4) else {}
        if draw.below(6) == 0:
            known |= {"format": "flowed"} | ({"delsp": "yes"} if draw.below(2) else {})
        parameters = draw_parameters(draw, known)
        fields.append(("Content-Type", media("text", subtype or draw.choice(_SUBTYPES), parameters)))
    if encoding:
        fields.append(("Content-Transfer-Encoding", encoding))
    if draw.below(12) == 0:
        fields.append(("Content-Description", draw_text(draw)))
    if draw.below(8) == 0:
        fields.append(("Content-Disposition", draw_disposition(draw, draw_filename(draw))))
    return EntityValues(tuple(fields), content)


def draw_file(draw: Draw, around: Surroundings, *, subtype: str = "", form_name: str = "") -> EntityValues:
    """Return octets with a name; as a field of a form where `form_name` is given."""
    encoding = draw.choice(_FILE_ENCODINGS)
    maintype, any_subtype = draw.choice(_FILE_TYPES) if not subtype else ("application", subtype)
    filename = draw_filename(draw)
    known = {"name": filename} if draw.below(2) else {}
    fields: list[NamedValue] = [
        ("Content-Type", media(maintype, any_subtype, draw_parameters(draw, known))),
        ("Content-Transfer-Encoding", encoding),
    ]
    if form_name:
        parameters = MappingProxyType({"name": form_name, "filename": filename})
        fields.append(("Content-Disposition", Disposition("form-data", parameters)))
    elif draw.below(4):
        fields.append(("Content-Disposition", draw_disposition(draw, filename)))
    if draw.below(4) == 0:
        fields.append(("Content-ID", (draw_message_id(draw, around),)))
    return EntityValues(tuple(fields), draw_octets(draw, around))


def draw_status(draw: Draw, around: Surroundings) -> EntityValues:
    """RFC 3464 §2.1: groups of fields, which are content to a reader of MIME."""
    content = around.line_end.join(_STATUS_LINES).encode()
    return _leaf("delivery-status", {}, content, "7bit" if draw.below(2) else "")


def draw_notification(draw: Draw, around: Surroundings) -> EntityValues:
    """RFC 8098 §3.1: fields, which are content to a reader of MIME."""
    content = around.line_end.join(_NOTIFICATION_LINES).encode()
    return _leaf("disposition-notification", {}, content, "7bit" if draw.below(2) else "")


def draw_partial(draw: Draw, around: Surroundings) -> EntityValues:
    """RFC 2046 §5.2.2: a fragment of a mail, which nobody can read alone."""
    _, content = draw_text_content(draw, around, "")
    total = 1 + draw.below(9)
    known = {"id": f"{draw_word(draw)}@lagoon.test", "number": str(1 + draw.below(total)), "total": str(total)}
    return _leaf("partial", draw_parameters(draw, known), content, "")


def draw_external_body(draw: Draw, around: Surroundings) -> EntityValues:
    """RFC 2046 §5.2.3: the header of a body that is elsewhere."""
    lines = ("Content-Type: image/jpeg", f"Content-ID: <{draw_word(draw)}@lagoon.test>", "", "")
    known = {"access-type": draw.choice(_ACCESS_TYPES), "name": draw_filename(draw), "site": "ftp.lagoon.test"}
    return _leaf("external-body", draw_parameters(draw, known), around.line_end.join(lines).encode(), "")


def _leaf(subtype: str, parameters: dict[str, str], content: bytes, encoding: str) -> EntityValues:
    fields: list[NamedValue] = [("Content-Type", media("message", subtype, parameters))]
    if encoding:
        fields.append(("Content-Transfer-Encoding", encoding))
    return EntityValues(tuple(fields), content)
