"""What is wrong with a mail, in closed words: a defect breaks a standard, an ambiguity is read in two ways.

Standards: RFC 5322 §3.6 (fields that stand once), RFC 2045, RFC 2046 §5.1, RFC 7103 (advice on broken mail).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Ambiguity", "AmbiguityKind", "Defect", "DefectKind"]


class DefectKind(StrEnum):
    """A breach of a standard, or a limit that was met."""

    # The header and its lines
    MALFORMED_FIELD = "malformed_field"  # a line of the header that is no field
    MISSING_BLANK_LINE = "missing_blank_line"  # the header runs into the body, or there is no header
    MISSING_FIELD = "missing_field"  # RFC 5322 §3.6: a mail has a Date and a From
    EIGHT_BIT_HEADER = "eight_bit_header"  # not ASCII and not UTF-8 either
    BARE_CARRIAGE_RETURN = "bare_carriage_return"
    BARE_LINE_FEED = "bare_line_feed"  # in a mail whose other lines end with CRLF
    NUL = "nul"
    LINE_TOO_LONG = "line_too_long"  # RFC 5322 §2.1.1: more than 998 octets

    # The values of fields
    INVALID_DATE = "invalid_date"
    INVALID_ADDRESS = "invalid_address"
    INVALID_MESSAGE_ID = "invalid_message_id"
    INVALID_RECEIVED = "invalid_received"
    INVALID_RETURN_PATH = "invalid_return_path"
    INVALID_LIST_FIELD = "invalid_list_field"
    INVALID_CONTENT_TYPE = "invalid_content_type"
    INVALID_DISPOSITION = "invalid_disposition"
    INVALID_PARAMETER = "invalid_parameter"  # RFC 2231 sections with a gap, a value that does not decode
    INVALID_ENCODED_WORD = "invalid_encoded_word"

    # Contents
    UNKNOWN_ENCODING = "unknown_encoding"
    INVALID_BASE64 = "invalid_base64"
    INVALID_QUOTED_PRINTABLE = "invalid_quoted_printable"
    INVALID_UUENCODE = "invalid_uuencode"
    UNKNOWN_CHARSET = "unknown_charset"
    UNDECODABLE_TEXT = "undecodable_text"  # octets that are none of the charset that is stated

    # Structure
    MISSING_BOUNDARY = "missing_boundary"  # a multipart that names none
    MISSING_PARTS = "missing_parts"  # a multipart in which its boundary never stands
    UNCLOSED_MULTIPART = "unclosed_multipart"

    # Limits
    HEADER_TOO_LONG = "header_too_long"  # beyond Limits.header_octets
    TOO_MANY_FIELDS = "too_many_fields"
    FIELD_TOO_LONG = "field_too_long"
    TOO_MANY_PARAMETERS = "too_many_parameters"
    TOO_MANY_ADDRESSES = "too_many_addresses"
    TOO_MANY_ENCODED_WORDS = "too_many_encoded_words"
    COMMENT_TOO_DEEP = "comment_too_deep"
    TOO_DEEP = "too_deep"  # beyond Limits.depth
    TOO_MANY_PARTS = "too_many_parts"


class AmbiguityKind(StrEnum):
    """A place where two careful readers may see two different mails."""

    DUPLICATE_FIELD = "duplicate_field"  # a field that may stand once stands twice
    DUPLICATE_PARAMETER = "duplicate_parameter"
    SEVERAL_BOUNDARIES = "several_boundaries"
    MISPLACED_ENCODED_WORD = "misplaced_encoded_word"  # RFC 2047 §5 (3): in an address, a quoted string, a parameter
    ENCODED_MULTIPART = "encoded_multipart"  # RFC 2045 §6.4: some decode it first, some cut it first
    MISSING_BLANK_LINE = "missing_blank_line"
    BARE_CARRIAGE_RETURN = "bare_carriage_return"  # in the header: a line end to some
    NUL_IN_HEADER = "nul_in_header"
    DATA_AFTER_PADDING = "data_after_padding"  # base64 that goes on behind "="


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong, and the index of the octet where it begins, counted in the octets that the entity lies in."""

    kind: DefectKind
    position: int


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """What is read in two ways, and the index of the octet where it begins, counted as for a `Defect`."""

    kind: AmbiguityKind
    position: int
