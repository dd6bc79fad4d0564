"""What is wrong with a mail, in closed words: a defect breaks a standard, an ambiguity is read in two ways.

Standards: RFC 5322 §3.6 (fields that stand once), RFC 2045, RFC 2046 §5.1.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Ambiguity", "Defect"]


class Defect(StrEnum):
    """A breach of a standard that this entity shows."""

    MALFORMED_FIELD = "malformed_field"  # a line of the header that is no field
    MISSING_BLANK_LINE = "missing_blank_line"  # the header runs into the body, or there is no header
    EIGHT_BIT_HEADER = "eight_bit_header"  # not ASCII and not UTF-8 either
    TOO_MANY_FIELDS = "too_many_fields"  # beyond Limits.fields
    TOO_DEEP = "too_deep"  # beyond Limits.depth
    TOO_MANY_PARTS = "too_many_parts"  # beyond Limits.parts
    INVALID_CONTENT_TYPE = "invalid_content_type"
    UNKNOWN_ENCODING = "unknown_encoding"
    INVALID_BASE64 = "invalid_base64"
    UNKNOWN_CHARSET = "unknown_charset"
    MISSING_BOUNDARY = "missing_boundary"  # a multipart that names none
    MISSING_PARTS = "missing_parts"  # a multipart in which its boundary never stands
    UNCLOSED_MULTIPART = "unclosed_multipart"


class Ambiguity(StrEnum):
    """A place where two careful readers may see two different mails."""

    DUPLICATE_FIELD = "duplicate_field"  # a field that may stand once stands twice
    DUPLICATE_PARAMETER = "duplicate_parameter"
    ENCODED_MULTIPART = "encoded_multipart"  # RFC 2045 §6.4: some decode it first, some cut it first
    MISSING_BLANK_LINE = "missing_blank_line"
    BARE_CARRIAGE_RETURN = "bare_carriage_return"  # in the header: a line end to some
    NUL_IN_HEADER = "nul_in_header"
    DATA_AFTER_PADDING = "data_after_padding"  # base64 that goes on behind "="
