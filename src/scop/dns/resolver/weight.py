"""How many octets of memory an answer takes, as measured: what a cache is bounded by.

`tests/dns/resolver/test_cache_weight.py` holds the figures against what the interpreter takes.
"""

from __future__ import annotations

from scop.dns.known import Known

__all__ = ["weight_of"]

ENTRY_OCTETS = 500  # the answer, its key, its place in the two tables, its name
RRSET_OCTETS = 160
RDATA_OCTETS = 140


def weight_of(known: Known) -> int:
    """Return about how many octets an answer takes."""
    rrsets = (*known.rrsets, *known.authority)
    rdatas = [rdata for rrset in rrsets for rdata in (*rrset.rdatas, *rrset.signatures)]
    octets = sum(len(rdata.to_wire()) for rdata in rdatas) + sum(len(rrset.owner) for rrset in rrsets)
    return ENTRY_OCTETS + RRSET_OCTETS * len(rrsets) + RDATA_OCTETS * len(rdatas) + octets
