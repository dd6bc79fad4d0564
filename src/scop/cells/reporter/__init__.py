"""reporter: tells others how mail in their name fares here, and reads what they tell us.

NAME
    reporter - DMARC and TLS reports, out and in

DESCRIPTION
    Counts what the verifier and the relay tell of, and sends each day's reports to those who want them.

PEERS
    verifier, relay (call in): how mail was judged, how TLS went. mailbox (LMTP in): reports addressed to us.
    operator (call in). resolver (DNS over TLS): who wants reports. signer (SMTP): reports to seal.

STATE
    `reports.db`: what was counted, what was sent, what came in.

SECURITY
    Exposure: reports from anybody, parsed in Python.
    Secrets: none.

LIMITS
    One machine.
"""
