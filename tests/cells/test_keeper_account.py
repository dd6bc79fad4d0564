"""One account as a file."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.keeper.account import Account, Argon2id, ScramSha256, check_name
from scop.mesh.vocabulary.keeper import AppPassword, SendAs

PHC = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
ALICE = Account(
    name="alice", addresses=("alice@harbor.test",), verifiers=(Argon2id(PHC),), send_as=SendAs.ANY, created_unix=1.5
)

PHONE = ScramSha256(b"salt", 4096, b"s" * 32, b"k" * 32, "phone", 2.5)
FULL = msgspec.structs.replace(ALICE, verifiers=(*ALICE.verifiers, PHONE), forwards=("a@b.test",), keeps_copy=False)


@pytest.mark.parametrize("account", [ALICE, FULL])
def test_keeper_account_is_read_as_it_was_written(account: Account) -> None:
    """Parse ∘ to_octets is the identity."""
    assert account == Account.parse(account.to_octets())


def test_keeper_account_of_an_older_release_is_read() -> None:
    """What older files do not say has its default: all mail is kept, none forwarded."""
    old = b"""{
  "name": "alice",
  "addresses": ["alice@harbor.test"],
  "verifiers": [{"type": "argon2id", "phc": "%s"}],
  "send_as": "any",
  "disabled": false,
  "created_unix": 1.5
}""" % PHC.encode()
    assert ALICE == Account.parse(old)


def test_keeper_account_file_names_the_kind_of_each_proof() -> None:
    """Verifiers are tagged, so that other kinds can stand beside the first."""
    assert [{"type": "argon2id", "phc": PHC}] == msgspec.json.decode(ALICE.to_octets())["verifiers"]


def test_keeper_account_view_holds_no_proof() -> None:
    """What leaves the cell names the kinds of proof only."""
    assert ("argon2id",) == ALICE.view().verifiers
    assert PHC.encode() not in msgspec.json.encode(ALICE.view())
    view = FULL.view()
    assert (("argon2id",), (AppPassword("phone", 2.5),)) == (view.verifiers, view.app_passwords)
    assert (("a@b.test",), False) == (view.forwards, view.keeps_copy)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        ALICE.to_octets().replace(b"argon2id", b"plaintext", 1),
        ALICE.to_octets().replace(b"$argon2id", b"$argon2i"),
        ALICE.to_octets().replace(b'"alice"', b'"../alice"'),
        ALICE.to_octets().replace(b'"disabled"', b'"dissabled"'),
        ALICE.to_octets().replace(b'"keeps_copy": true', b'"keeps_copy": false'),
        FULL.to_octets().replace(b"4096", b"1"),
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
