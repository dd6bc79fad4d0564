"""submission: takes mail from our own users.

NAME
    submission - the mail server that mail clients are configured with

DESCRIPTION
    Listens on 465 (TLS at once) and 587 (STARTTLS). Nothing but a hello is done before TLS and a login:
    PLAIN or LOGIN, checked by the keeper. The login must own the sender of the envelope and every
    address in From; an account with the grant `send_as = any` may use any. Recipients are asked
    onward, so what the relay refuses is refused at RCPT. The message is mended (docs/submission-fixups.md),
    stamped with a Received field and handed to the signer in one transaction; our 250 is the relay's.
    The trace id is minted here and travels as XFORWARD's IDENT, the login as MAIL's AUTH=.

PEERS
    keeper (call out): is this the password, may this account use these addresses.
    signer (SMTP out): accepted mail.

STATE
    none.

SECURITY
    Exposure: the SMTP parser and the header of a logged-in user's mail face the Internet (Python).
    Secrets: the public TLS key; passwords pass through. If taken over: it sees the passwords of those
    who log in from then on, and can send mail as any of our addresses; it cannot read accounts, DKIM
    keys, stored mail or the queue.

LIMITS
    `[limits]` message_octets, recipients, connections, connections_per_address, idle_seconds. After 3
    failed logins a connection ends; guessing is bounded by the keeper. No CHUNKING, no DSN, no
    REQUIRETLS yet.

Standards: RFC 6409, RFC 8314, RFC 4954, RFC 3207.
"""
