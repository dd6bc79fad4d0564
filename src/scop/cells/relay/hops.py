"""Which host a mail goes to next: the destination's own, or a smarthost of the configuration.

`[relay.smarthosts."example.org"]` stands for that domain, `".example.org"` for all below it, `default` for all
others; the nearest counts. Destinations that share a smarthost, its login and its TLS are one hop: they share its
connections and its troubles, and a mail for several of them goes there once.
"""

from __future__ import annotations

from collections.abc import Mapping

from scop.base import a_labels
from scop.mesh.config import Smarthost

__all__ = ["Hops"]

DEFAULT = "default"


class Hops:
    """Made from the configuration; `inside` are the destinations that no smarthost stands for."""

    def __init__(self, smarthosts: Mapping[str, Smarthost], inside: frozenset[str]) -> None:
        self._smarthosts = {a_labels(pattern): smarthost for pattern, smarthost in smarthosts.items()}
        self._inside = inside

    def is_inside(self, destination: str) -> bool:
        """Tell whether a destination is one of our own cells."""
        return destination in self._inside

    def smarthost_for(self, destination: str) -> Smarthost | None:
        """Return the smarthost for a destination, None where its own hosts are asked for."""
        if not self._smarthosts or destination in self._inside:
            return None
        exact = self._smarthosts.get(destination)
        if exact is not None:
            return exact
        _, dot, above = destination.partition(".")
        while dot and not destination.startswith("["):
            found = self._smarthosts.get(f".{above}")
            if found is not None:
                return found
            _, dot, above = above.partition(".")
        return self._smarthosts.get(DEFAULT)

    def hop_of(self, destination: str) -> str:
        """Return what the destination shares its connections with."""
        smarthost = self.smarthost_for(destination)
        if smarthost is None:
            return destination
        # One hop is one transaction: what is to go under TLS, or under a login, must not go with what needs neither.
        return f"{smarthost.login}@{smarthost.host}:{smarthost.port} {smarthost.tls}"
