"""relay: carries outgoing mail.

NAME
    relay - durable queue, routing by MX, retry, bounce

DESCRIPTION
    Takes sealed mail from the signer and answers 250 once it is in the queue on the disk; mails that
    arrive together share one sync. Recipients of our own domain go to the mailbox by LMTP. Others go to
    the hosts that their domain names by MX (RFC 5321 §5.1, RFC 7505), from our public address. How sure
    we must be of a host is decided before it is called: REQUIRETLS, which is never lowered (RFC 8689),
    then DANE (RFC 7672), then MTA-STS (RFC 8461), else TLS where it can; `TLS-Required: No` of an
    author sets the domain's wishes aside. A smarthost of the configuration is proved by its certificate
    and logged in to. How TLS went is counted by destination and UTC day (RFC 8460; `scop queue tls`).
    Recipients of one message and domain share a transaction, connections are kept for a few seconds.
    What fails for now is tried again with growing pauses for five days, also after a restart; what
    fails for good, or for too long, goes back to its sender as a report (RFC 3464): to one of our own
    by LMTP, to another through the signer, and never to the null path.

    The same mail handed in again (same sender, same octets below our stamps) is queued once. Mail of
    another domain's sender, which is forwarded, leaves under an address of ours (SRS) that brings its
    bounces home. The operator can hold, release, retry and drop what waits (`scop queue`).

PEERS
    signer (in, SMTP): sealed mail. signer (out, SMTP): bounces to seal. resolver (DoT): MX, addresses.
    mailbox (LMTP): local recipients. operator (call): what waits, how TLS went. The Internet, port 25;
    smarthosts at their ports; web servers that publish MTA-STS policies, port 443.

STATE
    `queue.db`: every mail that was accepted and not carried over yet. `bodies/`: bodies of these over
    16 KiB, each a file named by its hash. `srs.secret`: the key of rewritten senders. `tls.db`: MTA-STS policies for as
    long as they hold, counts of TLS sessions for 30 days.

SECURITY
    Exposure: replies of foreign hosts, their certificates (verified by OpenSSL; held against TLSA
    records by a bounded walk of ours), policies from web servers (64 KiB, a minute, read by h11) and
    DNS answers, all bounded. Holds the queue, the passwords of smarthosts and the key of SRS; no DKIM keys,
    so what a taken relay invents is not sealed and fails DMARC. Worst outcome: mail in the queue is read, held or
    dropped, and our address gets a bad name.

LIMITS
    100 Received fields (RFC 5321 §6.3); new mail waits outside (452) while less than 64 MiB of the disk
    are free; 5 days; 20 transactions at once to a host, fewer where it is slow, and 100 in all;
    100 mails on one connection. DANE counts once the resolver proves answers (DNSSEC); until it does no
    answer is secure, and domains with TLSA records get what MTA-STS or chance gives. The keeper is not asked.
"""
