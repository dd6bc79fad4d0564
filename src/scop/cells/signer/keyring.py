"""The signer's keys on its disk: made here, kept here, never shown to anyone.

`state.json` says which keys there are and what happens to them, `<selector>.pem` is the private half of each that may
still seal. A key's file is there before the state names it, and goes after the state has no more need of it: a crash
between two steps leaves a file too many and never one too few.

Standards: RFC 6376 §3.1 (selectors), RFC 5958 (PKCS #8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from scop.dkim import Algorithm, SigningKey, generate_key, key_from_pem, key_to_pem, public_record
from scop.dkim.rotation import Duty, KnownKey, Rotation, adopted, begin, keys_with, next_stamp, order_of, selector_of
from scop.mesh.state_file import read_state_file, write_state_file
from scop.mesh.whole_file import write_whole

__all__ = ["KeyMaker", "Keyring", "LoadedKeys"]

KeyMaker: TypeAlias = Callable[[str, str, Algorithm], SigningKey]  # domain, selector, algorithm

_FOLDER = "keys"
_STATE = "state.json"
_SUFFIX = ".pem"
_AFRESH = "without the file the newest keys go on, as soon as they are seen"


@dataclass(frozen=True, slots=True)
class LoadedKeys:
    """What happens to the keys, their private halves by selector, and the selectors of those that were lost."""

    rotation: Rotation
    private: Mapping[str, SigningKey]
    lost: frozenset[str] = frozenset()

    @property
    def sealing(self) -> tuple[SigningKey, ...]:
        """The keys that seal now."""
        sealing = (self.private.get(key.selector) for key in keys_with(self.rotation, Duty.SEALS))
        return tuple(key for key in sealing if key is not None)


class Keyring:
    """The keys of one domain in the signer's state folder; every call blocks and raises `OSError`."""

    def __init__(self, state: Path, domain: str, make: KeyMaker = generate_key) -> None:
        self._folder = state / _FOLDER
        self._domain = domain
        self._make = make

    def load(self, now_unix: int) -> LoadedKeys:
        """Return what was kept; nothing at the first start. Raises `ValueError` that names the file which is wrong."""
        rotation = self._state()
        if rotation is None:
            return self._adopted(now_unix)
        private: dict[str, SigningKey] = {}
        for key in keys_with(rotation, Duty.KEPT):
            found = self._private(key.selector)
            if found is None:
                continue
            if public_record(found) != key.record:
                path, state = self._path(key.selector), self._folder / _STATE
                raise ValueError(f"{path} is another key than {state} says; without the file new keys are made")
            private[key.selector] = found
        lost = frozenset(key.selector for key in keys_with(rotation, Duty.KEPT)) - private.keys()
        return LoadedKeys(rotation, private, lost)

    def begin(self, loaded: LoadedKeys, now_unix: int) -> LoadedKeys:
        """Make new keys, durable when it returns; an RSA key takes a part of a second. Raises `RotationRefused`."""
        stamp = next_stamp(loaded.rotation, now_unix)
        made = [self._make(self._domain, selector_of(algorithm, stamp), algorithm) for algorithm in Algorithm]
        rotation = begin(loaded.rotation, stamp, tuple(map(_known, made)), now_unix)
        return self.keep(LoadedKeys(rotation, {**loaded.private, **{key.selector: key for key in made}}))

    def keep(self, loaded: LoadedKeys) -> LoadedKeys:
        """Make a state and its keys durable, then erase the private halves that it has no more need of."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        kept = {key.selector: loaded.private[key.selector] for key in keys_with(loaded.rotation, Duty.KEPT)}
        for selector, key in kept.items():
            path, pem = self._path(selector), key_to_pem(key)
            if not path.exists() or path.read_bytes() != pem:  # what a crash left under the same name is another key
                write_whole(path, pem)
        write_state_file(self._folder / _STATE, loaded.rotation)
        for path in self._folder.glob(f"*{_SUFFIX}*"):  # also what a power cut left on its way, under another name
            if path.name.removesuffix(_SUFFIX) not in kept:
                path.unlink()
        return LoadedKeys(loaded.rotation, kept)

    def _state(self) -> Rotation | None:
        return read_state_file(self._folder / _STATE, Rotation, "keys", remedy=_AFRESH)

    def _adopted(self, now_unix: int) -> LoadedKeys:
        """Take over keys that were made before there was a state, or whose state a crash prevented."""
        selectors = sorted((path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}")), key=order_of)
        newest = {key.algorithm: key for key in map(self._private, selectors) if key is not None}
        keys = [newest[algorithm] for algorithm in Algorithm if algorithm in newest]
        return LoadedKeys(adopted(map(_known, keys), now_unix), {key.selector: key for key in keys})

    def _private(self, selector: str) -> SigningKey | None:
        path = self._path(selector)
        try:
            return key_from_pem(self._domain, selector, path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:  # TypeError: a key with a password
            raise ValueError(f"{path} holds no DKIM key: {error}; without the file new keys are made") from error

    def _path(self, selector: str) -> Path:
        return self._folder / f"{selector}{_SUFFIX}"


def _known(key: SigningKey) -> KnownKey:
    return KnownKey(key.selector, key.algorithm, public_record(key))
