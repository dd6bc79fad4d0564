"""Passwords: hashed and checked on few threads, in the same time whoever is asked for.

One check by Argon2id takes about 0.1 s of several processors and 64 MiB by design; the event loop must not wait
for it and a crowd of logins must not fill the memory. So at most `MAX_AT_ONCE` run, a bounded number
waits, and further ones are told to come later. A password is also held against the SCRAM verifiers of the account,
which have one salt together: one computation more, however many app passwords there are.

Standards: RFC 9106 §4 (parameters); RFC 8265 §4.2.2 (OpaqueString); NIST SP 800-63B §5.1.1.2 (length);
RFC 5802 §3 (what SCRAM keeps).
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from scop.cells.keeper.account import Argon2id, ScramSha256, Verifier
from scop.cells.keeper.salts import ScramTerms
from scop.net.faults import TemporaryFailure
from scop.smtp.sasl import ScramVerifier, opaque_string

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
        prepared = opaque_string(password)
        return await self._work(lambda: Argon2id(self._hasher.hash(prepared)))

    async def scram(self, password: str, terms: ScramTerms) -> ScramVerifier:
        """Return what SCRAM needs to know of a new password."""
        return await self._work(lambda: ScramVerifier.of(password, terms.salt, terms.iterations))

    async def find(
        self,
        password: str,
        verifiers: Iterable[Verifier],
        terms: ScramTerms,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> Verifier | None:
        """Return the verifier that the password fits; as slow where there is none.

        `still_wanted` is asked when its turn comes: False gives `TemporaryFailure`, as does a long queue.
        """
        known = tuple(verifiers)
        hashes = tuple(one for one in known if isinstance(one, Argon2id)) or (self._nobody,)
        if not _is_bounded(password):
            return None
        prepared = opaque_string(password)

        def work() -> Verifier | None:
            fitting = [one for one in hashes if self._fits(one, prepared)]
            generated = _find_scram(password, known, terms)  # always: the time tells nothing
            return fitting[0] if fitting else generated

        return await self._work(work, still_wanted)

    async def find_scram(
        self, password: str, verifiers: Iterable[ScramSha256], terms: ScramTerms
    ) -> ScramSha256 | None:
        """Return the SCRAM verifier that the password fits, at a small part of the cost of `find`."""
        known = tuple(verifiers)
        if not _is_bounded(password):
            return None
        return await self._work(lambda: _find_scram(password, known, terms))

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=True)

    def _fits(self, verifier: Argon2id, prepared: bytes) -> bool:
        try:
            return self._hasher.verify(verifier.phc, prepared)
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
    if not _is_bounded(password):
        raise ValueError(f"a password has at most {MAX_PASSWORD_OCTETS} octets")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise ValueError("a password holds no control characters")


def _is_bounded(password: str) -> bool:
    return len(password.encode("utf-8", "surrogatepass")) <= MAX_PASSWORD_OCTETS


def _find_scram(password: str, verifiers: Iterable[Verifier], terms: ScramTerms) -> ScramSha256 | None:
    computed = ScramVerifier.of(password, terms.salt, terms.iterations)
    found = [
        one
        for one in verifiers
        if isinstance(one, ScramSha256) and hmac.compare_digest(one.stored_key, computed.stored_key)
    ]
    return found[0] if found else None


def _unmatchable(cost: Argon2Cost) -> Argon2id:
    """Return a hash of the same cost that no password has: what an unknown login is checked against."""
    salt, digest = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return Argon2id(f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}")
