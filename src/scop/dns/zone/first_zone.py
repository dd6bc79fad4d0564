"""The first zone of a new mail domain: what the world must find so that our mail passes its checks.

It says what `scop dns plan` wants of a domain like this; the signer adds its DKIM keys later, by UPDATE.

Standards: RFC 1035 §5, RFC 2308 §4, RFC 7208, RFC 9989.
"""

from __future__ import annotations

from scop.dns.zone.wanted import TTL_SECONDS, Site, wanted_records

__all__ = ["first_zone", "first_zone_of"]

NEGATIVE_TTL_SECONDS = 10  # RFC 2308 §4: how long "not there" is remembered; a new DKIM key should not wait for it
# RFC 6781 §4.4.2: a secondary that has lost us gives up before the signatures that it holds end; any may have no
# more than a week left.
EXPIRE_SECONDS = 604_800


def first_zone(domain: str, hostname: str, address: str, *, serial: int = 1) -> str:
    """Write the master file of `domain`, whose one host sends, receives and answers for names.

    `address` is IPv4 or IPv6 in text. A `hostname` outside of `domain` gets no records here.
    """
    return first_zone_of(Site(domain, hostname, (address,)), serial=serial)


def first_zone_of(site: Site, *, serial: int = 1) -> str:
    """Write the master file of a mail domain as it is."""
    from scop.dns.zone.own_form import rdata_text

    lines = [
        f"{_relative(wanted.owner, site.domain)} IN {wanted.type} {rdata_text(rdata)}\n"
        for wanted in wanted_records(site)
        for rdata in wanted.rdatas
    ]
    return f"""\
; {site.domain}, as made by `scop init`. The cell `primary` takes it into its history, zones.git, where every later
; change is. Edited here, it is merged into that at the next start; `scop dns zone import` needs none.
$ORIGIN {site.domain}.
$TTL {TTL_SECONDS}
@ IN SOA {site.hostname}. hostmaster ( {serial} 3600 600 {EXPIRE_SECONDS} {NEGATIVE_TTL_SECONDS} )
@ IN NS {site.hostname}.
{"".join(lines)}"""


def _relative(owner: str, domain: str) -> str:
    return "@" if owner == domain else owner.removesuffix(f".{domain}")
