"""Phishing on real mail: what people wanted is hardly ever called suspicious.

Measured on the whole corpus, each tenth asked of what the other nine taught: 0.17 % of ham has a finding that is not
mild (links 0.10 %, look-alikes 0.07 %), and 2.3 % of spam, which is of 2002, before phishing. Mild ones (an answer that
goes elsewhere): 0.41 % of ham, 7.3 % of spam. The sample is small, so the bounds here are wider.
"""

from __future__ import annotations

from fakes.corpus import corpus_sample
from fakes.examples import IS_SEARCH
from scop.spam.evidence import evidence_of
from scop.spam.phishing import Acquaintances, suspicions_of


def test_wanted_mail_is_hardly_ever_suspicious() -> None:
    """At most 1 % of ham has a finding that is not mild, and at most 3 % any."""
    ham = [evidence_of(octets) for label, octets in corpus_sample(1 if IS_SEARCH else 20) if label == "ham"]
    acquaintances = Acquaintances()
    for evidence in ham[::2]:
        acquaintances.take(acquaintances.introduction_of(evidence))
    asked = [suspicions_of(evidence, acquaintances) for evidence in ham[1::2]]
    assert sum(any(not one.is_mild for one in found) for found in asked) <= 0.01 * len(asked)
    assert sum(bool(found) for found in asked) <= 0.03 * len(asked)
