"""Single parts as drafts: text, files, and octets of any type, with the encoding that the next hop needs.

Standards: RFC 2045 §6.4, RFC 2046 §4 and §5.2, RFC 2183, RFC 6532 §3.7 (what may be encoded), RFC 6838 §4.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scop.mime.encode import Draft, Stream
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.message_ids import MessageId
from scop.mime.fold import reject_controls
from scop.mime.next_hop import NextHop, choose_encoding, choose_text_encoding, content_domain
from scop.mime.values import NamedValue

__all__ = [
    "Attachment",
    "check_media_type",
    "check_token",
    "file_part",
    "media_of",
    "message_id_of",
    "part",
    "text_part",
]

_TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~\w-]+", re.ASCII)  # RFC 2045 §5.1
_MEDIA_TYPE = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+", re.ASCII)  # RFC 6838 §4.2
_LINE_END = re.compile(r"\r\n|\r|\n")
_MESSAGE_ID = re.compile(r"<?([^\s<>@]+)@([^\s<>@]+)>?")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail.

    `content_type` is a media type, or a `ContentType` where it has parameters. `content` may be an iterable of octets,
    which is read once, while the mail is written. Where HTML shows the file, `content_id` is what its `cid:` names.
    """

    filename: str
    content_type: str | ContentType
    content: bytes | Iterable[bytes]
    content_id: str = ""

    def __post_init__(self) -> None:
        media = self.content_type
        check_media_type(media.media_type if isinstance(media, ContentType) else media)
        for name, value in self.media.parameters.items():
            check_token(name, "parameter name")
            reject_controls(value, f"parameter {name}")
        reject_controls(self.filename, "filename")
        if self.content_id:
            message_id_of(self.content_id, "Content-ID")

    @property
    def media(self) -> ContentType:
        """The content type as it is written."""
        return self.content_type if isinstance(self.content_type, ContentType) else media_of(self.content_type)


def check_media_type(text: str) -> str:
    """Return `text`, which must be a media type of RFC 6838 §4.2, else `ValueError`."""
    if not _MEDIA_TYPE.fullmatch(text):
        raise ValueError(f"not a media type: {text!r}")
    return text


def media_of(media_type: str) -> ContentType:
    """Return `maintype/subtype` as a value."""
    maintype, _, subtype = check_media_type(media_type).lower().partition("/")
    return ContentType(maintype, subtype)


def check_token(text: str, what: str) -> str:
    """Return `text`, which must be a token of RFC 2045 §5.1, else `ValueError`."""
    if not _TOKEN.fullmatch(text):
        raise ValueError(f"not a token in {what}: {text!r}")
    return text


def message_id_of(text: str, what: str) -> MessageId:
    """Return `left@right`, with or without its angle brackets, as a value."""
    match = _MESSAGE_ID.fullmatch(reject_controls(text, what))
    if match is None or text.startswith("<") != text.endswith(">"):
        raise ValueError(f"not a message id in {what}: {text!r}")
    return MessageId(match[1], match[2])


def text_part(text: str, *, subtype: str = "plain", next_hop: NextHop = NextHop.ASCII) -> Draft:
    """Return text for people in ASCII or UTF-8, each line with its CRLF (RFC 2046 §4.1.1), the last one too."""
    octets = _LINE_END.sub("\r\n", text).encode("utf-8", "replace")
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    charset = "us-ascii" if octets.isascii() else "utf-8"
    media = ContentType("text", check_token(subtype, "subtype").lower(), {"charset": charset})
    return _leaf(media, choose_text_encoding(octets, next_hop), octets)


def part(media: str | ContentType, octets: bytes, *, next_hop: NextHop = NextHop.ASCII, description: str = "") -> Draft:
    """Return `octets` as a part that arrives unchanged; `ValueError` where the next hop cannot carry them at all."""
    if isinstance(media, str):
        media = media_of(media)
    extra: list[NamedValue] = []
    if description:
        extra.append(("Content-Description", reject_controls(description, "description")))
    return _leaf(media, _encoding(media, octets, next_hop), octets, extra)


def file_part(file: Attachment, *, disposition: str = "attachment", next_hop: NextHop = NextHop.ASCII) -> Draft:
    """Return an attachment as a part, without a Content-Disposition where that is ""; a stream becomes base64."""
    media = file.media
    if file.filename:
        # Old readers look for the name here; RFC 2183 §2.3 put it into the disposition.
        media = ContentType(media.maintype, media.subtype, {**media.parameters, "name": file.filename})
    extra: list[NamedValue] = []
    if disposition:
        extra.append(
            ("Content-Disposition", Disposition(disposition, {"filename": file.filename} if file.filename else {}))
        )
    if file.content_id:
        extra.append(("Content-ID", (message_id_of(file.content_id, "Content-ID"),)))
    if isinstance(file.content, bytes):
        return _leaf(media, _encoding(media, file.content, next_hop), file.content, extra)
    if goes_unencoded(media):  # nobody can look for delimiters in it before it is written
        raise ValueError(f"{media.media_type} must not be encoded, so it cannot be streamed")
    return _leaf(media, "base64", Stream(file.content), extra)


def _encoding(media: ContentType, octets: bytes, next_hop: NextHop) -> str:
    if goes_unencoded(media):
        domain = content_domain(octets)
        if domain not in next_hop.encodings:
            raise ValueError(f"{media.media_type} must not be encoded, and {next_hop} does not carry {domain}")
        return domain
    if media.maintype in ("text", "message"):
        return choose_encoding(octets, next_hop)
    return "binary" if next_hop is NextHop.BINARY else "base64"


def goes_unencoded(media: ContentType) -> bool:
    """Tell whether only 7bit, 8bit and binary are allowed for this type."""
    # RFC 2045 §6.4; RFC 6532 §3.7 and RFC 6533 lift it for message/global and its kin.
    return media.maintype == "multipart" or (media.maintype == "message" and not media.subtype.startswith("global"))


def _leaf(media: ContentType, encoding: str, content: bytes | Stream, extra: Sequence[NamedValue] = ()) -> Draft:
    return Draft((("Content-Type", media), ("Content-Transfer-Encoding", encoding), *extra), content)
