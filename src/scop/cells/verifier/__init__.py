"""verifier: finds out who really sent a mail.

NAME
    verifier - judges each incoming mail by SPF, DKIM and DMARC, and says so above it

DESCRIPTION
    MAIL and RCPT are passed through to the mailbox, so unknown recipients are refused there and then. At
    the end of the message the verifier judges the octets below our own stamps. It asks SPF about the
    client that the receiver told of and DKIM about every signature, both at once, then DMARC about each
    domain in From.

    A mail that fails under `p=reject` is refused for all recipients (550 5.7.1); under `p=quarantine` it
    goes on with `X-SCoP-Disposition: quarantine`, else with `none`. Where the DNS is silent nothing has
    passed or failed (RFC 9989 §5.3.6): if the policy is p=reject, or cannot be found, the sender is asked
    to come again (451 4.7.1, §7.2); else the mail goes on.

    Before it passes a mail on, it removes every `Authentication-Results` that bears our name in whatever
    spelling and every `X-SCoP-*` that is not ours, then prepends its own two fields. Nothing else changes.

PEERS
    filter (LMTP in), mailbox (LMTP), resolver (DNS over TLS).

STATE
    none.

SECURITY
    Exposure: header fields and bodies of mail from anybody, and DNS records of anybody's choosing; both
    are parsed in Python, every loop over them is bounded.
    Secrets: none.
    If taken over: the attacker can let forged mail pass as genuine, read and change incoming mail on its
    way, and refuse it. It cannot reach the Internet, send mail out, sign, or touch stored mail.

LIMITS
    20 seconds for all questions about one mail; what is unanswered then counts as a silent DNS. Five author
    domains. A signature that leaves part of the body open (l=) authenticates nothing. ARC is not looked at.
"""
