"""How much structure one mail may make us build; the octets themselves are bounded by whoever received them."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a parse: what lies beyond them stays unread and is named in `defects`."""

    depth: int = 50  # levels of multipart and message/* below the top; mail in the wild stays below 10
    parts: int = 1_000  # entities below the top, together; mail with hundreds of attachments exists
    header_octets: int = 1 << 20  # of one entity; Postfix stops at 100 KiB
    fields: int = 2_000  # header fields of one entity
    field_octets: int = 1 << 18  # of one field: what is longer is no field that anybody reads
    parameters: int = 200  # of one field; RFC 2231 sections count one each
    comment_depth: int = 100  # comments within comments (RFC 5322 §3.2.2)
    encoded_words: int = 5_000  # of one field; 5,000 hold a quarter of a megabyte of text
    addresses: int = 10_000  # of one field; more than any envelope holds

    def __post_init__(self) -> None:
        for limit in fields(self):
            if getattr(self, limit.name) < 0:
                raise ValueError(f"{limit.name} is negative")


DEFAULT_LIMITS = Limits()
