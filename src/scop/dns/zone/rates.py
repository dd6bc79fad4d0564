"""Response rate limiting: a server that answers whoever asks must not become a tool against who did not.

Datagrams bear any sender's address. So for each network that seems to ask, equal answers are counted, and beyond so
many a second most are dropped and some come empty with TC: who really asked comes by TCP, which no forged address can,
and a victim gets less than was sent in its name. This is the scheme of BIND, Knot and NSD; it has no standard.

What it does not do: streams are not limited, nor are networks that are known not to be forged.

Standards: none; RFC 5358 §4 and RFC 8482 §1 describe the attack.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

__all__ = ["LOOPBACK", "RateOptions", "ResponseRates", "Verdict", "truncated_reply"]

MAX_ACCOUNTS = 50_000  # some 15 MB; then the older half is forgotten, which is to the askers' good
PREFIXES_REMEMBERED = 16_384
IPV4_PREFIX_BITS, IPV6_PREFIX_BITS = 24, 56  # what one customer of a network often has, as BIND and Knot count

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Account: TypeAlias = tuple[str, bytes]

# Nobody on another machine can send from these: the kernel drops what claims to.
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_ALL = b""
_TC = 0x02  # of a header's third octet


class Verdict(StrEnum):
    """What becomes of a response."""

    SEND = "send"
    TRUNCATE = "truncate"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class RateOptions:
    """How much a network may be told.

    `per_second` equal answers, `all_per_second` of any kind (random names below a wildcard are never equal); each
    `slip`-th of those beyond is sent empty. A network that goes on is held for up to `window_seconds` after its flood.
    """

    per_second: int = 200  # NSD's default; a resolver that keeps what it is told asks once a TTL
    all_per_second: int = 1000
    slip: int = 2
    window_seconds: int = 15
    exempt: tuple[_Network, ...] = LOOPBACK


class _Balance:
    __slots__ = ("left", "refused", "second")

    def __init__(self, left: int, second: int) -> None:
        self.left = left
        self.second = second
        self.refused = 0


class ResponseRates:
    """Counts what each network is told."""

    def __init__(self, options: RateOptions = RateOptions()) -> None:
        self._options = options
        self._young: dict[_Account, _Balance] = {}
        self._old: dict[_Account, _Balance] = {}
        self._turned_at = 0
        self._network_of: Callable[[str], str] = lru_cache(PREFIXES_REMEMBERED)(self._counted_network)
        # A callable and no method: it is asked for each datagram, and so costs a tenth.
        self.is_exempt: Callable[[str], bool] = lru_cache(PREFIXES_REMEMBERED)(lambda text: not self._network_of(text))

    def judge(self, address: str, account: bytes, now_seconds: float) -> Verdict:
        """Count one response to an address, and say whether it goes out."""
        network = self._network_of(address)
        if not network:
            return Verdict.SEND
        second = int(now_seconds)
        if second - self._turned_at > self._options.window_seconds or len(self._young) >= MAX_ACCOUNTS:
            self._turn(second)
        equal = self._spend((network, account), self._options.per_second, second)
        every = self._spend((network, _ALL), self._options.all_per_second, second)
        if equal.left >= 0 and every.left >= 0:
            return Verdict.SEND
        balance = equal if equal.left < 0 else every
        balance.refused += 1
        slip = self._options.slip
        return Verdict.TRUNCATE if slip and not balance.refused % slip else Verdict.DROP

    def _spend(self, account: _Account, rate: int, second: int) -> _Balance:
        balance = self._young.get(account)
        if balance is None:
            elder = self._old.pop(account, None)
            balance = self._young[account] = _Balance(rate, second) if elder is None else elder
        if second > balance.second:
            balance.left = min(rate, balance.left + rate * (second - balance.second))
            balance.second = second
        balance.left = max(balance.left - 1, -rate * self._options.window_seconds)
        return balance

    def _turn(self, second: int) -> None:
        """Forget who was not told anything since the last turn."""
        self._old, self._young = self._young, {}
        self._turned_at = second

    def _counted_network(self, text: str) -> str:
        """Return the network that an address is counted as, '' where it is not counted."""
        address = ipaddress.ip_address(text.partition("%")[0].removeprefix("::ffff:"))
        if any(address in network for network in self._options.exempt):
            return ""
        bits = IPV4_PREFIX_BITS if address.version == 4 else IPV6_PREFIX_BITS
        return str(ipaddress.ip_network((address, bits), strict=False))


def truncated_reply(response: bytes) -> bytes:
    """Return a response without its records, marked as truncated; header and question only."""
    header = response[:2] + bytes((response[2] | _TC, response[3]))
    if not response[5]:
        return header + bytes(8)
    stop = 12
    while size := response[stop]:
        stop += size + 1
    return header + b"\0\1" + bytes(6) + response[12 : stop + 5]
