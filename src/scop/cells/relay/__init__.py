"""relay: carries outgoing mail.

NAME
    relay - durable queue, routing, retry, notices

DESCRIPTION
    Takes sealed mail from the signer and answers 250 once it is in the queue on the disk; mails that
    arrive together share one sync. Recipients of our own domain go to the mailbox by LMTP. Others go to
    the smarthost that the configuration names for their domain (`[relay.smarthosts."example.org"]`,
    `".example.org"` for all below it, `default`), which is proved by its certificate and logged in to;
    else to the hosts that the domain names by MX (RFC 5321 §5.1, RFC 7505), in order of preference and
    equals at random, at IPv6 and IPv4 addresses as far as ours reaches them; a host that is ourselves
    ends the list. How sure we must be of a host is decided before it is called: REQUIRETLS, which is
    never lowered (RFC 8689), then DANE (RFC 7672), then MTA-STS (RFC 8461), else TLS where it can;
    `TLS-Required: No` of an author sets the domain's wishes aside. How TLS went is counted by
    destination and UTC day (RFC 8460; `scop queue tls`).

    Before a mail leaves for a host of the world it is looked at as its receiver will: SPF of the sender that will
    stand in MAIL FROM (of a notice: of our mail host), with the address from which the world sees us (`[network]
    address`, `[publish] addresses`, behind other NAT `[relay] seen_as`). Where that is no pass the mail is held, with
    the record that has to be published (`scop queue list --held`), looked at again by itself after pauses of up to
    five minutes, and launched once it would pass. So is mail of an account that may no longer send as its MAIL FROM.
    `scop queue release --unchecked` lets single mails leave without, `[relay] check_departures = false` all. What
    leaves through a smarthost is not looked at: the world sees the smarthost's address.

    Recipients of one message and next hop share a transaction, or as many as the host wants;
    connections are kept for a few seconds. A hop gets four loads at once, more with every success, half
    when it is busy. Where nothing gets through, one load is the probe and all else for the hop waits with
    it. Codes decide what is tried again (`verdict.py` has the table): what fails for now after pauses
    that grow from 2 seconds to 2 hours, for five days (`[relay] give_up_days`), also after a restart.
    A connection that is lost after the message was handed over may mean a second copy (RFC 1047),
    nothing else does.

    Senders hear of it by reports (RFC 3461, RFC 3464): `failed`, `delayed` once after four hours
    (`[relay] delay_notice_hours`), `relayed` where a host sends no reports itself; as NOTIFY, RET, ENVID,
    ORCPT and DELIVERBY ask, which go on to hosts that know them. A report goes to one of our own by LMTP,
    to another through the signer, and never to the null path.

    The same mail handed in again (same sender, same octets below our stamps) is queued once. Mail of
    another domain's sender, which is forwarded, leaves under an address of ours (SRS) that brings its
    bounces home. The operator can hold, release, retry and drop what waits (`scop queue`). The log has the
    states of each recipient in their order: mail.queued, mail.kept_back, mail.deferred, mail.relayed (as soon as
    a host has taken it: what is killed then is carried and told of again) or mail.bounced.

PEERS
    signer (in, SMTP): sealed mail. signer (out, SMTP): notices to seal. resolver (DoT): MX, addresses.
    keeper (call): who may send as whom. reporter (call): how TLS went. mailbox (LMTP): local recipients. operator
    (call): what waits, how TLS went. The Internet, port 25; smarthosts at their ports; web servers that publish MTA-STS
    policies, port 443.

STATE
    `queue.db`: every mail that was accepted and not carried over yet. `bodies/`: bodies of these over
    16 KiB, each a file named by its hash. `srs.secret`: the key of rewritten senders. `tls.db`: MTA-STS policies for as
    long as they hold, counts of TLS sessions for 30 days.

SECURITY
    Exposure: replies of foreign hosts, their certificates (verified by OpenSSL; held against TLSA
    records by a bounded walk of ours), policies from web servers (64 KiB, a minute, read by h11) and
    DNS answers, all bounded. Holds the queue, the passwords of smarthosts and the key of SRS; no DKIM keys: of
    what a taken relay invents only notices are sealed. Worst outcome: mail in the queue is read, held, changed
    where it is not sealed, or dropped; mail is invented that leaves from our address, which SPF names and so
    DMARC believes.

LIMITS
    100 Received fields (RFC 5321 §6.3); new mail waits outside (452) while less than 64 MiB of the disk
    are free; 5 days; 20 transactions at once to a hop, 100 in all and to 200 where their hops have no other, with
    64 MiB of mail over 256 KiB between them; 100 mails on one connection; 16 MiB of MTA-STS policies. DANE counts
    once the resolver proves answers (DNSSEC); until it does no answer is secure, and domains with TLSA records get
    what MTA-STS or chance gives.
"""
