"""reporter: tells others how mail in their name fares here, and reads what they tell us.

NAME
    reporter - DMARC and TLS reports, out and in

DESCRIPTION
    Out. The verifier tells how each mail was judged, the relay how TLS went with each destination. Both are counted by
    UTC day, durably, with no more of a mail than a report tells. After midnight, at a time of its own for each domain
    (0:05 to 2:05 UTC), each day becomes one report for each policy domain, sent to each address that its freshest
    record names; addresses of other organisations only where these say so in the DNS (RFC 9990 §4). The report, its
    letters and the end of the counts are one commit. Letters go to the signer from `reports@<domain>` and are tried
    again for four days; their octets stay, so the relay knows one that it was handed before. A bounce is noted.
    A domain of which only reports came to us is told nothing, or two reporters would never end. `scop dmarc reports
    send --now` closes the day so far: the next report begins there.

    In. Mail to the address for reports comes from the mailbox and is written down whole before it is answered, then
    read beside the loop: aggregate reports old and new, failure reports, TLS reports; gzip, zip or plain. What cannot
    be read is kept as `broken`, with the reason; what is about somebody else as `foreign`; what came before as
    `again`. A report counts where DMARC passed for its sender, as RFC 9990 §3.5.2 demands; `--unproven` shows others.

    Failure reports are off by default. Switched on, they show a redacted header, ten an hour for each domain.

PEERS
    verifier, relay (call in): how mail was judged, how TLS went. mailbox (LMTP in): reports addressed to us.
    operator (call in). resolver (DNS over TLS): who wants reports, names of sources. signer (SMTP): reports to seal.

STATE
    `reports.db`: what was counted, what was sent, what came in.

SECURITY
    Exposure: mail from anybody, with XML, JSON, gzip and zip in it, parsed in Python within bounds (zlib inflates);
    results of checks whose words are others', DNS records.
    Secrets: none. It knows which domains and addresses wrote to us, not who wrote to whom.
    If taken over: the attacker can send mail as `reports@<domain>`, signed, lie to others about their mail, and hide
    or forge what others told us of ours. It cannot read or change mail, and speaks to the Internet through signer and
    relay only.

LIMITS
    20,000 records of a domain's day and 500,000 of a day; what is beyond is not counted, and logged. A report goes to
    ten addresses at most. One that came has at most 16 MiB, packed or not, and 50,000 records. What came and was sent
    is kept for `[reports] kept_days`, and 2 GiB at most: then what is not proven goes first, the oldest before others.
    Reports to `https:` destinations are not delivered, and shown so. One machine.

Standards: RFC 9990, RFC 8460, RFC 6591, RFC 6590; RFC 7489 appendix C (read only).
"""
