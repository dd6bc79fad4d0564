"""mailbox: stores mail.

NAME
    mailbox - the durable end of a mail's way: takes it by LMTP, keeps it, shows it, forwards it

DESCRIPTION
    For each RCPT it asks the keeper whose address that is and answers at once: unknown (550 5.1.1), closed
    (550 5.2.1), full (452 4.2.2), or try later (451) while the keeper is away. A message is stored for all
    of its recipients in one commit or for none, and 250 is said only after the commit is on the disk; mails
    that arrive together share one. The same delivery sent again is answered 250 and not stored twice.

    A mail stands octet for octet as it came, with `Return-Path` above. What came from the verifier with
    `X-SCoP-Attachments: quarantine` as our topmost stamp lies in `Quarantine`, with `X-SCoP-Disposition: quarantine`
    or `X-SCoP-Spam: spam` in `Junk`, all else in `INBOX`; stamps on mail from our own users are not believed.

    After the commit and before 250 the signer is handed what goes on; while it is down such a mail, and no
    other, is answered 451, and its retry is stored once and carried once. Forwards go under the sender's own
    reverse path (the relay rewrites it), with `Delivered-To` above by which a mail that comes back is known:
    then it is kept, or refused (554 5.4.6) where no copy is. What lies in Junk is not forwarded where a copy
    is kept. Nor is, nor sent home as a bounce, what Quarantine is for; nor what bears an author of our domain, of one
    above or below it, or no single one, unless DMARC passed: SPF would prove it where it leaves from here. Where no
    copy is kept that is 550 5.7.1. Bounces of forwards, to an SRS0 or SRS1 address, are decided by the relay at RCPT.
    A sender who asked for NOTIFY=SUCCESS is told `delivered`, from the null path, where the verifier says that SPF or
    DMARC passed for the domain of the reverse path, or our own user wrote the mail; else, and of what lies in Junk or
    Quarantine, nobody is told, nor asked to tell by a forward, since the reverse path may be a stranger's.

    Mail to an address for reports (`[reports] mailbox`, and those that `[publish]` names in our domain) goes to the
    reporter, decided at RCPT; an account of that name has it too.

    People teach the spam filter. A mail that is moved to Junk is a lesson (spam), one that is moved out of it another
    (ham); Quarantine is about attachments, and teaches nothing. So does, for the login that sent it, each mail that
    one of our own users attaches to a mail to spam@ or ham@ (`[spam]` has the names; an account or alias of that name
    wins); without an attached mail that is 550 5.6.0, which says how it is done, and for strangers there is no such
    address. A lesson is written in one commit with its move, and waits until the filter has it on its disk; the last
    word on a mail counts. Where a recipient has ever taught, the filter is asked for that person's own view: each
    account has its own folder for the same mail. It has a second; then the stamp counts.

PEERS
    verifier and relay (LMTP in), operator (ListMail, ReadMail, MoveMail, ForgetLessons), keeper (asked
    ResolveRecipient), filter (LearnMail, ClassifyFor), signer (SMTP out): forwards, bounces of forwards, notices of
    delivery. reporter (LMTP out): reports to us.

STATE
    `mail.db`: every stored mail, and what is not yet learned.

SECURITY
    Exposure: envelopes and octets of mail from anybody, passed on by the verifier; header fields are parsed
    for the operator's list and for notices, in Python.
    Secrets: all users' mail. It holds no passwords and no keys.
    If taken over: the attacker can read, change and drop stored and incoming mail, and send mail by way of
    signer and relay; the signer seals none of it but what has the null reverse path and never was here
    before, as a notice has. It cannot log in as anybody or change accounts.

LIMITS
    A quota for each account (`[limits] account_octets`). Mail cannot yet be deleted, nor read by mail clients; the
    operator moves it. One SQLite file: one machine. Answers to the operator are at most 500 mails or 1 MiB. Of a mail
    the first MiB below our stamps is learned; of one mail 100 attached ones; 5,000 lessons or 128 MiB of one account
    wait at most. A notice may be sent twice where the reply to a mail got lost.

Standards: RFC 2033, RFC 3461 (delivered, forwards), RFC 8601 (whose reverse path is proved), RFC 9228 (Delivered-To).
"""
