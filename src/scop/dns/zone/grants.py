"""What a key may write: names and types, and what nobody may write into a zone that is signed here.

Standards: RFC 2136 §3.3, RFC 3007 §3.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.dns.names import is_at_or_below, normal_name
from scop.dns.rdata import type_number

__all__ = ["EVERYTHING", "Grant"]

EVERYTHING = "*"
# Made by who signs a zone: where that is us, nobody else may write them, whatever is granted.
SIGNERS_TYPES = frozenset({"DNSKEY", "CDS", "CDNSKEY", "NSEC3PARAM"})
# Never by UPDATE: what proves has to be made for the whole zone at once.
PROOF_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3"})


@dataclass(frozen=True, slots=True)
class Grant:
    """One key may write these types at these names.

    `names` is `*` for every name, `*.x` for every name below `x`, or one name. A `*` among the types stands for all.
    """

    key_name: str
    names: str
    types: frozenset[str]

    def __post_init__(self) -> None:
        for type_ in self.types - {EVERYTHING}:
            type_number(type_)  # raises ValueError
        bare = self.names.removeprefix("*.")
        if self.names != EVERYTHING and normal_name(bare) != bare:
            raise ValueError(f"the granted name {self.names!r} is not in normal form")

    @classmethod
    def parse(cls, text: str) -> tuple[Grant, ...]:
        """Read `KEY:NAMES:TYPES`, names and types with commas between; raises `ValueError`."""
        parts = text.split(":")
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r}: say KEY:NAMES:TYPES, such as k:*._domainkey.harbor.test:TXT or k:*:*")
        types = frozenset(type_.upper() for type_ in parts[2].split(","))
        types = frozenset({EVERYTHING}) if "ANY" in types else types
        return tuple(cls(normal_name(parts[0]), _normal_pattern(name), types) for name in parts[1].split(","))

    def permits(self, owner: str, type_: str) -> bool:
        """Say whether it covers a record; compared label by label, so an escaped dot opens nothing."""
        if type_ not in self.types and EVERYTHING not in self.types:
            return False
        if self.names == EVERYTHING:
            return True
        if self.names.startswith("*."):
            apex = self.names[2:]
            return owner != apex and is_at_or_below(owner, apex)
        return owner == self.names


def _normal_pattern(name: str) -> str:
    if name == EVERYTHING:
        return name
    return f"*.{normal_name(name[2:])}" if name.startswith("*.") else normal_name(name)
