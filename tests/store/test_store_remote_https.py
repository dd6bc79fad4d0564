"""The remote of a store over HTTPS, git's own server behind it: both sides prove themselves, or nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.git_remote import bare_repository, edit, git
from fakes.git_web import BACKEND, git_over_https
from fakes.private_ca import authority
from scop.store import Diverged, Remote, Store, StoreError

WHO = {"author": "tester", "message": "m"}
LOGIN = ("ada", "token")

pytestmark = pytest.mark.skipif(not BACKEND.exists(), reason="SKIPPED ALOUD: this git came without http-backend")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return an empty repository of somebody else."""
    return bare_repository(tmp_path / "remote.git")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store with one file."""
    store = Store(tmp_path / "store.git")
    store.put("a", b"1", **WHO)
    return store


@pytest.fixture
def remote(bare: Path, tmp_path: Path) -> Iterator[Remote]:
    """Return the remote as who knows its authority and has its token."""
    authorities = tmp_path / "remote.ca"
    authorities.write_text(authority().pem)
    with git_over_https(tmp_path, authority().leaf("localhost"), login=":".join(LOGIN)) as port:
        yield Remote(f"https://localhost:{port}/{bare.name}", authorities=authorities, login=LOGIN)


def test_https_remote_is_pushed_pulled_and_never_forced(store: Store, bare: Path, remote: Remote) -> None:
    """What holds of a folder holds of a server on the network, from the empty repository on."""
    assert "" == store.pull(remote)
    store.push(remote)
    assert store.head == git(bare, "rev-parse", "main").strip()
    theirs = edit(bare, "b", "2")
    store.put("a", b"3", **WHO)
    with pytest.raises(Diverged):
        store.push(remote)
    assert theirs == store.pull(remote)
    store.join(theirs, ("a",), author="tester", message="Join")
    store.push(remote)
    assert ("3", "2") == (git(bare, "show", "main:a"), git(bare, "show", "main:b"))


def test_https_remote_lets_in_who_has_the_token(store: Store, remote: Remote) -> None:
    """Without a login, or with another one, it says so and does not ask for ever."""
    with pytest.raises(StoreError, match="no key or token is configured"):
        store.pull(replace(remote, login=None))
    with pytest.raises(StoreError, match="refuses what we prove ourselves with"):
        store.push(replace(remote, login=("ada", "another")))
    assert "" == store.pull(remote)


@pytest.mark.parametrize("whose", ["of another authority", "for another name", "of the past"])
def test_https_remote_is_believed_for_its_certificate(
    store: Store, bare: Path, tmp_path: Path, remote: Remote, whose: str
) -> None:
    """A certificate that no authority of ours vouches for gets neither our token nor our zones."""
    leaf = {
        "of another authority": authority("a stranger").leaf("localhost"),
        "for another name": authority().leaf("elsewhere.test"),
        "of the past": authority().leaf("localhost", expired=True),
    }[whose]
    with git_over_https(tmp_path, leaf) as port, pytest.raises(StoreError, match="certificate"):
        store.push(replace(remote, url=f"https://localhost:{port}/{bare.name}"))
    assert "" == git(bare, "for-each-ref")
    store.push(remote)


def test_https_remote_without_authorities_is_believed_by_nobody(store: Store, remote: Remote) -> None:
    """Nobody is believed for want of a file, not even whom an earlier remote believed; what is missing is named."""
    store.push(remote)
    with pytest.raises(StoreError, match=r"remote\.ca"):
        store.push(replace(remote, authorities=None))
