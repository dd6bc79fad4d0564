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

    The firewall counts what clients do: misdeeds towards us, forged mail of which the verifier tells, malware, spam
    and harmless mail of which the filter tells, by address (IPv6: a /64), network and authenticated domain, fading by
    half a day. The tenth forged mail, or the fourth with malware, shuts the door to its client for
    `[limits] ban_seconds`: 421 at connect, and 554 where that is more than an hour. scop.reputation.rules has the
    rules, also why no forwarder and no big sender is shut out by accident; `[firewall] allow`, an operator's
    `scop firewall allow` and own networks always win. `[firewall] publish` shows the list as the zone bl.<domain> of
    our primary's, for other servers to ask.

    A client without a reverse name that leads back to its address, with misdeeds in the last hour, with offences
    that are not yet too many, or named by one of `[firewall] lists`, waits `greeting_delay_seconds` for the
    greeting; name and lists are asked meanwhile, so that an honest client waits no longer than that takes. Who
    speaks before the greeting is refused. Octets beyond the rate are not
    refused but read later. Every other limit is answered 421 or 451 with a word on when to come again, and
    logged with its reason. When the cell is asked to end, whoever is idle reads 421 at once, and
    transactions are finished.

PEERS
    filter (LMTP out): mail. resolver (DoT out): the client's name, waited for 2 s at most; lists of others.
    verifier, filter (call in): who forged, who sent spam or malware, who is honest. operator (call in): who is let in.
    primary (DoT out): the list, by UPDATE with a key that may write its zone and no other.

STATE
    `firewall`: counts and entries; an order is there before it is answered, a ban within a second, a count within a
    minute.
    `tsig.key`: by which the list is published; the primary holds its twin.

SECURITY
    Exposure: the whole Internet speaks to its SMTP parser (Python); message bodies are not looked at. Only CRLF.CRLF
    ends a message, XFORWARD is refused, AUTH is not offered.
    Secrets: the public TLS key, the TSIG key of the list. Verifier and filter may tell of their own findings only,
    and the operator alone gives orders.
    If taken over: it reads and can change or drop mail from then on as it comes in, and can hand invented mail to the
    filter; it lets in and shuts out whom it likes, and says so in the list. It cannot read stored mail, accounts or
    any key but its own.

LIMITS
    `[limits]` message_octets, recipients, connections, connections_per_address, idle_seconds; 100
    Received fields; 20 broken commands a connection. `[receiver.per_address]` (IPv6: a /64) and
    `[receiver.per_network]` (IPv4 /24, IPv6 /48): mails_per_minute, octets_per_second, and
    broken_commands_per_hour and refused_recipients_per_hour, whoever reaches one of which is shut out
    for ban_seconds; per_network also connections. 0 is no limit, and none of them holds for
    `[network] own_networks`. From `[network] proxies` each connection begins with a PROXY header (v2), whose client
    is the one that counts.
    10,000 addresses, networks and domains are remembered in each table, and as many entries; who was heard of least
    recently is forgotten first. 1,000 entries of operators. What other people's lists say delays and refuses nobody,
    and goes no further than the log and `scop firewall why`. The list is not signed (scop.cells.primary.list_zone).
    BINARYMIME is not offered: such a mail could be stored, but neither forwarded to most hosts nor read line by line,
    and made over it would bear broken signatures.

Standards: RFC 5321, RFC 3207, RFC 6531, RFC 3461, RFC 3030 (CHUNKING), RFC 8689, RFC 5782.
"""
