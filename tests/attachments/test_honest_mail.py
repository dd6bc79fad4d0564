"""Honest mail has nothing above a note, and examining it is quick."""

from __future__ import annotations

from fakes.corpus import corpus_sample
from fakes.examples import IS_SEARCH
from scop.attachments import Finding, Severity, examine


def test_honest_mail_is_not_suspected() -> None:
    """Of the ham of the corpus no mail has a finding above a note (each twentieth; all of it in `make properties`)."""
    suspected: list[Finding] = []
    for label, octets in corpus_sample(1 if IS_SEARCH else 20):
        if label == "ham":
            suspected += [one for one in examine(octets) if one.severity is not Severity.NOTE]

    assert [] == suspected
