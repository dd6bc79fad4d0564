"""Passwords: hashed and checked by Argon2id, on few threads, in the same time whoever is asked for.

One check takes about 0.1 s of several processors and 64 MiB by design; the event loop must not wait
for it and a crowd of logins must not fill the memory. So at most `MAX_AT_ONCE` run, a bounded number
waits, and further ones are told to come later.

Standards: RFC 9106 §4 (parameters); RFC 8265 §4.2.2 (OpaqueString); NIST SP 800-63B §5.1.1.2 (length).
"""

from __future__ import annotations

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from scop.cells.keeper.account import Argon2id, Verifier
from scop.net.faults import TemporaryFailure

__all__ = ["RFC_9106_LOW_MEMORY", "Argon2Cost", "Passwords", "check_new_password"]

MAX_AT_ONCE = 2
MAX_WAITING = 64  # about 4 s of work: who comes later would not wait for it anyway
MIN_PASSWORD_CHARACTERS = 8  # NIST SP 800-63B §5.1.1.2
MAX_PASSWORD_OCTETS = 1024  # longer ones only cost; no person types them

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """How much work a guess costs."""

    passes: int
    memory_kib: int
    lanes: int


RFC_9106_LOW_MEMORY = Argon2Cost(passes=3, memory_kib=65_536, lanes=4)  # RFC 9106 §4, the second option


class Passwords:
    """Hashes and checks passwords; used on one event loop."""

    def __init__(self, cost: Argon2Cost) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
        )
        self._nobody = _unmatchable(cost)
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="argon2")
        self._turn = asyncio.Semaphore(MAX_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> Argon2id:
        """Return a verifier for a new password."""
        prepared = _prepared(password)
        return await self._work(lambda: Argon2id(self._hasher.hash(prepared)))

    async def check(
        self, password: str, verifiers: Iterable[Verifier], still_wanted: Callable[[], bool] = lambda: True
    ) -> bool:
        """Say whether the password fits one of the verifiers; as slow where there is none.

        `still_wanted` is asked when its turn comes: False gives `TemporaryFailure`, as does a long queue.
        """
        hashes = tuple(verifier.phc for verifier in verifiers) or (self._nobody,)
        if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_OCTETS:
            return False
        prepared = _prepared(password)
        return await self._work(lambda: any(self._fits(phc, prepared) for phc in hashes), still_wanted)

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=True)

    def _fits(self, phc: str, prepared: bytes) -> bool:
        try:
            return self._hasher.verify(phc, prepared)
        except (VerificationError, InvalidHashError):
            return False

    async def _work(self, work: Callable[[], _Result], still_wanted: Callable[[], bool] = lambda: True) -> _Result:
        if self._waiting >= MAX_WAITING:
            raise TemporaryFailure(f"{MAX_WAITING} password checks wait already")
        self._waiting += 1
        try:
            async with self._turn:
                if not still_wanted():
                    raise TemporaryFailure("too many wrong guesses")
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def check_new_password(password: str) -> None:
    """Raise `ValueError` where nobody should use this as a password."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(f"a password has at least {MIN_PASSWORD_CHARACTERS} characters")
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_OCTETS:
        raise ValueError(f"a password has at most {MAX_PASSWORD_OCTETS} octets")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise ValueError("a password holds no control characters")


def _prepared(password: str) -> bytes:
    # RFC 8265 §4.2.2: other spaces become U+0020, then NFC, so that every keyboard gives the same octets.
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced).encode("utf-8", "surrogatepass")


def _unmatchable(cost: Argon2Cost) -> str:
    """Return a hash of the same cost that no password has: what an unknown login is checked against."""
    salt, digest = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"
