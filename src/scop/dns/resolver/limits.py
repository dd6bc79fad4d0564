"""What one question may cost, each bound with its reason.

A hostile zone chooses what a resolver has to do: names whose servers' names have to be resolved, aliases to aliases,
referrals by the thousand. Everything here is counted per question of an asker, detours and validation included.

Standards: RFC 1034 §5.3.3 ("bound the amount of work"), RFC 9156 §2.3, RFC 9520 §3.
"""

from __future__ import annotations

from typing import Final

# A cold, signed, minimised name four zones deep takes about 25 with the addresses of one out-of-zone server;
# four times that leaves room for silent servers. Unbound's bound for the same (max-global-quota) is 200.
MAX_QUERIES: Final = 100
MAX_ALIASES: Final = 16  # links of one chain; BIND and Knot allow as many, Unbound 11
MAX_DEPTH: Final = 3  # a server's address, whose server's address, whose server's address is wanted
# NXNSAttack (CVE-2020-8616): a referral to hundreds of servers elsewhere must not become hundreds of look-ups.
MAX_NAMES_LOOKED_UP: Final = 4
MAX_LOOKUPS: Final = 24  # of addresses, for all of a question: no more than a quarter of its queries begin one
MAX_SERVERS: Final = 13  # of one zone; the root has as many, more would only cost time
MAX_ADDRESSES: Final = 4  # of one server; enough for two of each family
MAX_JUDGED_AGAIN: Final = 2  # a bogus answer is asked for twice more, of other servers of the zone, if it has any
MAX_TRIES: Final = 16  # servers asked about one name in one zone before it is given up
# What is past any honest RRset; a set of thousands costs every asker and the cache (CVE-2024-1737).
MAX_RECORDS_OF_SET: Final = 200
# RFC 9156 §2.3: as many steps at most, the first few of them label by label.
MAX_MINIMISED_STEPS: Final = 10
ONE_LABEL_STEPS: Final = 4
