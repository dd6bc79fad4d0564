"""Passwords: hashed, checked, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from scop.cells.keeper import passwords as module
from scop.cells.keeper.account import Argon2id, ScramSha256
from scop.cells.keeper.passwords import RFC_9106_LOW_MEMORY, Argon2Cost, Passwords, check_new_password
from scop.cells.keeper.salts import ScramTerms
from scop.net.faults import TemporaryFailure

CHEAP = Argon2Cost(passes=1, memory_kib=8, lanes=1)
TERMS = ScramTerms(b"salt", 4096)


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
    assert await passwords.find("open sesame", (await passwords.hash("another one"), first), TERMS)
    assert None is await passwords.find("open Sesame", (first, second), TERMS)


async def test_keeper_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    """RFC 8265 §4.2.2: composed or not, and whatever space was typed."""
    verifier = await passwords.hash("pa\u0308ss\u00a0word")
    assert await passwords.find("p\u00e4ss word", (verifier,), TERMS)


async def test_keeper_without_a_verifier_a_hash_of_the_same_cost_is_computed(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown login takes the work of a known one and never succeeds."""
    seen: list[str] = []
    fits = Passwords._fits

    def watched(self: Passwords, verifier: Argon2id, prepared: bytes) -> bool:
        seen.append(verifier.phc)
        return fits(self, verifier, prepared)

    monkeypatch.setattr(Passwords, "_fits", watched)
    assert None is await passwords.find("whatever", (), TERMS)
    assert ["$argon2id$v=19$m=8,t=1,p=1"] == [phc.rpartition("$")[0].rpartition("$")[0] for phc in seen]


async def test_keeper_a_damaged_hash_fits_nothing(passwords: Passwords) -> None:
    """It is refused like a wrong password."""
    assert None is await passwords.find("x", (Argon2id("$argon2id$nonsense"),), TERMS)


async def test_keeper_the_usual_cost_is_the_second_of_rfc_9106() -> None:
    """RFC 9106 §4: t=3, 64 MiB, p=4; written into the hash."""
    usual = Passwords(RFC_9106_LOW_MEMORY)
    assert (await usual.hash("p")).phc.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    usual.close()


async def test_keeper_refuses_to_queue_without_end(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most `MAX_WAITING` checks wait; the next is told to come later, and room comes again."""
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    checks = [passwords.find("x", (), TERMS) for _ in range(4)]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    assert [None, None, None] == outcomes[:3]
    assert isinstance(outcomes[3], TemporaryFailure)
    assert None is await passwords.find("x", (), TERMS)


async def test_keeper_a_check_no_longer_wanted_is_not_made(passwords: Passwords) -> None:
    """What is asked when the turn comes decides."""
    with pytest.raises(TemporaryFailure):
        await passwords.find("x", (), TERMS, lambda: False)


async def test_keeper_an_endless_password_is_wrong_at_once(passwords: Passwords) -> None:
    """1024 octets are hashed, 1025 are not."""
    verifier = await passwords.hash("x" * 1024)
    assert await passwords.find("x" * 1024, (verifier,), TERMS)
    assert None is await passwords.find("x" * 1025, (await passwords.hash("x" * 1025),), TERMS)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "12345678\n", "1234567\0", "ä" * 513])
def test_keeper_new_passwords_are_checked(password: str) -> None:
    """Neither too short nor too long nor untypable."""
    with pytest.raises(ValueError, match="a password"):
        check_new_password(password)


@pytest.mark.parametrize("password", ["12345678", "x" * 1024, "correct horse ⚓"])
def test_keeper_ordinary_passwords_are_fine(password: str) -> None:
    """No rule but length and control characters (NIST SP 800-63B §5.1.1.2)."""
    check_new_password(password)


async def test_keeper_a_password_is_found_among_scram_verifiers(passwords: Passwords) -> None:
    """An app password works where the client sends it too; the one that fits is named."""
    phone, laptop = [ScramSha256.of(await passwords.scram(word, TERMS), word) for word in ("phone", "laptop")]
    chosen = await passwords.hash("open sesame")
    assert laptop == await passwords.find("laptop", (chosen, phone, laptop), TERMS)
    assert chosen == await passwords.find("open sesame", (chosen, phone, laptop), TERMS)
    assert laptop == await passwords.find_scram("laptop", (phone, laptop), TERMS)
    assert None is await passwords.find_scram("open sesame", (phone, laptop), TERMS)
    assert None is await passwords.find_scram("x" * 1025, (phone, laptop), TERMS)
