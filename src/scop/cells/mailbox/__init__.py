"""mailbox: stores mail.

NAME
    mailbox - the durable end of a mail's way: takes it by LMTP, keeps it, shows it

DESCRIPTION
    For each RCPT it asks the keeper whose address that is and answers at once: unknown (550 5.1.1), closed
    (550 5.2.1), full (452 4.2.2), or try later (451) while the keeper is away. A message is stored for all
    of its recipients in one commit or for none, and 250 is said only after the commit is on the disk; mails
    that arrive together share one. The same delivery sent again is answered 250 and not stored twice.

    A mail stands octet for octet as it came, with `Return-Path` above. What came from the verifier with
    `X-SCoP-Disposition: quarantine` or `X-SCoP-Spam: spam` as our topmost stamp lies in `Junk`, all else
    in `INBOX`; stamps on mail from our own users are not believed.

PEERS
    verifier and relay (LMTP in), operator (ListMail, ReadMail), keeper (asked ResolveRecipient).

STATE
    `mail.db`: every stored mail.

SECURITY
    Exposure: envelopes and octets of mail from anybody, passed on by the verifier; header fields are parsed
    only for the operator's list, in Python.
    Secrets: all users' mail. It holds no passwords and no keys.
    If taken over: the attacker can read, change and drop stored and incoming mail. It cannot send to the
    Internet, sign, log in as anybody or change accounts: its only way out asks the keeper about addresses.

LIMITS
    A quota for each account (`[limits] account_octets`). Mail cannot yet be deleted, moved or read by mail
    clients. One SQLite file: one machine. Answers to the operator are at most 500 mails or 1 MiB.
"""
