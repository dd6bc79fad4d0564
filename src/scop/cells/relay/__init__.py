"""relay: carries outgoing mail.

NAME
    relay - durable queue, routing by MX, retry, bounce

DESCRIPTION
    Takes sealed mail from the signer and answers 250 once it is in the queue on the disk; mails that
    arrive together share one sync. Recipients of our own domain go to the mailbox by LMTP. Others go to
    the hosts that their domain names by MX (RFC 5321 §5.1, RFC 7505), from our public address, under TLS
    where the other side can. Recipients of one message and domain share a transaction, connections are
    kept for a few seconds. What fails for now is tried again with growing pauses for five days, also
    after a restart; what fails for good, or for too long, goes back to its sender as a report (RFC 3464):
    to one of our own by LMTP, to another through the signer, and never to the null path.

    The same mail handed in again (same sender, same octets below our stamps) is queued once.

PEERS
    signer (in, SMTP): sealed mail. signer (out, SMTP): bounces to seal. resolver (DoT): MX, addresses.
    mailbox (LMTP): local recipients. operator (call): what waits. The Internet, port 25.

STATE
    `queue.db`: every mail that was accepted and not carried over yet.

SECURITY
    Exposure: replies of foreign hosts and DNS answers, both bounded. Holds the queue; no keys, so what
    a taken relay invents is not sealed and fails DMARC. Worst outcome: mail in the queue is read, held or
    dropped, and our address gets a bad name.

LIMITS
    100 Received fields (RFC 5321 §6.3), 5 days, 8 transactions at once to a domain and 40 in all.
    Certificates of other hosts are not checked yet (DANE, MTA-STS), nor is the keeper asked.
"""
