"""submission: takes mail from our own users.

NAME
    submission - the mail server that mail clients are configured with

DESCRIPTION
    Listens on 465 (TLS at once) and 587 (STARTTLS). Nothing but a hello is done before TLS and a login, which
    the keeper decides: PLAIN or LOGIN; SCRAM-SHA-256, bound to our certificate with -PLUS, where `[submission]
    scram` is true; EXTERNAL for who shows a TLS certificate of `[submission] client_authorities` that names an
    account (mail address, else common name). No proof is taken in the clear. SCRAM knows app passwords, and
    passwords of accounts that chose it (docs/decisions/logins.md).

    The login must own the sender of the envelope and every address in From; an account with the grant
    `send_as = any` may use any. Recipients are asked onward, so what the relay refuses is refused at RCPT. The
    message is mended (docs/submission-fixups.md), stamped with a Received field and handed to the signer in one
    transaction; our 250 is the relay's. The trace id is minted here and travels as XFORWARD's IDENT, the login as
    MAIL's AUTH=; DSN, REQUIRETLS, DELIVERBY, FUTURERELEASE and MT-PRIORITY travel as they were asked for.

    A device of `[devices]` (a printer, a sensor) submits without a login, from its addresses and with its
    senders only, in the envelope and in From; at 587 also without TLS, because it sends no secret.

PEERS
    keeper (call out): is this the password or the proof, may this account use these addresses.
    signer (SMTP out): accepted mail.

STATE
    none.

SECURITY
    Exposure: the SMTP parser and the header of a logged-in user's mail face the Internet (Python).
    Secrets: the public TLS key; passwords pass through, those of SCRAM do not. If taken over: it sees the
    passwords of those who log in from then on, and can send mail as any of our addresses; it cannot read accounts,
    DKIM keys, stored mail or the queue. A device is believed by its address: list those of networks that you hold.

LIMITS
    `[limits]` message_octets, recipients, connections, connections_per_address, idle_seconds.
    `[submission.per_account]` and `[submission.per_address]` mails and recipients per minute, hour and day (own
    networks are exempt from the second; 450 says when to come back). After 3 failed logins a connection ends, or
    after 6 that were put off; guessing is bounded by the keeper. Mail is held for 30 days at most, DELIVERBY is
    60 s at least, priorities go up to 4. No BINARYMIME: the relay converts nothing.

Standards: RFC 6409, RFC 8314, RFC 4954, RFC 3207, RFC 5802, RFC 7677, RFC 5929.
"""
