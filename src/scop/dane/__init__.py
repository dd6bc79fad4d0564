"""DANE for SMTP: the domain's own signed DNS says which certificate its mail host must show.

A TLSA record beside the mail host's name names a certificate or a key. It is believed only when DNSSEC proved
it, and then TLS is no longer a wish: whoever sits in between can neither take it away nor show another
certificate. `lookup` is a generator that asks for the records; `match` holds a server's chain against them.

What this does not do: verify signatures between certificates. `match` says which certificates of a chain are
trust anchors, and a TLS library verifies the path up to them (`scop.cells.relay` shows how).

Standards: RFC 6698 (TLSA), RFC 7671 (operation), RFC 7672 (SMTP), RFC 7218 (names).
"""

from scop.dane.lookup import DaneState, TlsaFound, lookup
from scop.dane.matching import Match, match
from scop.dane.names import is_named
from scop.dane.usable import MatchingType, Selector, Usage, usable

__all__ = [
    "DaneState",
    "Match",
    "MatchingType",
    "Selector",
    "TlsaFound",
    "Usage",
    "is_named",
    "lookup",
    "match",
    "usable",
]
