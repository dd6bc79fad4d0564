"""One account, as it lies in the store: a JSON file that a person can read and compare.

An account proves who it is by any of its verifiers. Each kind of proof is a type of its own with a
tag in the file, so others (a passkey, an app password, SCRAM keys) can stand beside the first.

Standards: RFC 9106 (Argon2), in the PHC string format.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from scop.mesh.vocabulary.keeper import AccountView, SendAs

__all__ = ["Account", "Argon2id", "Verifier", "check_name"]

# Part of an address, of a file's name and of log lines: so nothing that has to be quoted in any of them.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")


class Argon2id(msgspec.Struct, frozen=True, tag="argon2id"):
    """A password, proven by its hash."""

    phc: str  # $argon2id$v=19$m=…,t=…,p=…$salt$hash

    def __post_init__(self) -> None:
        """Check that it is of the kind its tag says."""
        if not self.phc.startswith("$argon2id$"):
            raise ValueError("not an argon2id hash")


# The second kind makes this a union: `Argon2id | Passkey`.
Verifier: TypeAlias = Argon2id


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or a program that has mail here."""

    name: str
    addresses: tuple[str, ...]  # all of our own domain
    verifiers: tuple[Verifier, ...]
    send_as: SendAs = SendAs.OWN
    disabled: bool = False
    created_unix: float

    def __post_init__(self) -> None:
        """Check the name."""
        check_name(self.name)

    @classmethod
    def parse(cls, octets: bytes) -> Account:
        """Read the file; raises `ValueError`."""
        return _decode(octets)

    def to_octets(self) -> bytes:
        """Write the file, one value a line, so that a change shows as one line."""
        return msgspec.json.format(_encode(self), indent=2) + b"\n"

    def view(self) -> AccountView:
        """Return what may leave the cell: all but the proofs."""
        return AccountView(
            name=self.name,
            addresses=self.addresses,
            verifiers=tuple(str(verifier.__struct_config__.tag) for verifier in self.verifiers),
            send_as=self.send_as,
            disabled=self.disabled,
            created_unix=self.created_unix,
        )


_decode = msgspec.json.Decoder(Account).decode
_encode = msgspec.json.Encoder().encode


def check_name(name: str) -> None:
    """Raise `ValueError` where this cannot be an account's name."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name is 1 to 63 of a-z 0-9 . _ - with a letter or digit at both ends")
