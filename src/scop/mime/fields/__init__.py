"""Typed header fields: one module per family, each with what it reads (`NAMES`), `parse_…` and `write_…`.

Standards: RFC 5322 §3.6; the families name their own.
"""

from __future__ import annotations

import datetime
from typing import TypeAlias

from scop.mime.fields.addresses import Address, Group
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.lists import ListActions, ListId
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.parameters import ContentType
from scop.mime.fields.received import Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["FieldValue"]

FieldValue: TypeAlias = (
    str  # unstructured text, Content-Transfer-Encoding, and a structured field that cannot be read as one
    | datetime.datetime
    | tuple[Address | Group, ...]
    | tuple[MessageId, ...]
    | ContentType
    | Disposition
    | Received
    | ReturnPath
    | ListId
    | ListActions
)
