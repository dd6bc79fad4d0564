"""The fields of a part that say what it is, each as often as it stands there.

Standards: RFC 2045 §3, RFC 2183 §2; RFC 5322 §2.2 (fields and their folding).
"""

from __future__ import annotations

import re
from itertools import islice

from scop.mime import Entity

__all__ = ["content_fields"]

# Lenient: a blank before the colon, which some readers pass over.
_FIELD = re.compile(
    rb"^content-(type|transfer-encoding|disposition)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.IGNORECASE | re.MULTILINE
)
_MAX_FIELDS = 2_000  # of them all; the parts of them that are looked at have bounds of their own


def content_fields(entity: Entity, name: bytes) -> list[bytes]:
    """Return the bodies of the fields `Content-<name>` from the top, with their folding."""
    found = islice(_FIELD.finditer(entity.header.octets), _MAX_FIELDS)
    return [match[2].rstrip(b"\r") for match in found if match[1].lower() == name]
