"""Passwords: hashed, checked, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from scop.cells.keeper import passwords as module
from scop.cells.keeper.account import Argon2id
from scop.cells.keeper.passwords import RFC_9106_LOW_MEMORY, Argon2Cost, Passwords, check_new_password
from scop.net.faults import TemporaryFailure

CHEAP = Argon2Cost(passes=1, memory_kib=8, lanes=1)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Hash at next to no cost."""
    made = Passwords(CHEAP)
    yield made
    made.close()


async def test_keeper_a_password_fits_its_own_hash_only(passwords: Passwords) -> None:
    """The right one among several verifiers is enough; each hash has a salt of its own."""
    first, second = await passwords.hash("open sesame"), await passwords.hash("open sesame")
    assert first != second
    assert await passwords.check("open sesame", (await passwords.hash("another one"), first))
    assert not await passwords.check("open Sesame", (first, second))


async def test_keeper_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    """RFC 8265 §4.2.2: composed or not, and whatever space was typed."""
    verifier = await passwords.hash("pa\u0308ss\u00a0word")
    assert await passwords.check("p\u00e4ss word", (verifier,))


async def test_keeper_without_a_verifier_a_hash_of_the_same_cost_is_computed(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown login takes the work of a known one and never succeeds."""
    seen: list[str] = []
    fits = Passwords._fits

    def watched(self: Passwords, phc: str, prepared: bytes) -> bool:
        seen.append(phc)
        return fits(self, phc, prepared)

    monkeypatch.setattr(Passwords, "_fits", watched)
    assert not await passwords.check("whatever", ())
    assert ["$argon2id$v=19$m=8,t=1,p=1"] == [phc.rpartition("$")[0].rpartition("$")[0] for phc in seen]


async def test_keeper_a_damaged_hash_fits_nothing(passwords: Passwords) -> None:
    """It is refused like a wrong password."""
    assert not await passwords.check("x", (Argon2id("$argon2id$nonsense"),))


async def test_keeper_the_usual_cost_is_the_second_of_rfc_9106() -> None:
    """RFC 9106 §4: t=3, 64 MiB, p=4; written into the hash."""
    usual = Passwords(RFC_9106_LOW_MEMORY)
    assert (await usual.hash("p")).phc.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    usual.close()


async def test_keeper_refuses_to_queue_without_end(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most `MAX_WAITING` checks wait; the next is told to come later, and room comes again."""
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    checks = [passwords.check("x", ()) for _ in range(4)]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    assert [False, False, False] == outcomes[:3]
    assert isinstance(outcomes[3], TemporaryFailure)
    assert not await passwords.check("x", ())


async def test_keeper_a_check_no_longer_wanted_is_not_made(passwords: Passwords) -> None:
    """What is asked when the turn comes decides."""
    with pytest.raises(TemporaryFailure):
        await passwords.check("x", (), lambda: False)


async def test_keeper_an_endless_password_is_wrong_at_once(passwords: Passwords) -> None:
    """1024 octets are hashed, 1025 are not."""
    verifier = await passwords.hash("x" * 1024)
    assert await passwords.check("x" * 1024, (verifier,))
    assert not await passwords.check("x" * 1025, (await passwords.hash("x" * 1025),))


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "12345678\n", "1234567\0", "ä" * 513])
def test_keeper_new_passwords_are_checked(password: str) -> None:
    """Neither too short nor too long nor untypable."""
    with pytest.raises(ValueError, match="a password"):
        check_new_password(password)


@pytest.mark.parametrize("password", ["12345678", "x" * 1024, "correct horse ⚓"])
def test_keeper_ordinary_passwords_are_fine(password: str) -> None:
    """No rule but length and control characters (NIST SP 800-63B §5.1.1.2)."""
    check_new_password(password)
