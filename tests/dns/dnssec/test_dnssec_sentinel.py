"""Names that show which keys of the root are trusted."""

from typing import cast

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.dns import A, Question
from scop.dns.asking import Step
from scop.dns.dnssec.sentinel import sentinel_objection
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.known import Known
from scop.dns.rdata import DS
from scop.dns.words import Security

TAG = 20326
ANCHORS = Anchors({"": (DS(TAG, 8, 2, b"\1" * 32),), "test": (DS(4711, 8, 2, b"\1" * 32),)})


def judged(step: Step[Known]) -> Known:
    """Return what a judge says that has nobody to ask."""
    try:
        next(step)
    except StopIteration as ended:
        return cast(Known, ended.value)
    raise AssertionError("it asks")


@pytest.mark.parametrize(
    ("name", "type_", "is_refused"),
    [
        ("root-key-sentinel-is-ta-20326.test", "A", False),
        ("root-key-sentinel-is-ta-20326.test", "AAAA", False),
        ("root-key-sentinel-not-ta-20326.test", "A", True),
        ("root-key-sentinel-is-ta-04711.test", "A", True),
        ("root-key-sentinel-not-ta-04711", "AAAA", False),
        ("root-key-sentinel-not-ta-20326.test", "TXT", False),
        ("www.root-key-sentinel-not-ta-20326.test", "A", False),
        ("root-key-sentinel-is-ta-4711.test", "A", False),
        ("root-key-sentinel-is-ta-004711.test", "A", False),
        ("www.test", "A", False),
    ],
)
def test_sentinel_names_are_answered_by_the_anchors_of_the_root(name: str, type_: str, *, is_refused: bool) -> None:
    """RFC 8509 §2.1 and §2.2: addresses at a leftmost label with five digits, and no other."""
    assert is_refused is (sentinel_objection(Question(name, type_), ANCHORS) is not None)
    assert sentinel_objection(Question(name, type_), Anchors({"test": ANCHORS.positive["test"]})) is None


def test_sentinel_makes_a_secure_answer_one_that_is_not_given() -> None:
    """RFC 8509 §2.2: SERVFAIL, as for what is bogus."""
    name = "root-key-sentinel-is-ta-00001"
    signed = SignedZone("", {(name, "A"): (A("192.0.2.1"),)})
    world, question = SignedWorld(signed), Question(name, "A")
    step = Validator(Anchors(world.anchors("")), JumpingClock(NOW)).judge(question, world.known(question), world.find)
    assert judged(step).security is Security.BOGUS
