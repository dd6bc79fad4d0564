"""receiver: takes mail from the Internet.

NAME
    receiver - the mail server that the MX record names

DESCRIPTION
    Listens on 25, offers STARTTLS. Recipients of other domains are refused at once; each of ours is asked
    onward through filter and verifier to the mailbox before it is answered. After DATA the message gets
    one Received field on top and goes onward; 250 is said only after the mailbox stored it durably. The
    client's address, name and HELO and our trace id go along as XFORWARD, and what MAIL and RCPT ask for
    (DSN, REQUIRETLS, SMTPUTF8, …) as it was asked. The reply after DATA names the trace id, so that the
    two sides' logs can be joined; the id found in the message's topmost Received is logged as `upstream`,
    as text that nobody vouches for.

    A client without a reverse name that leads back to its address, or with misdeeds or a ban in the last hour,
    waits `greeting_delay_seconds` for the greeting; the name is looked up meanwhile, so that an honest client
    waits no longer than that takes. Who speaks before the greeting is refused. Octets beyond the rate are not
    refused but read later. Every other limit is answered 421 or 451 with a word on when to come again, and
    logged with its reason. When the cell is asked to end, whoever is idle reads 421 at once, and
    transactions are finished.

PEERS
    filter (LMTP out): mail. resolver (DoT out): the client's name, waited for 2 s at most.

STATE
    none; bans and counts are forgotten when the cell ends.

SECURITY
    Exposure: the whole Internet speaks to its SMTP parser (Python); message bodies are not looked at.
    Secrets: the public TLS key. If taken over: it reads and can change or drop mail from then on as it
    comes in, and can hand invented mail to the filter; it cannot read stored mail, accounts or any key
    but its own. Only CRLF.CRLF ends a message, XFORWARD is refused, AUTH is not offered.

LIMITS
    `[limits]` message_octets, recipients, connections, connections_per_address, idle_seconds; 100
    Received fields; 20 broken commands a connection. `[receiver.per_address]` (IPv6: a /64) and
    `[receiver.per_network]` (IPv4 /24, IPv6 /48): mails_per_minute, octets_per_second, and
    broken_commands_per_hour and refused_recipients_per_hour, whoever reaches one of which is hung up on
    (421) for ban_seconds; per_network also connections. 0 is no limit, and none of them holds for
    `[network] own_networks`. From `[network] proxies` each connection begins with a PROXY header (v2), whose client
    is the one that counts.
    10,000 addresses and networks are remembered in each table; who was heard of least recently is forgotten
    first. BINARYMIME is not offered: such a mail could be stored, but neither forwarded to most hosts nor read
    line by line, and made over it would bear broken signatures.

Standards: RFC 5321, RFC 3207, RFC 6531, RFC 3461, RFC 3030 (CHUNKING), RFC 8689.
"""
