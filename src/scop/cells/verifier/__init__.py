"""verifier: finds out who really sent a mail.

NAME
    verifier - judges each incoming mail by SPF, DKIM, ARC and DMARC, says so above it, and obeys the policy

DESCRIPTION
    MAIL and RCPT are passed through to the mailbox, so unknown recipients are refused there and then. At
    the end of the message the verifier judges the octets below our own stamps. Side by side it asks SPF
    about MAIL FROM and HELO, DKIM about every signature, ARC about the chain of those who carried the mail
    on, and the DNS for the client's name, where the receiver has not found it; then DMARC about each domain
    that some reader could take for the author's.

    A mail that fails under `p=reject` is refused for all recipients (550 5.7.1, with the policy and what was
    missing); under `p=quarantine` it goes on with `X-SCoP-Disposition: quarantine` and is filed apart, else
    with `none`. Where the DNS is silent nothing has passed or failed (RFC 9989 §5.3.6): if the policy asks
    for anything, or cannot be found, the sender is asked to come again (451 4.7.1, §7.2), else it goes on.

    A mail whose author is not clear never passes. Without From, with several, with one that only some readers
    see, with more than five domains in it, none or an impossible one, or with control characters in the header
    it is refused whatever the policy (550 5.7.1), but a notice (null reverse-path) whose From has no domain is
    filed apart. Other doubts, such as an address within quotes or a second Subject, let nothing pass, and the
    policy decides.

    `[verifier]` names domains whose ARC seals are believed, and addresses, networks and authenticated domains
    whose mail no policy refuses. The result stays `fail`, the reason stands in it and in the report.

    Before it passes a mail on, it removes every `Authentication-Results` that bears a name of our domain in
    whatever spelling and every `X-SCoP-*` that is not ours, then prepends its own two fields. Nothing else changes.

    Each mail under a policy is told to the reporter, in batches and without keeping mail waiting. Who is
    refused under a policy is told to the receiver before the refusal is said (for a second at most), who
    is proved and sends no spam some time after; our own networks never are.

PEERS
    filter (LMTP in), mailbox (LMTP), resolver (DNS over TLS), reporter and receiver (calls).

STATE
    `underway` and `strikes.json`: digests of mails that it was at when it died. In memory: answers of the DNS for a
    minute at most, and what the neighbours are yet to be told.

SECURITY
    Exposure: header fields and bodies of mail from anybody, and DNS records of anybody's choosing; both
    are parsed in Python, every loop over them is bounded.
    Secrets: none.
    If taken over: the attacker can let forged mail pass as genuine, read and change incoming mail on its
    way, refuse it, have honest clients shut out for a while and spoil reports. It cannot reach the
    Internet, send mail out, sign, or touch stored mail.

LIMITS
    20 seconds for all questions about one mail; what is unanswered then counts as a silent DNS. Five author
    domains. A signature that leaves part of the body open (l=) authenticates nothing. 20,000 judgements and as many
    deeds wait for neighbours that are away; the oldest are let go, with a line in the log. It ends where it hangs for
    15 seconds of processor time; a mail that was underway at two of its deaths is passed on unjudged, into Quarantine.
"""
