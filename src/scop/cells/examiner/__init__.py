"""examiner: looks into attachments, one sealed child for each mail.

NAME
    examiner - attachments, opened where they can do no harm

DESCRIPTION
    Takes every mail that is more than plain text from the filter and says what was found in it
    (scop.attachments): kind, severity, place, and a sentence. What that leads to is the filter's business.

    Three kinds of process do it. The cell itself takes the calls, holds mails as memory without looking at them,
    and decides whose turn it is. A nursery beside it, started before the cell gave up its rights, holds no keys
    and no mail; where there is something to do it loads all that reads attachments, lets no more code be loaded,
    and has a child for each mail. The child has the mail and room for its answer, is sealed once more, looks,
    answers and ends. What is loaded is let go after ten quiet minutes.

    A child that crashes, takes too long or too much memory, or answers garbage is a finding (`unscannable`), never
    a pass. The known go first: a client becomes known by mails that were examined without trouble, and waits behind
    all others for ten minutes after one that was not. A mail that broke two children, or was underway at two deaths
    of the cell, is not examined again. Where `[attachments] clamav` names a daemon, it is handed each mail, too.

PEERS
    filter (call in): mail that is more than plain text. A virus scanner, where one is configured (TCP).

STATE
    `underway` and `strikes.json`: digests of mails that it was at when it died.

SECURITY
    Exposure: all that anybody sends, to parsers of Office, PDF, archives and rules, some of them C. They run in
    the child only: no files, sockets, programs, children, threads, signals or new code; a bounded answer, memory
    and time, kept by the kernel. The child's answer is checked against its types, cut and escaped.
    Secrets: the cell's pipe key, which no child ever had in its memory.
    If a child is taken over: it says of its own mail what it likes. If the cell is: it calls bad mail harmless, or
    harmless mail bad; it cannot reach anybody but the scanner.

LIMITS
    `[attachments] seconds` (10) of wall time, 512 MiB and 64 KiB of answer for each mail; as many children as
    processors and two, at low priority; 48 mails wait, 8 of one client; 512 MiB of mail is held, 128 MiB of one client.
    Beyond that the sender is asked to come again. One of a mail's readings by each mail program is tried, as far
    as scop.attachments knows them.
"""
