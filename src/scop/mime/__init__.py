"""Mail as it stands on the wire: read lazily, octet for octet kept, never refused; and written anew.

`parse(octets)` takes any octets and gives a `Message`: a tree of entities over the very same octets,
each decoded only where it is asked for; `Parser` takes them in pieces. Nothing here decides whether a mail
is good: `defects` and `ambiguities` say what is odd about it, and where. `message.values()` is what it says,
`encode(values)` writes that anew, and `compose(…)` writes a mail from what a person means.

What is less often wanted has modules of its own: `fields` (each family of fields), `edit` and `convert`
(mail changed and nothing else of it), `structures` (signed, report, form-data), `flowed`, `uuencode`.

Standards: RFC 5322, RFC 2045, RFC 2046, RFC 2047, RFC 2183, RFC 2231, RFC 6532, RFC 6854; RFC 7103 (broken mail).
"""

from scop.mime.charsets import load_charsets
from scop.mime.compose import compose, compose_chunks
from scop.mime.defects import Ambiguity, AmbiguityKind, Defect, DefectKind
from scop.mime.encode import encode
from scop.mime.entity import Entity, Message
from scop.mime.fields.addresses import Address, Group, parse_addresses
from scop.mime.fields.content_type import ContentType
from scop.mime.header import Field, Header, RawField, raw_fields, split_header
from scop.mime.limits import Limits
from scop.mime.next_hop import NextHop
from scop.mime.parser import Parser, parse
from scop.mime.parts import Attachment
from scop.mime.values import EntityValues

__all__ = [
    "Address",
    "Ambiguity",
    "AmbiguityKind",
    "Attachment",
    "ContentType",
    "Defect",
    "DefectKind",
    "Entity",
    "EntityValues",
    "Field",
    "Group",
    "Header",
    "Limits",
    "Message",
    "NextHop",
    "Parser",
    "RawField",
    "compose",
    "compose_chunks",
    "encode",
    "load_charsets",
    "parse",
    "parse_addresses",
    "raw_fields",
    "split_header",
]
