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
    trust        where trust begins, and what was concluded of zones
    chain        from a trust anchor down to a zone
    sentinel     names that show whether a key of the root is trusted
    validation   judges an answer, as a generator that asks

Only `keys` and `public_keys` import `cryptography`.

Standards: RFC 4033, RFC 4034, RFC 4035, RFC 5155, RFC 6840, RFC 9364.
"""
