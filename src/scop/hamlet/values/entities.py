"""The tree of a mail drawn: leaves of every kind, multiparts within one another, mails within mails.

Standards: RFC 2045 §6, RFC 2046 §5, RFC 2387 (related), RFC 6522 (report), RFC 1847 (signed), RFC 7578 (form-data),
RFC 6532 §3.7 (message/global).
"""

from __future__ import annotations

from collections.abc import Callable

from scop.hamlet.draw import Draw, spread
from scop.hamlet.values.boundaries import draw_boundary
from scop.hamlet.values.contents import draw_block
from scop.hamlet.values.headers import draw_header, in_any_case
from scop.hamlet.values.leaves import (
    draw_external_body,
    draw_file,
    draw_notification,
    draw_partial,
    draw_status,
    draw_text_leaf,
)
from scop.hamlet.values.parameters import draw_parameters, media
from scop.hamlet.values.surroundings import Surroundings
from scop.hamlet.values.texts import draw_word
from scop.mime.values import EntityValues, NamedValue

__all__ = ["draw_mail"]

MAX_DEPTH = 6
_TOP_KINDS = spread((10, "text"), (10, "multipart"), (1, "file"), (1, "message"), (1, "other"))
_PART_KINDS = spread((12, "text"), (5, "multipart"), (8, "file"), (2, "message"), (2, "other"))
_LEAF_KINDS = spread((12, "text"), (8, "file"), (1, "other"))
_SUBTYPES = spread(
    *((8, "mixed"), (6, "alternative"), (3, "related"), (2, "digest"), (2, "signed"), (2, "report"), (2, "form-data")),
    *((1, "parallel"), (1, "x-nonesuch")),
)
_COUNTS = spread((2, 1), (8, 2), (4, 3), (1, 5))
_OTHER_LEAVES = (draw_status, draw_partial, draw_external_body, draw_notification)
_IDENTITIES = ("7bit", "8bit", "binary", "binary")
_GLOBAL_ENCODINGS = ("", "8bit", "base64", "base64", "quoted-printable")


def draw_mail(draw: Draw, around: Surroundings) -> EntityValues:
    """Return a whole mail."""
    entity = _draw_entity(draw, around, _TOP_KINDS)
    if draw.below(200) == 0:  # nothing that RFC 5322 §3.6 asks for
        header: list[NamedValue] = []
    else:
        header = draw_header(draw, around)
    fields = in_any_case(draw, [*header, *entity.fields])
    return EntityValues(tuple(fields), entity.content, entity.preamble, entity.epilogue)


def _draw_entity(draw: Draw, around: Surroundings, kinds: tuple[str, ...]) -> EntityValues:
    """Return an entity with the fields that describe its content."""
    match draw.choice(kinds if around.depth < MAX_DEPTH else _LEAF_KINDS):
        case "text":
            return draw_text_leaf(draw, around)
        case "file":
            return draw_file(draw, around)
        case "multipart":
            return _draw_multipart(draw, around)
        case "message":
            return _draw_enclosed(draw, around)
    return draw.choice(_OTHER_LEAVES)(draw, around)


def _draw_part(draw: Draw, around: Surroundings) -> EntityValues:
    if draw.below(40) == 0:  # RFC 2046 §5.1: a part may have no header and nothing below it
        return EntityValues()
    part = _draw_entity(draw, around, _PART_KINDS)
    return EntityValues(tuple(in_any_case(draw, part.fields)), part.content, part.preamble, part.epilogue)


def _draw_multipart(draw: Draw, around: Surroundings) -> EntityValues:
    boundary = draw_boundary(draw, around.boundaries)
    subtype = draw.choice(_SUBTYPES)
    known, drawer = _MULTIPARTS.get(subtype, ({}, _draw_any_parts))
    parts = drawer(draw, around.within(boundary))
    fields: list[NamedValue] = [
        ("Content-Type", media("multipart", subtype, draw_parameters(draw, {**known, "boundary": boundary})))
    ]
    if draw.below(4) == 0:  # RFC 2045 §6.4: only one that changes nothing
        fields.append(("Content-Transfer-Encoding", draw.choice(_IDENTITIES)))
    preamble = draw_block(draw, around, own=boundary) if draw.below(4) == 0 else b""
    epilogue = draw_block(draw, around) if draw.below(6) == 0 else b""
    if epilogue and draw.below(6) == 0:  # RFC 2046 §5.1: behind the close delimiter there are no parts
        epilogue += f"{around.line_end}--{boundary}{around.line_end}".encode()
    return EntityValues(tuple(fields), parts, preamble, epilogue)


def _draw_any_parts(draw: Draw, around: Surroundings) -> tuple[EntityValues, ...]:
    return tuple([_draw_part(draw, around) for _ in range(draw.choice(_COUNTS))])


def _draw_digest(draw: Draw, around: Surroundings) -> tuple[EntityValues, ...]:
    """RFC 2046 §5.1.5: what states no type is a message/rfc822."""
    return tuple(
        [
            _draw_enclosed(draw, around)
            if draw.below(3) == 0
            else EntityValues((), (draw_mail(draw, around.within()),))
            for _ in range(draw.choice(_COUNTS))
        ]
    )


def _draw_signed(draw: Draw, around: Surroundings) -> tuple[EntityValues, ...]:
    """RFC 1847 §2.1: what is signed, and its signature."""
    return _draw_part(draw, around), draw_file(draw, around, subtype="pgp-signature")


def _draw_report(draw: Draw, around: Surroundings) -> tuple[EntityValues, ...]:
    """RFC 6522 §3: a text for people, one for machines, and the mail or its header."""
    status = draw_status(draw, around) if draw.below(2) else draw_notification(draw, around)
    returned = _draw_enclosed(draw, around) if draw.below(2) else draw_text_leaf(draw, around, subtype="rfc822-headers")
    return draw_text_leaf(draw, around), status, returned


def _draw_form(draw: Draw, around: Surroundings) -> tuple[EntityValues, ...]:
    return tuple([draw_file(draw, around, form_name=draw_word(draw)) for _ in range(draw.choice(_COUNTS))])


def _draw_enclosed(draw: Draw, around: Surroundings) -> EntityValues:
    """Return a mail within a mail; message/global may be encoded (RFC 6532 §3.7), message/rfc822 not."""
    subtype, encoding = "rfc822", draw.choice(("", "", *_IDENTITIES))
    if draw.below(3) == 0:
        subtype, encoding = "global", draw.choice(_GLOBAL_ENCODINGS)
    fields: list[NamedValue] = [("Content-Type", media("message", subtype, {}))]
    if encoding:
        fields.append(("Content-Transfer-Encoding", encoding))
    return EntityValues(tuple(fields), (draw_mail(draw, around.within()),))


_MULTIPARTS: dict[str, tuple[dict[str, str], Callable[[Draw, Surroundings], tuple[EntityValues, ...]]]] = {
    "related": ({"type": "text/html", "start": "<a@b.test>"}, _draw_any_parts),
    "digest": ({}, _draw_digest),
    "signed": ({"protocol": "application/pgp-signature", "micalg": "pgp-sha256"}, _draw_signed),
    "report": ({"report-type": "delivery-status"}, _draw_report),
    "form-data": ({}, _draw_form),
}
