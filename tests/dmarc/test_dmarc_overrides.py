"""Policies put aside: by whom, for what, and in which words it is recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scop.arc import ArcResult, ArcWord
from scop.dmarc import Disposition, DmarcResult, DmarcWord, Override, OverrideWord
from scop.dmarc.overrides import Evidence, OverrideOptions, with_overrides

FAILED = DmarcResult(
    DmarcWord.FAIL, Disposition.REJECT, "lagoon.test", policy=Disposition.REJECT, author_domain="lagoon.test"
)
TRUST = OverrideOptions(trusted_sealers=("lists.test", "Hub.test."))
SEEN = "i=1; lists.test; dmarc=pass (p=reject) header.from=lagoon.test; spf=pass smtp.mailfrom=a@lagoon.test"
LATER = "i=2; hub.test; arc=pass; dmarc=fail header.from=lagoon.test"


def _chain(*pairs: tuple[str, str], result: ArcWord = ArcWord.PASS) -> ArcResult:
    return ArcResult(result, tuple(domain for domain, _ in pairs), tuple(body for _, body in pairs))


def _judged(chain: ArcResult | None, options: OverrideOptions = TRUST) -> DmarcResult:
    return with_overrides(FAILED, Evidence("192.0.2.1", chain=chain), options)


BY_SEAL = Override(OverrideWord.LOCAL_POLICY, "arc=pass as[1].d=lists.test")


def test_a_trusted_sealer_who_saw_a_pass_is_believed() -> None:
    """RFC 8617 §7.2.2: the mail is delivered, the result stays, the report says why."""
    outcome = _judged(_chain(("lists.test", SEEN)))
    assert (DmarcWord.FAIL, Disposition.NONE, (BY_SEAL,)) == (outcome.result, outcome.disposition, outcome.overrides)
    assert Disposition.REJECT is outcome.policy


def test_all_who_had_it_later_have_to_be_trusted_too() -> None:
    """Whoever carried a mail on could have changed it, and sealed what he changed."""
    both = _judged(_chain(("lists.test", SEEN), ("hub.test", LATER)))
    assert "arc=pass as[2].d=hub.test as[1].d=lists.test" == both.overrides[0].comment
    assert FAILED is _judged(_chain(("lists.test", SEEN), ("evil.test", LATER)))
    assert FAILED is _judged(_chain(("evil.test", SEEN), ("hub.test", LATER)))


@pytest.mark.parametrize(
    "body",
    [
        "i=1; lists.test; none",
        "i=1; lists.test; dmarc=fail header.from=lagoon.test",
        "i=1; lists.test; dmarc=pass header.from=evil.test",
        "i=1; lists.test; dmarc=pass header.from=sub.lagoon.test",
        "i=1; lists.test; dmarc=pass",
        "i=1; lists.test; spf=pass smtp.mailfrom=lagoon.test; dkim=pass header.d=lagoon.test",
        "i=1; lists.test; dmarc=fail header.from=lagoon.test; dmarc=pass header.from=lagoon.test",
        'i=1; lists.test; dmarc=fail reason="dmarc=pass header.from=lagoon.test"',
        "i=1; lists.test; x=y (; dmarc=pass header.from=lagoon.test",
        "",
    ],
)
def test_a_sealer_who_says_less_vouches_for_nothing(body: str) -> None:
    """Only one result of DMARC, a pass, for this very author domain counts; what cannot be read is none."""
    assert FAILED is _judged(_chain(("lists.test", body)))


@pytest.mark.parametrize("word", [ArcWord.FAIL, ArcWord.NONE])
def test_a_chain_that_does_not_hold_says_nothing(word: ArcWord) -> None:
    """RFC 8617 §5.2."""
    assert FAILED is _judged(_chain(("lists.test", SEEN), result=word))
    assert FAILED is _judged(None)
    assert FAILED is _judged(_chain(("lists.test", SEEN)), OverrideOptions())


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("192.0.2.1", True),
        ("192.0.2.0/24", True),
        ("192.0.2.2", False),
        ("2001:db8::/32", False),
        ("relay.test", True),
        ("RELAY.test.", True),
        ("test", True),
        ("other.relay.test", False),
        ("y.test", False),
        ("", False),
        ("lagoon.test", False),  # the author's, which nobody authenticated
    ],
)
def test_the_list_names_networks_and_authenticated_domains(entry: str, *, allowed: bool) -> None:
    """A domain counts with all below it, and only where SPF or a signature shows it (RFC 9989 §B.3.1)."""
    evidence = Evidence("::ffff:192.0.2.1", ("relay.test",))
    outcome = with_overrides(FAILED, evidence, OverrideOptions(allow=(entry,)))
    assert allowed is (outcome.disposition is Disposition.NONE)
    assert allowed is (OverrideWord.TRUSTED_FORWARDER in [one.word for one in outcome.overrides])


def test_an_address_that_is_none_is_on_no_list() -> None:
    """A client without an address is nobody we know."""
    assert FAILED is with_overrides(FAILED, Evidence("unknown"), OverrideOptions(allow=("0.0.0.0/0", "::/0")))


@pytest.mark.parametrize("word", [word for word in DmarcWord if word is not DmarcWord.FAIL])
def test_what_did_not_fail_is_left_alone(word: DmarcWord) -> None:
    """There is no policy to put aside."""
    result = replace(FAILED, result=word)
    assert result is with_overrides(result, Evidence("192.0.2.1"), OverrideOptions(allow=("192.0.2.1",)))


def test_whoever_hides_the_author_is_on_no_list() -> None:
    """RFC 9989 §11.5: what readers see is not what was vouched for."""
    evidence = Evidence("192.0.2.1", is_ambiguous=True)
    assert FAILED is with_overrides(FAILED, evidence, OverrideOptions(allow=("192.0.2.1",)))


def test_earlier_overrides_are_kept() -> None:
    """Test mode and a list may both be the reason (RFC 9990 §3.1.6)."""
    testing = Override(OverrideWord.POLICY_TEST_MODE)
    result = replace(FAILED, disposition=Disposition.QUARANTINE, overrides=(testing,))
    outcome = with_overrides(result, Evidence("192.0.2.1"), OverrideOptions(allow=("192.0.2.1",)))
    assert [OverrideWord.POLICY_TEST_MODE, OverrideWord.TRUSTED_FORWARDER] == [one.word for one in outcome.overrides]
