"""What a zone and its parent say to one another about keys: CDS and CDNSKEY from below, DS from above.

Standards: RFC 4034 §5, RFC 7344 §3 and §4, RFC 8078 §4 (the wish to be unsigned), RFC 9615 §2 (why digest 2).
"""

from __future__ import annotations

from collections.abc import Iterable

from scop.dns.dnssec.digests import cds_of, ds_of, names_key
from scop.dns.names import normal_name
from scop.dns.rdata import CDNSKEY, CDS, DNSKEY, DS
from scop.dns.rrset import RRset
from scop.dns.zone.signing_keys import KeyRecord

__all__ = ["dnskey_line", "ds_line", "named_keys", "wishes"]

_NO_DS = CDS(0, 0, 0, b"\0")  # RFC 8078 §4, erratum 5049: one octet of digest
_NO_KEY = CDNSKEY(0, 3, 0, b"\0")


def wishes(origin: str, ttl_seconds: int, wanted: Iterable[DNSKEY], *, is_ending: bool) -> tuple[RRset, ...]:
    """Return the CDS and CDNSKEY RRsets by which a zone tells its parent which keys to vouch for; none if no wish."""
    keys = tuple(wanted)
    digests: tuple[CDS, ...] = (_NO_DS,) if is_ending else tuple(cds_of(origin, key) for key in keys)
    if not digests:
        return ()
    # RFC 7344 §4: both are written, and they name the same keys
    shown = tuple(CDNSKEY(key.flags, key.protocol, key.algorithm, key.key) for key in keys)
    return (
        RRset(origin, "CDNSKEY", ttl_seconds, (_NO_KEY,) if is_ending else shown),
        RRset(origin, "CDS", ttl_seconds, digests),
    )


def named_keys(origin: str, seen: Iterable[DS], keys: Iterable[KeyRecord]) -> frozenset[str]:
    """Return the names of those keys that one of the parent's DS records names."""
    found = tuple(seen)
    return frozenset(key.name for key in keys if any(names_key(ds, origin, key.dnskey) for ds in found))


def ds_line(origin: str, key: DNSKEY) -> str:
    """Return the DS record as a registrar takes it, in master file form."""
    ds = ds_of(origin, key)
    return f"{_written(origin)} IN DS {ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest.hex().upper()}"


def dnskey_line(origin: str, key: DNSKEY) -> str:
    """Return the DNSKEY record in master file form: for a registrar that makes the DS itself."""
    import base64

    text = base64.b64encode(key.key).decode("ascii")
    return f"{_written(origin)} IN DNSKEY {key.flags} {key.protocol} {key.algorithm} {text}"


def _written(origin: str) -> str:
    return f"{normal_name(origin)}."
