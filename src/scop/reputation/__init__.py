"""Who behaved how: counts with decay for hosts, networks and authenticated domains, and what follows from them.

    firewall = Firewall(FirewallOptions(ban_seconds=600))
    firewall.note(Deed.FORGERY, "192.0.2.7", "", now_unix)     # who is shut out because of it
    firewall.verdict("192.0.2.7", now_unix).standing           # WELCOME, DELAY or REFUSE
    firewall.reputation.why("192.0.2.7", now_unix)             # in sentences

The time is an argument, and all tables are bounded. What is known is saved to octets and loaded from them, and written
as a DNS list that any mail server can ask (`listed_names`), or as sets of nftables (`nft_sets`). It asks nobody:
`ask_list` is a question about other people's lists that somebody else puts.

Standards: RFC 5782 (lists of addresses and names in the DNS).
"""

from scop.reputation.counts import Reputation
from scop.reputation.deeds import Deed
from scop.reputation.entries import Action, Cause, Entry
from scop.reputation.firewall import Firewall, FirewallOptions, Verdict
from scop.reputation.lists import ask_list
from scop.reputation.nftables import nft_sets
from scop.reputation.rules import Rules, Standing
from scop.reputation.saved import load_firewall, snapshot
from scop.reputation.subjects import parse_subject
from scop.reputation.zone import listed_names

__all__ = [
    "Action",
    "Cause",
    "Deed",
    "Entry",
    "Firewall",
    "FirewallOptions",
    "Reputation",
    "Rules",
    "Standing",
    "Verdict",
    "ask_list",
    "listed_names",
    "load_firewall",
    "nft_sets",
    "parse_subject",
    "snapshot",
]
