"""Phishing: mails that try to be taken for what they are not, told by what they try.

`suspicions_of(evidence, acquaintances)` gives findings with a sentence for the reader. Each is also a token of the
verdict, so that how much it weighs is learned; none decides by itself. Whom a mail may imitate is known from wanted
mail (`Acquaintances`), beside a short list of houses that are imitated everywhere.
"""

from scop.spam.phishing.acquaintances import Acquaintances, Introduction
from scop.spam.phishing.recognition import suspicions_of
from scop.spam.phishing.suspicion import Suspicion, Trick

__all__ = ["Acquaintances", "Introduction", "Suspicion", "Trick", "suspicions_of"]
