"""filter: says how much a mail looks like spam, and has its attachments looked into.

NAME
    filter - Bayesian spam verdict on mail from the Internet

DESCRIPTION
    Takes mail from the receiver by LMTP, weighs its words with a trained model (scop.spam), writes what
    it found on top as `X-SCoP-Spam: <label>; score=…; clues=…`, and passes it on to the verifier. For spam
    it refuses nothing and delays nothing: where the label leads is the mailbox's business. Without a model
    every mail is `unsure`. The receiver's firewall is told which clients bring spam or malware, and which bring what
    looks harmless; unsure mail is told of to nobody.

    What is more than one plain text is handed to the examiner while it is weighed. Each finding, and what looks like
    phishing, stands above the mail as `X-SCoP-Finding: <kind>; severity=…; place=…; reason=…`, and above them
    `X-SCoP-Attachments:` what `[attachments]` says is done with the severest: `tag` (nothing more), `quarantine` (the
    mailbox files it there) or refused (550 5.7.1 with the kind; the particulars are in the log). Where nobody can
    examine, the sender is asked to come again (451). A mail that was being read at two deaths of the filter is passed
    on unread, into Quarantine.

    It is taught while it runs. The mailbox tells what people moved to Junk or out of it, and what they sent to spam@ or
    ham@; the operator trains it with sorted mail, or installs a model, which keeps people's lessons on top. A lesson
    is on the disk before it is answered; the last word of an account on a mail counts, once; of each account the last
    5,000 count, and `scop spam forget` takes all of a person's back. There is one model for all, in which one person's
    word counts little and several people's much; to the mailbox it says what accounts that have taught would call a
    mail (ClassifyFor), where the own word counts at once.

    It teaches itself (`[spam] learn_from_own_verdicts`), carefully: by verdicts at the very ends of the scale (0.9999,
    0.0001) only, on mail that was taken and has nothing of phishing about it; one such lesson for four of people's at
    most, none before people taught both kinds, ham and spam in turn; and what a person says of such a mail takes the
    filter's own lesson on it back.

PEERS
    receiver (LMTP in): mail; (call out): who sends spam, and malware. verifier (LMTP out): mail,
    weighed. examiner (call out): what is in a mail. mailbox (call in):
    lessons, a person's own view. operator (call in): lessons, a new model, its state, whom to forget.

STATE
    `model.spam`: the model, replaced as a whole. `model.spam.lessons`: what each account taught, as keyed hashes.
    `underway` and `strikes.json`: digests of mails that it was at when it died.

SECURITY
    Exposure: parses every mail's whole content, in Python. Secrets: the model and its lessons; with the key that lies
    in them, they tell what words the people here write and get, and with whom they write. Cannot dial anybody but the
    verifier, the examiner and the receiver. Worst outcome if taken over: it reads, changes or drops mail while it
    passes, calls spam ham and honest clients spammers, so that the receiver puts them off; the verifier still judges
    who sent a mail, but a changed body breaks its seal.

LIMITS
    A model of 64 MiB; 5,000 lessons of a person; of the trainer's the last 20,000 can be unlearned; of a mail the first
    MiB is learned. What was learned is written into the model's file after each 250 lessons, and when the cell ends;
    lessons wait meanwhile, mail does not. A mail is weighed in the event loop: sub-milliseconds to a few milliseconds,
    bounded by scop.spam's limit on the octets it reads.
"""
