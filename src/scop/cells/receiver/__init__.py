"""receiver: takes mail from the Internet.

NAME
    receiver - the mail server that the MX record names

DESCRIPTION
    Listens on 25, offers STARTTLS. Recipients of other domains are refused at once; each of ours is asked
    onward through filter and verifier to the mailbox before it is answered. After DATA the message gets
    one Received field on top and goes onward; 250 is said only after the mailbox stored it durably. The
    client's address, name and HELO and our trace id go along as XFORWARD. The reply after DATA names
    the trace id, so that the two sides' logs can be joined; the id found in the message's topmost
    Received is logged as `upstream`, as text that nobody vouches for.

PEERS
    filter (LMTP out): mail. resolver (DoT out): the client's name, waited for 2 s at most.

STATE
    none; bans are forgotten when the cell ends.

SECURITY
    Exposure: the whole Internet speaks to its SMTP parser (Python); message bodies are not looked at.
    Secrets: the public TLS key. If taken over: it reads and can change or drop mail from then on as it
    comes in, and can hand invented mail to the filter; it cannot read stored mail, accounts or any key
    but its own. Only CRLF.CRLF ends a message, XFORWARD is refused, AUTH is not offered.

LIMITS
    `[limits]` message_octets, recipients, connections, connections_per_address, idle_seconds; 100
    Received fields; 20 broken commands a connection. An address (IPv6: its /64) that has 150 recipients
    refused, or says 60 broken commands, within an hour is hung up on (554 5.7.1) for ban_seconds; never
    one of `[network] own_networks`. 10,000 of them are remembered, until the cell ends.

Standards: RFC 5321, RFC 3207, RFC 6531.
"""
