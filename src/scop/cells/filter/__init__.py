"""filter: says how much a mail looks like spam.

NAME
    filter - Bayesian spam verdict on mail from the Internet

DESCRIPTION
    Takes mail from the receiver by LMTP, weighs its words with a trained model (scop.spam), writes what
    it found on top as `X-SCoP-Spam: <label>; score=…; clues=…`, and passes it on to the verifier. It
    refuses nothing and delays nothing: where a spam label leads is the mailbox's business. Without a model
    every mail is `unsure`. The receiver's firewall is told which clients bring spam, and which bring what looks
    harmless; unsure mail is told of to nobody. The operator installs a model while the cell
    runs; it is durable before it is used.

PEERS
    receiver (LMTP in): mail; (call out): who sends spam. verifier (LMTP out): mail, weighed. operator (call in): a
    new model, its state.

STATE
    `model.spam`: the trained model.

SECURITY
    Exposure: parses every mail's whole content, in Python. Secrets: the model, which tells what words the
    people here write and get. Cannot dial anybody but the verifier
    and the receiver. Worst outcome if taken over: it reads, changes or drops mail while it passes, calls spam ham
    and honest clients spammers, so that the receiver puts them off; the verifier still judges who sent a mail, but a
    changed body breaks its seal.

LIMITS
    One model for all people. It does not learn from what people move yet. A mail is weighed in the event
    loop: sub-milliseconds to a few milliseconds, bounded by scop.spam's limit on the octets it reads.
"""
