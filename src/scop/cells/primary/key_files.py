"""The keys of our zones on disk: made here, kept here, never shown to anyone.

Each zone has a folder: `state.json` says which keys there are and what happens to them, `<key>.pem` is the private half
of each. A key's file is there before the state names it and goes after the state has forgotten it, so a crash between
two steps leaves a file too many and never one too few.

Standards: RFC 5958 (PKCS #8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from scop.dns.dnssec.keys import SigningKey
from scop.dns.zone.rollover import KeyState
from scop.dns.zone.signing_keys import KeyRecord
from scop.mesh.state_file import read_state_file, write_state_file
from scop.mesh.whole_file import write_whole

__all__ = ["KEYS_FOLDER", "KeyFolder", "check_keys", "key_folder", "known_origins", "read_state"]

KEYS_FOLDER = "keys"
_STATE = "state.json"
_SUFFIX = ".pem"
_ROOT = "root"  # the folder of the root zone, whose own name is empty


def key_folder(state: Path, origin: str) -> Path:
    """Return where a zone's keys lie in the primary's state folder."""
    return state / KEYS_FOLDER / (origin or _ROOT).replace("/", "%2f")


def known_origins(state: Path) -> tuple[str, ...]:
    """Return the zones that have keys in the primary's state folder, sorted."""
    folders = (path.parent.name for path in (state / KEYS_FOLDER).glob(f"*/{_STATE}"))
    return tuple(sorted("" if name == _ROOT else name.replace("%2f", "/") for name in folders))


def read_state(folder: Path) -> KeyState | None:
    """Return what happens to the keys of a zone; None where it has none. Raises `ValueError` that names the file."""
    return read_state_file(folder / _STATE, KeyState, "keys")


def check_keys(state: Path, origins: Iterable[str]) -> None:
    """Read the keys of zones before anything is done with them; raises `ValueError` that names the file."""
    for origin in origins:
        KeyFolder(key_folder(state, origin)).load()


class KeyFolder:
    """The keys of one zone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> tuple[KeyState, dict[str, SigningKey]] | None:
        """Return the state and every private key by name; None where there is none. Raises `ValueError`."""
        state = read_state(self._folder)
        if state is None:
            return None
        return state, {key.name: self._private(key) for key in state.keys}

    def keep(self, state: KeyState, private: Mapping[str, SigningKey]) -> None:
        """Make a state and its keys durable, then forget the keys that it does not name; blocks, raises `OSError`."""
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        names = [key.name for key in state.keys]
        for name in names:
            # What a crash left under the same name is another key.
            if not self._has(name, pem := private[name].to_pem()):
                write_whole(self._path(name), pem)
        write_state_file(self._folder / _STATE, state)
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name.removesuffix(_SUFFIX) not in names:
                path.unlink()

    def _has(self, name: str, pem: bytes) -> bool:
        try:
            return self._path(name).read_bytes() == pem
        except FileNotFoundError:
            return False

    def _private(self, key: KeyRecord) -> SigningKey:
        path = self._path(key.name)
        try:
            found = SigningKey.from_pem(path.read_bytes(), flags=key.role.flags)
        except FileNotFoundError:
            raise ValueError(f"{path} is missing: without it the zone cannot be signed") from None
        except (ValueError, TypeError) as error:  # TypeError: a key with a password
            raise ValueError(f"{path} holds no key of DNSSEC: {error}") from None
        if found.dnskey != key.dnskey:
            raise ValueError(f"{path} is another key than {self._folder / _STATE} says: the zone would be bogus")
        return found

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"
