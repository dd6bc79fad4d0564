"""A Bayesian spam filter: learns from sorted mail, classifies new mail, and says why.

What is weighed is the evidence of the decoded mail (`scop.spam.evidence`): words, fields, links, structure, facts.
Five opinions are formed of it and mixed (`scop.spam.experts`); what is learned is kept as keyed hashes and integers
(`scop.spam.model`), by lessons that can be taken back. It stores nothing by itself: `save` and `load` speak octets,
which may be a mapped file.

Sources are named where they are used; docs/decisions/how-mail-is-weighed.md says what was measured.
"""

from scop.spam.classifier import Classifier, digest_of
from scop.spam.leanings import Leanings
from scop.spam.lesson import Lesson
from scop.spam.thresholds import Thresholds
from scop.spam.verdict import Clue, Label, Verdict
from scop.spam.witnesses import Witnesses

__all__ = ["Classifier", "Clue", "Label", "Leanings", "Lesson", "Thresholds", "Verdict", "Witnesses", "digest_of"]
