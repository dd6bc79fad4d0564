"""resolver: asks the world's name servers, proves what they say, and remembers.

NAME
    resolver - caching, validating, iterative DNS for the cells of one mesh, or for everybody

DESCRIPTION
    A cell asks over its pipe; the resolver answers from memory or goes down from the root (or the
    closest zone it knows), telling each server no more of a name than it has to know. Answers are
    proved from a trust anchor down: secure ones bear AD, bogus ones are SERVFAIL with the reason
    (RFC 8914), what the parent proves to be unsigned is insecure. Hot names are asked for again before
    they run out; when no server of a zone answers, what was true of late is said, for a day, but no
    proof beyond its signatures. Signed denials answer for the names between which they stand.

    `[world] root_hints` names a file with a root of one's own (`. NS name`, `name A address`), and
    `trust_anchor` one with its DS or DNSKEY; without them the Internet's root is asked and its keys
    are believed, and names that it cannot know (test, local, onion …) are answered here. `[resolver]
    stub` names zones that are asked for at their own servers, `forward` those that other resolvers are
    asked for, `negative_trust_anchors` zones that are believed without proof.

    Alone: `scop dns resolver --listen HOST:PORT` serves everybody by UDP, TCP and TLS. `scop dns query
    NAME TYPE --trace` shows every step and why an answer is secure.

PEERS
    relay, receiver, verifier, signer, primary: DNS over TLS (RFC 7858), pipelined, in any order.
    operator: calls, to resolve a name step by step.
    The Internet's name servers: port 53, UDP and TCP.

STATE
    none; what it remembers is gone when it ends.

SECURITY
    Exposure: parses datagrams that anybody can provoke and many can forge (pure Python, `scop.dns`;
    random id, port, case and cookies, one question in flight once). Secrets: none. Worst outcome if
    taken over: it lies about names, so mail goes to wrong hosts and forged mail passes SPF and DKIM;
    it reads no mail and holds no key. Referrals of the Internet's zones cannot make it ask our own
    network. To cells it tells why an answer failed, to strangers the code only.

LIMITS
    `[resolver] cache_octets` of answers (32 MiB), an eighth of it more for denials; 2,000 different
    questions in flight, 400 queries on their way, 12 s for a question. What one question may cost in
    queries, signature checks and hashes is said in `scop.dns.resolver.limits` and
    `scop.dns.dnssec.effort`. Its trust anchors do not roll by themselves (RFC 5011): the Internet's
    come with the program.
"""
