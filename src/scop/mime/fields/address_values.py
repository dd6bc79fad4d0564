"""What an address list holds: mailboxes, each in one normal form, and groups of them.

Standards: RFC 5322 §3.4; RFC 6532 §3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scop.mime.fields.domains import to_ascii, to_unicode
from scop.mime.structured import ATEXT, in_quotes, is_atom, unquote

__all__ = ["DOT_ATOM", "Address", "Group"]

DOT_ATOM = rf"[{ATEXT}]+(?:\.[{ATEXT}]+)*"
_DOT_ATOM = re.compile(DOT_ATOM)


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a field: `Address("Ada", "ada@harbor.test")`.

    `local_part` (quotes opened) and `domain` ("" where there is no "@") follow from `addr_spec`, or `addr_spec` from
    them: it is always the two written with no more quotes than needed. Where both are given, the parts count.
    """

    display_name: str = ""
    addr_spec: str = ""
    local_part: str = ""
    domain: str = ""

    def __post_init__(self) -> None:
        local_part, domain = self.local_part, self.domain
        if not local_part and not domain:
            local_part, domain = _cut_spec(self.addr_spec)
        at = f"@{domain}" if domain else ""
        object.__setattr__(self, "local_part", local_part)
        object.__setattr__(self, "domain", domain)
        object.__setattr__(self, "addr_spec", f"{_quote_local_part(local_part)}{at}" if local_part or domain else "")

    @property
    def domain_ascii(self) -> str:
        """The domain in lower case and A-labels; `ValueError` where it has none (RFC 5891)."""
        return to_ascii(self.domain)

    @property
    def domain_unicode(self) -> str:
        """The domain with its A-labels shown as U-labels where they are valid ones."""
        return to_unicode(self.domain)

    def __str__(self) -> str:
        if not self.display_name:
            return self.addr_spec
        return f"{_quote_phrase(self.display_name)} <{self.addr_spec}>"


@dataclass(frozen=True, slots=True)
class Group:
    """A named list of mailboxes, often empty ("undisclosed-recipients:;")."""

    display_name: str
    members: tuple[Address, ...] = ()


def _cut_spec(addr_spec: str) -> tuple[str, str]:
    """Cut at the last "@" that stands before the domain; a literal may hold others (RFC 5322 §3.4.1)."""
    literal = addr_spec.find("@[") if addr_spec.endswith("]") else -1
    at = literal if literal >= 0 else addr_spec.rfind("@")
    local, domain = (addr_spec[:at], addr_spec[at + 1 :]) if at >= 0 else (addr_spec, "")
    return (unquote(local) if local.startswith('"') else local), domain


def _quote_local_part(text: str) -> str:
    """Return a local part as it is written before the "@": quoted where it is no dot-atom."""
    return text if _DOT_ATOM.fullmatch(text) else in_quotes(text)


def _quote_phrase(text: str) -> str:
    """Return a display name as people see it in a field: quoted where it is not a run of plain words."""
    return text if all(map(is_atom, text.split(" "))) and "=?" not in text else in_quotes(text)
