"""primary: answers for our own zones.

NAME
    primary - authoritative DNS for the zones in its state folder

DESCRIPTION
    Each `<origin>.zone` in the state folder is a master file (RFC 1035 §5); the root's is `root.zone`.
    On port 53, UDP and TCP, anybody may ask; nobody may change anything, transfer a zone or have it
    ask others. On its pipe the signer publishes keys by UPDATE (RFC 2136) signed with TSIG (RFC 8945).
    An UPDATE is answered after the whole zone is durable: written beside the old file, synced, renamed
    over it. So the file is always whole, comments in it are lost at the first update, and an edit by
    hand is read at the next start.

    Alone: `await run(PrimaryOptions(...))` with any two sockets serves any zones, as the root of a demo.

PEERS
    signer, over DNS over TLS: questions, and UPDATE of TXT records at and below `_domainkey.<domain>`.

STATE
    `<origin>.zone`: our zones. `tsig.key`: what signs an UPDATE.

SECURITY
    Exposure: parses datagrams from anybody (Python: scop.dns and dnspython). Secrets: one TSIG key,
    the other copy is the signer's. Cannot dial anybody. Worst outcome if taken over: it answers for our
    zones as it likes, so it can lead our mail elsewhere and vouch for forged mail in our name; it reads
    no mail and has no other cell's secrets.

LIMITS
    Not signed by DNSSEC yet. One UPDATE at a time, each rewrites its zone: fit for zones of thousands of
    names, not of millions. After a restart, a captured UPDATE could be replayed on the pipe for five
    minutes; the pipe's TLS keeps captures away.
"""
