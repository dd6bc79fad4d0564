"""keeper: knows who is who.

NAME
    keeper - who is who: accounts, their addresses, how they log in, and as whom each may send

DESCRIPTION
    Keeps one JSON file per account in a versioned store (`accounts.git`, readable by git), so that every
    change has an author, a time and a way back. Answers the typed questions of
    `scop.mesh.vocabulary.keeper`: is this password right, is this proof of SCRAM, may this account use
    these sender addresses, whose is this address and where is its mail forwarded; and opens, lists and
    closes accounts for the operator.

    An account has a password, kept as Argon2id, or as a SCRAM verifier where its owner chose so; and any
    number of app passwords: generated, 120 bits, shown once, one for each program. Those are kept as SCRAM
    verifiers and work with PLAIN too. A new password ends them all.

    Wrong guesses make the login, the client's address and its network wait, up to 300 s; until then nothing
    is looked at, so the right password is not told apart. While a login waits, its app passwords work on.
    Own networks are counted by login only.

    Local parts are compared without case; `alice+shop` is alice's. Mail to postmaster and abuse always
    reaches a person: the account that owns the address, else the oldest open one.

PEERS
    submission (Authenticate, AuthenticateExternal, BeginScram, FinishScram, MaySendAs), mailbox
    (ResolveRecipient), operator (accounts). Each is answered only its own questions. The keeper itself
    calls nobody.

STATE
    `accounts.git`: the accounts with their whole history. `scram.key`: makes salts for logins that are not
    there.

SECURITY
    Exposure: passwords, proofs and addresses chosen by strangers, by way of submission and mailbox; no listener.
    Secrets: Argon2id hashes of passwords, SCRAM verifiers. The history keeps replaced ones too.
    Unknown logins cost and look the same as known ones; but two addresses of one account have one salt in SCRAM.
    If taken over: the attacker can send as anybody here, read passwords as they are tried, and crack the
    hashes; it cannot read stored mail, nor the signing keys, nor reach any other cell or the network.

LIMITS
    Two password checks at once (64 MiB each), 64 waiting. 1000 open exchanges, each for 60 s and one proof. Passwords
    of 8 characters to 1024 octets. Names of 63 characters. 32 app passwords and 10 forwards of an account. All
    accounts are held in memory: tens of thousands, not millions. Guesses of 10,000 logins, addresses and
    networks are remembered.

Standards: RFC 5802, RFC 7677 (SCRAM), RFC 9106 (Argon2).
"""
