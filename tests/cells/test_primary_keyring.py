"""The keys of a configuration and their rights, as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.primary.keyring import Keyring
from scop.cells.primary.notifying import Target
from scop.dns.asking import Server
from scop.dns.tsig import TsigAlgorithm, TsigKey

ONE = TsigKey("one", b"kkkkk")
TWO = TsigKey("two.harbor.test", b"kkkkk", TsigAlgorithm.HMAC_SHA512)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Return the keys of two files."""
    (tmp_path / "a").write_text("one hmac-sha256 a2tra2s=\n")
    (tmp_path / "b").write_text("Two.Harbor.Test. hmac-sha512 a2tra2s=\n")
    return Keyring.read([tmp_path / "a", tmp_path / "b"], port=5300)


def test_keyring_rights(keyring: Keyring) -> None:
    """Keys are named in any spelling; each has what was said of it and no more."""
    rights = keyring.rights(["ONE.:*.a.test,b.test:TXT,a"], ["two.harbor.test."])
    assert ((ONE, TWO), frozenset({TWO.name}), ()) == (rights.keys, rights.transfer_keys, rights.pipe_keys)
    assert [("one", "*.a.test"), ("one", "b.test")] == [(grant.key_name, grant.names) for grant in rights.grants]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("192.0.2.1", Target(Server("192.0.2.1", 5300), ONE)),
        ("192.0.2.1:54", Target(Server("192.0.2.1", 54), ONE)),
        ("192.0.2.1@54:two.harbor.test", Target(Server("192.0.2.1", 54), TWO)),
        ("192.0.2.1:54:two.harbor.test", Target(Server("192.0.2.1", 54), TWO)),
        ("[2001:db8::1]:54:one", Target(Server("2001:db8::1", 54), ONE)),
        ("2001:db8::1", Target(Server("2001:db8::1", 5300), ONE)),
    ],
)
def test_keyring_targets(keyring: Keyring, text: str, target: Target) -> None:
    """A secondary is told under its own key, or the first that may fetch zones."""
    assert (target,) == keyring.targets([text], ["one", "two.harbor.test"])


def test_keyring_target_without_any_key(keyring: Keyring) -> None:
    """Who has no key is told without."""
    assert (Target(Server("192.0.2.1", 5300)),) == keyring.targets(["192.0.2.1"], [])


def test_keyring_secondary(keyring: Keyring) -> None:
    """A zone, its primary, and the key of both."""
    found = keyring.secondary("Lagoon.Test.=192.0.2.1@54:one")
    assert ("lagoon.test", Server("192.0.2.1", 54), ONE) == (found.origin, found.primary, found.key)


@pytest.mark.parametrize("text", ["lagoon.test", "lagoon.test=192.0.2.1", "a=192.0.2.1:none", "a=host:one"])
def test_keyring_bad_secondary(keyring: Keyring, text: str) -> None:
    """What is no zone of another is refused at the start."""
    with pytest.raises(ValueError, match=r"NAME=ADDR:KEY|no key|no address"):
        keyring.secondary(text)


def test_keyring_unknown_keys(keyring: Keyring, tmp_path: Path) -> None:
    """A right for a key that is not there is a mistake, and so are two keys of one name."""
    for allow, transfer in ((["three:*:*"], []), ([], ["three"])):
        with pytest.raises(ValueError, match="no key 'three'"):
            keyring.rights(allow, transfer)
    (tmp_path / "c").write_text("one hmac-sha256 AAAA\n")
    with pytest.raises(ValueError, match="another key of the name one"):
        Keyring.read([tmp_path / "a", tmp_path / "c"])
