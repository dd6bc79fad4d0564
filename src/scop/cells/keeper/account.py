"""One account, as it lies in the store: a JSON file that a person can read and compare.

An account proves who it is by any of its verifiers. Each kind of proof is a type of its own with a
tag in the file, so others (a passkey) can stand beside these.

Standards: RFC 9106 (Argon2), in the PHC string format; RFC 5802 §5.1, RFC 7677 (what SCRAM keeps).
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from scop.base import printable
from scop.mesh.vocabulary.keeper import AccountView, AppPassword, SendAs
from scop.smtp.sasl import ScramVerifier

__all__ = ["MAX_APP_PASSWORDS", "Account", "Argon2id", "ScramSha256", "Verifier", "check_label", "check_name"]

MAX_LABEL_CHARACTERS = 64
MAX_APP_PASSWORDS = 32  # of one account: a proof is held against as many, whoever it is of

# Part of an address, of a file's name and of log lines: so nothing that has to be quoted in any of them.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")


class Argon2id(msgspec.Struct, frozen=True, tag="argon2id"):
    """A password, proven by its hash."""

    phc: str  # $argon2id$v=19$m=…,t=…,p=…$salt$hash

    def __post_init__(self) -> None:
        """Check that it is of the kind its tag says."""
        if not self.phc.startswith("$argon2id$"):
            raise ValueError("not an argon2id hash")


class ScramSha256(msgspec.Struct, frozen=True, tag="scram-sha-256"):
    """A password that can be proven without being sent: a generated one, or one whose owner chose so."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes
    label: str = ""  # of an app password; '' for the account's own password
    created_unix: float = 0.0

    def __post_init__(self) -> None:
        """Check what SCRAM would stumble over."""
        self.verifier()

    @classmethod
    def of(cls, verifier: ScramVerifier, label: str = "", created_unix: float = 0.0) -> ScramSha256:
        """Return what is stored of a verifier."""
        return cls(verifier.salt, verifier.iterations, verifier.stored_key, verifier.server_key, label, created_unix)

    def verifier(self) -> ScramVerifier:
        """Return the form that exchanges are made with."""
        return ScramVerifier(self.salt, self.iterations, self.stored_key, self.server_key)


Verifier: TypeAlias = Argon2id | ScramSha256


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or a program that has mail here."""

    name: str
    addresses: tuple[str, ...]  # all of our own domain
    verifiers: tuple[Verifier, ...]
    send_as: SendAs = SendAs.OWN
    disabled: bool = False
    created_unix: float
    forwards: tuple[str, ...] = ()
    keeps_copy: bool = True  # of what is forwarded; without forwards everything is kept

    def __post_init__(self) -> None:
        """Check the name, and that mail ends somewhere."""
        check_name(self.name)
        if not self.keeps_copy and not self.forwards:
            raise ValueError("an account that forwards nothing keeps its mail")

    @classmethod
    def parse(cls, octets: bytes) -> Account:
        """Read the file; raises `ValueError`."""
        return _decode(octets)

    def to_octets(self) -> bytes:
        """Write the file, one value a line, so that a change shows as one line."""
        return msgspec.json.format(_encode(self), indent=2) + b"\n"

    @property
    def scram(self) -> tuple[ScramSha256, ...]:
        """What SCRAM can be done with."""
        return tuple(verifier for verifier in self.verifiers if isinstance(verifier, ScramSha256))

    @property
    def app_passwords(self) -> tuple[ScramSha256, ...]:
        """The generated passwords: too long to guess."""
        return tuple(verifier for verifier in self.scram if verifier.label)

    def view(self) -> AccountView:
        """Return what may leave the cell: all but the proofs."""
        return AccountView(
            name=self.name,
            addresses=self.addresses,
            verifiers=tuple(
                str(verifier.__struct_config__.tag) for verifier in self.verifiers if verifier not in self.app_passwords
            ),
            send_as=self.send_as,
            disabled=self.disabled,
            created_unix=self.created_unix,
            app_passwords=tuple(AppPassword(each.label, each.created_unix) for each in self.app_passwords),
            forwards=self.forwards,
            keeps_copy=self.keeps_copy,
        )


_decode = msgspec.json.Decoder(Account).decode
_encode = msgspec.json.Encoder().encode


def check_name(name: str) -> None:
    """Raise `ValueError` where this cannot be an account's name."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name is 1 to 63 of a-z 0-9 . _ - with a letter or digit at both ends")


def check_label(label: str) -> None:
    """Raise `ValueError` where this cannot be the name of an app password."""
    if not label.strip() or len(label) > MAX_LABEL_CHARACTERS or printable(label) != label:
        raise ValueError(f"a label is 1 to {MAX_LABEL_CHARACTERS} printable characters, such as phone")
