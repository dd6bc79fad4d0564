"""The list as sets of nftables, so that the kernel drops what mail servers would refuse.

Standards: nft(8): sets with `flags interval, timeout`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from scop.reputation.entries import Action, Entry
from scop.reputation.subjects import Network, network_of

__all__ = ["nft_sets"]

TABLE = "inet scop"
_TYPES = {4: "ipv4_addr", 6: "ipv6_addr"}


def nft_sets(entries: Iterable[Entry], now_unix: float) -> str:
    """Return what `nft -f` loads: the table, its sets, and everything in them; loading it again replaces that.

    What lies in a network of the same set is left out, also where it lasts longer: load it again now and then.
    """
    holding = [entry for entry in entries if entry.holds(now_unix)]
    lines = [
        "# Sets only. What uses them, once:",
        "#   add chain inet scop input { type filter hook input priority -10; }",
        "#   add rule inet scop input tcp dport 25 ip saddr != @allow4 ip saddr @block4 drop",
        "#   add rule inet scop input tcp dport 25 ip6 saddr != @allow6 ip6 saddr @block6 drop",
        f"add table {TABLE}",
    ]
    for action in (Action.ALLOW, Action.BLOCK):
        for version, type_ in _TYPES.items():
            name = f"{action}{version}"
            lines.append(f"add set {TABLE} {name} {{ type {type_}; flags interval, timeout; }}")
            lines.append(f"flush set {TABLE} {name}")
            elements = _elements([entry for entry in holding if entry.action is action], version, now_unix)
            if elements:
                lines.append(f"add element {TABLE} {name} {{ {', '.join(elements)} }}")
    return "\n".join(lines) + "\n"


def _elements(entries: list[Entry], version: int, now_unix: float) -> list[str]:
    """Return the elements, none of which lies in another: an interval set takes no overlaps."""
    lasting: dict[Network, float] = {}
    for entry in entries:
        network = network_of(entry.subject)
        if network is not None and network.version == version:
            lasting[network] = math.inf if entry.until_unix is None else entry.until_unix
    kept = [network for network in lasting if not _lies_in_another(network, lasting)]
    return [_element(network, lasting[network] - now_unix) for network in kept]


def _lies_in_another(network: Network, lasting: dict[Network, float]) -> bool:
    bits, address = network.max_prefixlen, int(network.network_address)
    return any(
        type(network)((address >> (bits - prefix) << (bits - prefix), prefix)) in lasting
        for prefix in range(network.prefixlen)
    )


def _element(network: Network, seconds: float) -> str:
    text = str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
    return text if math.isinf(seconds) else f"{text} timeout {max(1, math.ceil(seconds))}s"
