"""SPF: may this address send mail in the name of this domain?

`check_host` is a generator: it yields the DNS questions it needs, is sent their answers and returns
an `SpfResult`. It opens no socket and reads no clock; `scop.dns.run` drives it from a dict of names,
`scop.net` from a resolver.

Standards: RFC 7208 (SPF), RFC 8601 §2.7.2 (words of the result), RFC 8616 §4 (internationalized mail).
"""

from scop.spf.advice import policy_for
from scop.spf.check import check_helo, check_host, check_mail_from
from scop.spf.received import ReceivedSpf, SpfClient, SpfIdentity, parse_received_spf, received_spf
from scop.spf.record import Record, parse_record
from scop.spf.result import SpfOptions, SpfResult, SpfStep, SpfWord

__all__ = [
    "ReceivedSpf",
    "Record",
    "SpfClient",
    "SpfIdentity",
    "SpfOptions",
    "SpfResult",
    "SpfStep",
    "SpfWord",
    "check_helo",
    "check_host",
    "check_mail_from",
    "parse_received_spf",
    "parse_record",
    "policy_for",
    "received_spf",
]
