"""DMARC: did the domain in From, which the reader sees, stand behind this mail, and if not, what then?

`evaluate` takes the results of SPF and DKIM, finds the author domain's policy by the DNS tree walk and
compares the domains. It is a generator: it yields DNS questions and returns a `DmarcResult`. What is
done with a mail is decided by who asked.

Standards: RFC 9989 (DMARC), RFC 8601 §2.7 (words of the result), RFC 8020 (names that do not exist).
"""

from scop.dmarc.author import author_domain, author_domains
from scop.dmarc.evaluation import evaluate, evaluate_authors
from scop.dmarc.record import Policy, parse_policy
from scop.dmarc.result import Disposition, DmarcResult, DmarcWord

__all__ = [
    "Disposition",
    "DmarcResult",
    "DmarcWord",
    "Policy",
    "author_domain",
    "author_domains",
    "evaluate",
    "evaluate_authors",
    "parse_policy",
]
