"""One account as a file."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.keeper.account import Account, Argon2id, check_name
from scop.mesh.vocabulary.keeper import SendAs

PHC = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
ALICE = Account(
    name="alice", addresses=("alice@harbor.test",), verifiers=(Argon2id(PHC),), send_as=SendAs.ANY, created_unix=1.5
)


def test_keeper_account_is_read_as_it_was_written() -> None:
    """Parse ∘ to_octets is the identity."""
    assert ALICE == Account.parse(ALICE.to_octets())


def test_keeper_account_file_names_the_kind_of_each_proof() -> None:
    """Verifiers are tagged, so that other kinds can stand beside the first."""
    assert [{"type": "argon2id", "phc": PHC}] == msgspec.json.decode(ALICE.to_octets())["verifiers"]


def test_keeper_account_view_holds_no_proof() -> None:
    """What leaves the cell names the kinds of proof only."""
    assert ("argon2id",) == ALICE.view().verifiers
    assert PHC.encode() not in msgspec.json.encode(ALICE.view())


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        ALICE.to_octets().replace(b"argon2id", b"plaintext", 1),
        ALICE.to_octets().replace(b"$argon2id", b"$argon2i"),
        ALICE.to_octets().replace(b'"alice"', b'"../alice"'),
        ALICE.to_octets().replace(b'"disabled"', b'"dissabled"'),
    ],
)
def test_keeper_account_refuses_a_file_it_does_not_understand(octets: bytes) -> None:
    """An unknown kind of proof, an unknown key or a bad name is never passed over."""
    with pytest.raises(ValueError, match=r".+"):
        Account.parse(octets)


@given(st.binary(max_size=200))
def test_keeper_account_parse_raises_nothing_but_value_error(octets: bytes) -> None:
    """Whatever the file holds."""
    with pytest.raises(ValueError, match=r".+"):
        Account.parse(octets)


@pytest.mark.parametrize("name", ["a", "0", "a-b_c.d", "a" * 63])
def test_keeper_names_are_simple(name: str) -> None:
    """Lower-case letters, digits and `._-` inside, up to 63."""
    check_name(name)


@pytest.mark.parametrize("name", ["", "A", "a b", ".a", "a.", "-a", "ä", "a/b", "a\n", "a" * 64])
def test_keeper_other_names_are_refused(name: str) -> None:
    """A name has to be quoted nowhere."""
    with pytest.raises(ValueError, match="a name is"):
        check_name(name)
