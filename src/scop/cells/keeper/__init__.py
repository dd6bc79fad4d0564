"""keeper: knows who is who.

NAME
    keeper - who is who: accounts, their addresses, and as whom each may send

DESCRIPTION
    Keeps one JSON file per account in a versioned store (`accounts.git`, readable by git), so that every
    change has an author, a time and a way back. Answers the typed questions of
    `scop.mesh.vocabulary.keeper`: is this password right, may this account use these sender addresses,
    whose is this address; and opens, lists and closes accounts for the operator.

    Local parts are compared without case; `alice+shop` is alice's. Mail to postmaster and abuse always
    reaches a person: the account that owns the address, else the oldest open one.

PEERS
    submission (Authenticate, MaySendAs), mailbox (ResolveRecipient), operator (accounts). Each is
    answered only its own questions. The keeper itself calls nobody.

STATE
    `accounts.git`: the accounts with their whole history.

SECURITY
    Exposure: passwords and addresses chosen by strangers, by way of submission and mailbox; no listener.
    Secrets: Argon2id hashes of passwords. The history keeps replaced ones too.
    Wrong guesses slow a login down; unknown logins cost and look the same as known ones.
    If taken over: the attacker can send as anybody here, read passwords as they are tried, and crack the
    hashes; it cannot read stored mail, nor the signing keys, nor reach any other cell or the network.

LIMITS
    Two password checks at once (64 MiB each), 64 waiting. Passwords of 8 characters to 1024 octets. Names of 63
    characters. All accounts are held in memory: tens of thousands, not millions. A login locked by
    guesses waits at most 300 s.
"""
