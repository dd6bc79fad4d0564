"""The keys of a configuration, and what each may do, as `scop.toml` and the command line write it.

Standards: none; the forms are `KEY:NAMES:TYPES`, `ADDR[:KEY]` and `NAME=ADDR:KEY`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scop.cells.primary.name_server import Rights
from scop.cells.primary.notifying import Target
from scop.cells.primary.secondary import SecondaryZone
from scop.dns.asking import Server
from scop.dns.names import normal_name
from scop.dns.tsig_keys import TsigKey, read_key_lines
from scop.dns.zone.grants import Grant
from scop.mesh.config.resolver import server_place

__all__ = ["KEYS_FILE", "Keyring"]

KEYS_FILE = "tsig.keys"  # in the cell's state folder: keys beside the one that it shares with the signer
DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that there are, by name. Every method raises `ValueError` that says what is wrong where."""

    by_name: dict[str, TsigKey]
    port: int = DNS_PORT  # of a server that is named without one

    @classmethod
    def read(cls, files: Iterable[Path], port: int = DNS_PORT) -> Keyring:
        """Read key files; raises `OSError` too."""
        by_name: dict[str, TsigKey] = {}
        for file in files:
            try:
                keys = read_key_lines(file.read_text(encoding="utf-8"))
            except ValueError as fault:
                raise ValueError(f"{file}: {fault}") from None
            for key in keys:
                if by_name.setdefault(key.name, key) != key:
                    raise ValueError(f"{file}: there is another key of the name {key.name}")
        return cls(by_name, port)

    def rights(self, allow_update: Iterable[str], transfer_keys: Iterable[str]) -> Rights:
        """Return who may write what, and who may fetch zones."""
        grants = tuple(grant for text in allow_update for grant in self._grants(text))
        may_transfer = frozenset(self.named(name, "transfer key").name for name in transfer_keys)
        return Rights(tuple(self.by_name.values()), grants, transfer_keys=may_transfer)

    def targets(self, texts: Iterable[str], transfer_keys: Iterable[str]) -> tuple[Target, ...]:
        """Return whom to tell of new versions; without a key of its own by the first of the transfer keys."""
        usual = next(iter(transfer_keys), None)
        return tuple(self._target(text, usual) for text in texts)

    def secondary(self, text: str) -> SecondaryZone:
        """Return a zone that another server keeps."""
        origin, equals, rest = text.partition("=")
        place, colon, name = rest.rpartition(":")
        if not equals or not colon or not place or name.isdecimal():  # a port, and the key left out
            raise ValueError(f"secondary {text!r} is not of the form NAME=ADDR:KEY: zones are fetched under a key only")
        return SecondaryZone(normal_name(origin), self._server(place), self.named(name, f"secondary {text}"))

    def named(self, name: str, place: str) -> TsigKey:
        """Return a key by its name."""
        key = self.by_name.get(normal_name(name))
        if key is None:
            raise ValueError(f"{place}: there is no key {name!r}")
        return key

    def _grants(self, text: str) -> tuple[Grant, ...]:
        grants = Grant.parse(text)
        for grant in grants:
            self.named(grant.key_name, f"allow update {text}")
        return grants

    def _target(self, text: str, usual: str | None) -> Target:
        place, _, name = text.rpartition(":")
        if place and normal_name(name) in self.by_name:
            return Target(self._server(place), self.named(name, "notify"))
        # one whom we let fetch zones holds such a key
        return Target(self._server(text), None if usual is None else self.named(usual, "transfer key"))

    def _server(self, text: str) -> Server:
        return Server(*server_place(text, self.port))
