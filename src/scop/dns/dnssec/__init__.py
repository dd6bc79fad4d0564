"""DNSSEC without I/O: signing RRsets, checking signatures, proofs of absence, and chains of trust.

    canonical    the order of names, and the octets that are signed
    algorithms   which algorithms and digests there are, and which count
    keys         a private key: made, loaded, saved, and what it signs
    public_keys  a DNSKEY's key, and whether a signature of it fits
    digests      a DS of a key, and whether the two belong together
    signatures   one RRset and its RRSIG: made, and judged
    nsec, nsec3  proofs that a name or type does not exist, in the words of `absence`; `proofs` has both
    effort       what checking one question may cost
    checking     whether one of a zone's keys signed an RRset
    anchors      where trust begins, as lines of a file say it
    trust        where trust begins, and what was concluded of zones
    chain        from a trust anchor down to a zone
    sentinel     names that show whether a key of the root is trusted
    validation   judges an answer, as a generator that asks

    key = SigningKey.generate()
    signature = sign(rrset, key, "example.org", Validity(inception_unix, expiration_unix))
    verify(rrset, signature, key.dnskey, now_unix) is Verdict.GOOD

    judging = Validator(Anchors({"": anchors}), clock).judge(question, known, find)   # a generator, as `find` makes

It stands on the records and on what is shared with the resolver (`scop.dns.known`, `scop.dns.asking`); the resolver and
the zone stand on it. Only `keys` and `public_keys` import `cryptography`.

Standards: RFC 4033, RFC 4034, RFC 4035, RFC 5155, RFC 6840, RFC 9364.
"""

from scop.dns.dnssec.algorithms import Algorithm, Digest
from scop.dns.dnssec.anchors import INTERNET_ANCHORS, parse_trust_anchors
from scop.dns.dnssec.digests import ds_of
from scop.dns.dnssec.effort import Effort
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.signatures import Validity, Verdict, sign, verify
from scop.dns.dnssec.trust import Anchors, Trust, anchors_of
from scop.dns.dnssec.validation import Validator

__all__ = [
    "INTERNET_ANCHORS",
    "Algorithm",
    "Anchors",
    "Digest",
    "Effort",
    "SigningKey",
    "Trust",
    "Validator",
    "Validity",
    "Verdict",
    "anchors_of",
    "ds_of",
    "parse_trust_anchors",
    "sign",
    "verify",
]
