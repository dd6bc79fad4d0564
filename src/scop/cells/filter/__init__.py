"""filter: says how much a mail looks like spam.

NAME
    filter - Bayesian spam verdict on mail from the Internet

DESCRIPTION
    Takes mail from the receiver by LMTP, weighs its words with a trained model (scop.spam), writes what
    it found on top as `X-SCoP-Spam: <label>; score=…; clues=…`, and passes it on to the verifier. It
    refuses nothing and delays nothing: where a spam label leads is the mailbox's business. Without a model
    every mail is `unsure`. The operator installs a model while the cell runs; it is durable before it is used.

PEERS
    receiver (LMTP): mail. verifier (LMTP): mail, weighed. operator (call): a new model, its state.

STATE
    `model.spam`: the trained model.

SECURITY
    Exposure: parses every mail's whole content, in Python. Secrets: the model, which tells what words the
    people here write and get. Cannot dial anybody but the verifier. Worst outcome if taken over: it reads,
    changes or drops mail while it passes and calls spam ham; the verifier still judges who sent it, but
    a changed body breaks its seal.

LIMITS
    One model for all people. It does not learn from what people move yet. A mail is weighed in the event
    loop: sub-milliseconds to a few milliseconds, bounded by scop.spam's limit on the octets it reads.
"""
