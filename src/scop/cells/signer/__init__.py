"""signer: seals outgoing mail with DKIM.

NAME
    signer - seal outgoing mail and publish the public keys

DESCRIPTION
    Makes an RSA-2048 and an Ed25519 key at its first start. Publishes both by a signed UPDATE at the
    primary, asks the resolver until the world can see them, and only then seals: before that every mail
    is answered by 451 and waits where it is. Each mail then gets one DKIM-Signature for each key and is
    passed on to the relay; the signer's answer is the relay's answer.

    Of what the mailbox and the relay hand over only notices are sealed (the null reverse path, no Received of
    ours): a forward is somebody else's mail, or was sealed when it left here first, and goes on as it is.

PEERS
    submission, relay, mailbox (SMTP in): accepted mail, bounces, forwards and notices. operator (call in): are
    the keys visible? primary (UPDATE over DoT), resolver (DoT), relay (SMTP out).

STATE
    `keys/`: the DKIM private keys, made at the first start. `tsig.key`: the copy of the primary's.

SECURITY
    Exposure: none to the outside; mail bodies reach it unread, only their header is cut into fields.
    Secrets: the DKIM private keys, the TSIG key that may write TXT records below _domainkey.
    If taken over: mail can be sealed in our name and keys published under our domain, until both keys
    are revoked at the primary. It cannot read accounts, mailboxes or the queue.

LIMITS
    Forwards wait for the keys too. Keys are made once and stay; their rotation is a later issue. One domain.

Standards: RFC 6376, RFC 8463, RFC 2136, RFC 8945.
"""
