"""What speaks for and against a mail: its words, its facts and its links, read once and bounded.

`evidence_of(octets)` gives the tokens that are weighed (each says what kind of thing it is, words last), octets for
who cuts n-grams, and the values that tell phishing.
What our own cells wrote above a mail is never evidence; what they know of its connection is handed in.
"""

from scop.spam.evidence.gather import evidence_of
from scop.spam.evidence.values import Evidence, Form, Link, Scope

__all__ = ["Evidence", "Form", "Link", "Scope", "evidence_of"]
