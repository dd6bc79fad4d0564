"""The first zone of a new mail domain: what the world must find so that our mail passes its checks.

The signer adds its DKIM keys later, by UPDATE.

Standards: RFC 1035 §5, RFC 2308 §4, RFC 7208, RFC 9989.
"""

from __future__ import annotations

__all__ = ["first_zone"]

TTL_SECONDS = 300  # a zone that is still being set up wants changes to be seen soon
NEGATIVE_TTL_SECONDS = 10  # RFC 2308 §4: how long "not there" is remembered; a new DKIM key should not wait for it


def first_zone(domain: str, hostname: str, address: str, *, serial: int = 1) -> str:
    """Write the master file of `domain`, whose one host sends, receives and answers for names.

    `address` is IPv4 or IPv6 in text. A `hostname` outside of `domain` gets no records here.
    """
    host_lines = _host_lines(hostname, address) if f".{hostname}.".lower().endswith(f".{domain}.".lower()) else ""
    return f"""\
; {domain}, as made by `scop init`. The cell `primary` writes this file anew at each update.
$ORIGIN {domain}.
$TTL {TTL_SECONDS}
@ IN SOA {hostname}. hostmaster ( {serial} 3600 600 1209600 {NEGATIVE_TTL_SECONDS} )
@ IN NS {hostname}.
@ IN MX 10 {hostname}.
@ IN TXT "{_spf(address)}"
_dmarc IN TXT "v=DMARC1; p=reject"
{host_lines}"""


def _host_lines(hostname: str, address: str) -> str:
    # RFC 7208 §2.3: bounces have no reverse-path, so the HELO name needs an SPF record of its own
    return f'{hostname}. IN {_address_type(address)} {address}\n{hostname}. IN TXT "{_spf(address)}"\n'


def _spf(address: str) -> str:
    mechanism = "ip6" if ":" in address else "ip4"
    return f"v=spf1 {mechanism}:{address} -all"


def _address_type(address: str) -> str:
    return "AAAA" if ":" in address else "A"
