"""DMARC: did the domain in From, which the reader sees, stand behind this mail, and if not, what then?

`evaluate` takes the results of SPF and DKIM, finds the author domain's policy by the DNS tree walk and
compares the domains. It is a generator: it yields DNS questions and returns a `DmarcResult`. What is
done with a mail is decided by who asked. `read_authorship` says who the author is and what about that is
doubtful, `strictly` what follows from doubt. Whom to send reports is the question of `scop.dmarc.destinations`;
when local knowledge counts more than a policy, that of `scop.dmarc.overrides`.

Standards: RFC 9989 (DMARC), RFC 8601 §2.7 (words of the result), RFC 8020 (names that do not exist).
"""

from scop.dmarc.ambiguity import Authorship, Doubt, DoubtWord, read_authorship, strictly
from scop.dmarc.author import author_domain, author_domains
from scop.dmarc.evaluation import evaluate, evaluate_authors
from scop.dmarc.record import Policy, parse_policy
from scop.dmarc.result import Action, Aligned, Disposition, DmarcResult, DmarcWord, Override, OverrideWord

__all__ = [
    "Action",
    "Aligned",
    "Authorship",
    "Disposition",
    "DmarcResult",
    "DmarcWord",
    "Doubt",
    "DoubtWord",
    "Override",
    "OverrideWord",
    "Policy",
    "author_domain",
    "author_domains",
    "evaluate",
    "evaluate_authors",
    "parse_policy",
    "read_authorship",
    "strictly",
]
