"""MTA-STS: a domain says over HTTPS that its mail hosts speak TLS, with certificates that the web would trust.

A TXT record says that there is a policy, and by its id when it has changed. The policy itself is a small text
that only the domain can serve, since HTTPS proves who does. A sender keeps it for as long as it says, so that
nobody who later sits in between can make it forget. `lookup` is a generator that asks for the record; `plan` says
whether to fetch; fetching and keeping are done elsewhere (`scop.net.https`, `scop.cells.relay`).

Standards: RFC 8461 (MTA-STS), RFC 8460 §4.3 (what is reported).
"""

from scop.mtasts.kept import FETCH_PAUSE_SECONDS, KeptPolicy, Plan, plan
from scop.mtasts.policy import Mode, Policy, parse_policy
from scop.mtasts.record import lookup, parse_record, policy_url

__all__ = [
    "FETCH_PAUSE_SECONDS",
    "KeptPolicy",
    "Mode",
    "Plan",
    "Policy",
    "lookup",
    "parse_policy",
    "parse_record",
    "plan",
    "policy_url",
]
