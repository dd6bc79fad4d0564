"""signer: seals outgoing mail with DKIM.

NAME
    signer - seal outgoing mail, publish the public keys and renew them

DESCRIPTION
    Makes an RSA-2048 and an Ed25519 key at its first start. Publishes both by a signed UPDATE at the
    primary, asks the resolver until the world can see them, and only then seals: before that every mail
    is answered by 451 and waits where it is. Each mail then gets one DKIM-Signature for each key and is
    passed on to the relay; the signer's answer is the relay's answer.

    Keys rotate by themselves, both together: new ones are published when the old are `key_days` old, take
    over when every cache knows them, and the records of the old ones stand `grace_days` longer, for mail
    that is under way. Each step is durable before it counts, and a start goes on where the last one ended.
    A zone that lost records has them again within minutes. `scop dkim keys` shows the steps, `scop dkim
    rotate` begins one now.

    Of what the mailbox and the relay hand over only notices are sealed (the null reverse path, no Received of
    ours): a forward is somebody else's mail, or was sealed when it left here first, and goes on as it is. With
    `[signer] arc` a forward of mail that came from outside gets a seal of ARC over what the verifier found, for
    whoever trusts us with that.

PEERS
    submission, relay, mailbox, reporter (SMTP in): accepted mail, bounces, forwards, notices and reports.
    operator (call in): what the keys do; rotate them. primary (UPDATE over DoT), resolver (DoT), relay (SMTP
    out).

STATE
    `keys/state.json`: which keys there are, and at which step; `keys/<selector>.pem`: the private half of
    each that may still seal. `tsig.key`: the copy of the primary's.

SECURITY
    Exposure: none to the outside; mail bodies reach it unread, only their header is cut into fields.
    Secrets: the DKIM private keys, the TSIG key that may write TXT records below _domainkey. A private key is
    erased when it seals no more, while its record still stands.
    With ARC the mailbox is believed what the verifier found.
    If taken over: mail can be sealed in our name and keys published under our domain, until `scop dkim rotate
    --now` on a clean machine. It cannot read accounts, mailboxes or the queue.

LIMITS
    Forwards wait for the first keys too. One domain. 16 generations of keys at a time. A clock that jumps
    ahead ends the time of grace early. Where another server keeps the zone, somebody has to copy the records,
    and take withdrawn ones out (`scop dkim keys` says which). Headers of 1 MiB and 1,000 fields to be covered;
    of 128 KiB for a set of ARC.

Standards: RFC 6376, RFC 8463, RFC 8617, RFC 2136, RFC 8945.
"""
