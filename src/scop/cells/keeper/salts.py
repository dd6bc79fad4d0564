"""Which salt and how much work SCRAM tells a client of a login, before it knows whether there is such a login.

Both are the same for every question and for all verifiers of one account: the salt is a keyed hash of the login, so
that an unknown login has one as stable and as random as a known one. What this does not hide: two addresses of one
account have one salt.

Standards: RFC 5802 §5.1 (s, i), §9; RFC 7677 §4 (at least 4096 iterations).
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from scop.cells.keeper.directory import Directory
from scop.mesh.whole_file import write_whole

__all__ = ["ITERATIONS", "Salts", "ScramTerms", "load_or_make_key"]

ITERATIONS = 65_536  # 16 ms for who logs in; far above RFC 7677 §4, for the passwords that people choose
SALT_OCTETS = 16
KEY_OCTETS = 32
KEY_FILE = "scram.key"


@dataclass(frozen=True, slots=True)
class ScramTerms:
    """What a client is told before it proves its password."""

    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class Salts:
    """Gives every login its terms."""

    key: bytes
    iterations: int = ITERATIONS

    def terms_of(self, login: str, directory: Directory) -> ScramTerms:
        """Return the terms of a login, known or not."""
        account = directory.find_login(login)
        if account is not None and account.scram:
            # What is stored holds, also under a key and a number of iterations that were others.
            return ScramTerms(account.scram[0].salt, account.scram[0].iterations)
        name = directory.login_name(login).encode("utf-8", "surrogatepass")
        return ScramTerms(hmac.digest(self.key, name, "sha256")[:SALT_OCTETS], self.iterations)


def load_or_make_key(state: Path) -> bytes:
    """Return the key of all salts, which is made at the first start; raises `OSError`, `ValueError`."""
    path = state / KEY_FILE
    if not path.exists():
        write_whole(path, os.urandom(KEY_OCTETS))
    key = path.read_bytes()
    if len(key) != KEY_OCTETS:
        raise ValueError(f"{path} holds no key of {KEY_OCTETS} octets; without it a new one is made")
    return key
