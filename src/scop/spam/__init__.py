"""A Bayesian spam filter: learns from sorted mail, classifies new mail, and says why.

What is weighed is the evidence of the decoded mail (`scop.spam.evidence`): words, fields, links, structure, facts.
They are combined as Robinson and Fisher do. It stores nothing by itself: `save` and `load` speak octets.

Source: Gary Robinson, "A Statistical Approach to the Spam Problem", Linux Journal 107 (2003).
"""

from scop.spam.classifier import Classifier, digest_of
from scop.spam.leanings import Leanings
from scop.spam.lesson import Lesson
from scop.spam.thresholds import Thresholds
from scop.spam.verdict import Clue, Label, Verdict

__all__ = ["Classifier", "Clue", "Label", "Leanings", "Lesson", "Thresholds", "Verdict", "digest_of"]
