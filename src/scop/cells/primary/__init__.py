"""primary: answers for our own zones, signs them, and lets those with a key change and fetch them.

NAME
    primary - authoritative DNS: zones with a history, UPDATE, transfers, DNSSEC

DESCRIPTION
    Anybody may ask on port 53, UDP and TCP, and on 853 over TLS. The holder of a key may do what it is
    granted, and nobody else: change names and types by UPDATE (RFC 2136), fetch whole zones or what changed in them
    (AXFR, IXFR), tell us by NOTIFY that there is news. An UPDATE is checked, applied whole or not at
    all, committed to the history, synced, signed, and only then shown and answered; sent again, it ends
    as it did the first time. The serial moves by itself and never back.

    A zone's home is a git repository in the state folder, one commit a change: `scop dns zone log`, or
    `git -c safe.directory='*' -C zones.git log -p` (it belongs to the cell's user, and git reads what is
    another's, even for root, only where it is told to). `<origin>.zone` beside it, as `scop init` writes
    it, is taken in at each start, and merged if it was edited by hand. `[primary] remote` names a second
    home, which is pushed to after a change and pulled on a signed NOTIFY; ssh:// needs `remote.key` and
    `.ssh/known_hosts`, https:// needs `remote.ca`, and `remote.login` where it asks for one. A NOTIFY
    from outside needs a key of `tsig.keys`, which may have no rights at all.

    Zones are signed with keys made here (`[primary] sign`, `keys`, `algorithm`, `denial`), anew when
    half of their time is over; `scop dns ds` prints what the parent needs, `scop dns roll` changes keys.

    `[primary] notify` names secondaries that are told of each version, `secondary` zones of other
    primaries that are fetched and shown too, until their EXPIRE. Both need keys: lines of `name
    algorithm base64` in the state folder's `tsig.keys`, and `allow_update`, `transfer_keys`.

    Alone: `scop dns primary --listen HOST:PORT --zone NAME=FILE` does all of this in one line.

PEERS
    signer, over DNS over TLS: questions, and UPDATE of TXT records below `_domainkey.<domain>`, by a
    key that is good on this pipe only.
    resolver, over DNS over TLS: which of our keys the parent vouches for.
    operator: calls, to look at zones and keys, to import and roll back, to update.
    The world: whoever asks. Primaries that `secondary` names (TCP), secondaries of `notify` (UDP), the
    remote of the history.

STATE
    `zones.git`: our zones with their history. `journals/`: what is shown, and the steps that led to it.
    `updates`: how UPDATEs of the last minutes ended. `keys/`: DNSSEC keys and what happens to them.
    `signatures.sqlite`: the signatures that are shown, so that a restart changes none of them.
    `tsig.key`: what the signer signs by; `plan.key`, `address.key`: what `scop dns apply` and `plan
    --watch` sign by, for the records of the plan and no others; `tsig.keys`: what others do.
    `remote.key`, `.ssh/known_hosts`, `remote.ca`, `remote.login`: what proves us to the remote, and it to us.

SECURITY
    Exposure: parses datagrams from anybody in pure Python (scop.dns); dnspython sees only records that
    a key's holder writes. Secrets: the zones' private keys, TSIG keys, the public TLS key. Floods of
    equal answers are cut (response rate limiting), transfers and changes are never given without a key.
    Worst outcome if taken over: it answers for our zones as it likes, validly signed, so it can lead our
    mail elsewhere and vouch for forged mail in our name (with the public TLS key it can do no more than
    that); it reads no mail and has no DKIM keys.

LIMITS
    One change at a time, each a commit with its syncs: dozens a second on an ordinary disk. Zones of
    tens of thousands of names, not of millions. A journal of 16 MiB a zone at most; who is further
    behind fetches the whole. 65,536 UPDATEs remembered; a power cut may cost the last of that memory,
    never an UPDATE.
"""
