"""resolver: asks the world's name servers, and remembers.

NAME
    resolver - caching, iterative DNS for the cells of one mesh

DESCRIPTION
    A cell asks over its pipe; the resolver answers from memory or goes down from the root (or the
    closest zone it knows) by UDP, by TCP where an answer does not fit. Only authoritative answers
    count, and only what lies in the bailiwick of the zone that spoke. Absences are remembered as long
    as their SOA says, failures for a second. The same question is in flight once, whoever asks.

    `[world] root_hints` names a file with a root of one's own (`. NS name`, `name A address`), without
    it the Internet's root is asked, and names that it cannot know (test, local, onion …) are answered
    here. `[resolver] stub` names zones that are asked for at given servers.

    Alone: `await run(ResolverOptions(...))` with a `PlainInlet` serves DNS over TCP to whoever calls.

PEERS
    relay, receiver, verifier, signer: DNS over TLS (RFC 7858), pipelined, in any order.
    The Internet's name servers: port 53, UDP and TCP.

STATE
    none; what it remembers is gone when it ends.

SECURITY
    Exposure: parses datagrams that anybody can provoke and many can forge (pure Python, `scop.dns`;
    random id and port, one question in flight once). Secrets: none. Worst outcome if taken over: it
    lies about names, so mail goes to wrong hosts and forged mail passes SPF and DKIM; it reads no
    mail and holds no key. Referrals of the Internet's zones cannot make it ask our own network.

LIMITS
    No DNSSEC yet: every answer is insecure. No DNAME of its own, no query name minimisation, no EDNS
    fallback for servers that refuse it. 16 MiB of answers; 48 queries and 12 s for a question.
"""
