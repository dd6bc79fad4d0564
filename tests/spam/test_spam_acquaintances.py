"""Whom we know: what is taken can be taken back, is saved and loaded, and stays bounded."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.mime import Address
from scop.spam import Classifier, Label
from scop.spam.evidence import Evidence, Link
from scop.spam.phishing import Acquaintances, Introduction
from scop.spam.phishing.acquaintances import MAX_DOMAINS

OURS = ("harbor.test",)
ADA = Address("Ada Lovelace", "ada@harbor.test")

names = st.sampled_from(["a", "bb", "ccc"])
introductions = st.builds(
    Introduction,
    names.map("{}.test".format),
    names,
    st.lists(names.map("x.test>{}.test".format), max_size=2).map(tuple),
    st.lists(names, max_size=2, unique=True).map(tuple),
    st.lists(names, max_size=2, unique=True).map(tuple),
)


def wanted(number: int = 0) -> Evidence:
    """Return the evidence of a wanted mail to Ada."""
    author = Address("Grace Hopper", f"grace{number}@lagoon{number}.example")
    links = (Link("www.shop.test", "http://click.test/"),)
    return Evidence(tokens=(), octets=b"", author=author, recipients=(ADA,), links=links)


def test_wanted_mail_introduces_its_author() -> None:
    """The domain stands in clear, the address as a hash, the names of our people folded."""
    introduced = Acquaintances(OURS, b"key").introduction_of(wanted())
    assert ("lagoon0.example", ("shop.test>click.test",), ("ada lovelace",), ("click.test",)) == (
        introduced.domain,
        introduced.redirections,
        introduced.names,
        introduced.linked,
    )
    assert 16 == len(introduced.address)
    assert introduced.address != Acquaintances(OURS, b"other").introduction_of(wanted()).address


@drawn(25)
@given(st.lists(introductions, max_size=4), introductions)
def test_taking_back_is_exact(before: list[Introduction], extra: Introduction) -> None:
    """What was taken and taken back was never there."""
    one, other = Acquaintances(OURS), Acquaintances(OURS)
    for introduction in before:
        one.take(introduction)
        other.take(introduction)
    one.take(extra)
    one.take_back(extra)
    hosts = ["a.test", "bb.test", "ccc.test", "cc0c.test"]
    assert [other.knows_domain(host) for host in hosts] == [one.knows_domain(host) for host in hosts]
    assert [other.imitated_by(host) for host in hosts] == [one.imitated_by(host) for host in hosts]
    assert sorted(other.save()) == sorted(one.save())


def test_saved_is_loaded() -> None:
    """Everything is the same after save and load, for the same key."""
    taught = Acquaintances(OURS, b"key")
    taught.take(taught.introduction_of(wanted()))
    loaded = Acquaintances.load(taught.save(), b"key")
    assert taught.save() == loaded.save()
    assert loaded.is_ours(ADA)
    assert loaded.knows_address(Address("", "Grace0@lagoon0.example"))
    assert "lagoon0.example" == loaded.imitated_by("lagoon0-login.test")


def test_introduction_is_kept_as_octets() -> None:
    """Parse ∘ to_octets is the identity."""
    introduced = Acquaintances(OURS).introduction_of(wanted())
    assert introduced == Introduction.parse(introduced.to_octets())


@given(st.binary(max_size=60))
def test_damaged_octets_are_refused(octets: bytes) -> None:
    """Only ValueError escapes, from anything that was not saved."""
    with suppress(ValueError):
        Acquaintances.load(b"SCoP acquaintances 1\n" + octets)
    with suppress(ValueError):
        Introduction.parse(octets)
    with pytest.raises(ValueError, match="no acquaintances"):
        Acquaintances.load(octets)


def test_tables_are_bounded_and_keep_what_is_frequent() -> None:
    """Where a table is full, what was taught seldom and long ago is forgotten, and no longer imitated."""
    acquaintances = Acquaintances()
    for _ in range(3):
        acquaintances.take(Introduction("frequent.test", "f", (), (), ()))
    for number in range(MAX_DOMAINS):
        acquaintances.take(Introduction(f"number{number}.test", str(number), (), (), ()))
    assert acquaintances.knows_domain("frequent.test")
    assert not acquaintances.knows_domain("number0.test")
    assert acquaintances.knows_domain(f"number{MAX_DOMAINS - 1}.test")
    assert "" == acquaintances.imitated_by("number0-login.test")
    assert "frequent.test" == acquaintances.imitated_by("frequent-login.test")


def test_domains_become_ours_and_others() -> None:
    """What is ours is imitated; what is no longer, and was never taught, is not."""
    acquaintances = Acquaintances(OURS)
    assert "harbor.test" == acquaintances.imitated_by("harb0r.test")
    acquaintances.belong_to(("mail.lagoon.example",))
    acquaintances.belong_to(())
    assert ("", "lagoon.example") == (
        acquaintances.imitated_by("harb0r.test"),
        acquaintances.imitated_by("1agoon.test"),
    )


def test_classifier_knows_whom_ham_introduced() -> None:
    """Ham teaches whom we know, taking it back unlearns that; the verdict brings what looks like phishing."""
    classifier = Classifier()
    ham, phish = (
        f"From: Grace <g@{domain}>\r\n\r\nHello\r\n".encode() for domain in ("lagoon.example", "lag0on.example")
    )
    lesson = classifier.lesson_of(ham, Label.HAM)
    classifier.take(lesson)
    reasons = ["“lag0on.example” looks like lagoon.example and is not."]
    assert reasons == [one.reason for one in Classifier.load(classifier.save()).classify(phish).suspicions]
    classifier.take_back(lesson)
    assert () == classifier.classify(phish).suspicions
    assert None is classifier.lesson_of(phish, Label.SPAM).introduction
