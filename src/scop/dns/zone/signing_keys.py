"""The keys of a zone: what each is for, and what all of them together do to one version of the zone.

Here are roles and public halves, which are kept beside the private keys; which key does what at which time is told by
`rollover`.

Standards: RFC 4034 §2, RFC 6781 §3.1 (one combined key, or two), RFC 7344 §4.1 (who signs CDS and CDNSKEY).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.dns.dnssec.keys import COMBINED_FLAGS, ZONE_FLAGS, SigningKey
from scop.dns.rdata import DNSKEY
from scop.dns.rdata.key import PROTOCOL

__all__ = ["KeyRecord", "KeyScheme", "Role", "SigningSet", "new_key"]

MAX_ATTEMPTS = 100  # at another key tag; by chance one of 65,536 is taken


class Role(StrEnum):
    """What a key may sign."""

    COMBINED = "csk"  # everything, and the parent's DS names it
    KEYS = "ksk"  # the keys of the zone; the parent's DS names it
    ZONE = "zsk"  # everything but the keys

    @property
    def flags(self) -> int:
        """The flags of its DNSKEY."""
        return ZONE_FLAGS if self is Role.ZONE else COMBINED_FLAGS


class KeyScheme(StrEnum):
    """Which keys a zone has; its roles, the parent's key first."""

    COMBINED = "csk"
    SPLIT = "ksk+zsk"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The role of each key."""
        return (Role.COMBINED,) if self is KeyScheme.COMBINED else (Role.KEYS, Role.ZONE)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What everybody may know of a key; `public` is its half of the DNSKEY."""

    role: Role
    algorithm: int
    public: bytes
    made_unix: int

    @property
    def dnskey(self) -> DNSKEY:
        """The record that shows it."""
        return DNSKEY(self.role.flags, PROTOCOL, self.algorithm, self.public)

    @property
    def name(self) -> str:
        """What it is called among the keys of its zone: role, algorithm and key tag."""
        return f"{self.role}-{self.algorithm:03}-{self.dnskey.key_tag:05}"


@dataclass(frozen=True, slots=True)
class SigningSet:
    """Who signs what in one version of a zone.

    `shown` are the DNSKEY records at the apex and `wanted` those that the parent shall vouch for; `is_ending` asks the
    parent to vouch for none any more (RFC 8078 §4).
    """

    shown: tuple[DNSKEY, ...]
    key_signers: tuple[SigningKey, ...]  # of DNSKEY, CDS and CDNSKEY
    zone_signers: tuple[SigningKey, ...]  # of everything else
    wanted: tuple[DNSKEY, ...] = ()
    is_ending: bool = False


def new_key(
    role: Role, algorithm: int, made_unix: int, others: tuple[KeyRecord, ...] = ()
) -> tuple[KeyRecord, SigningKey]:
    """Make a key whose tag none of the others has, so that a signature names one key only (RFC 4034 appendix B)."""
    from scop.dns.dnssec.algorithms import Algorithm

    taken = {other.dnskey.key_tag for other in others}
    for _ in range(MAX_ATTEMPTS):
        key = SigningKey.generate(Algorithm(algorithm), flags=role.flags)
        if key.key_tag not in taken:
            return KeyRecord(role, algorithm, key.dnskey.key, made_unix), key
    raise ValueError(f"{len(taken)} keys leave no key tag free")
