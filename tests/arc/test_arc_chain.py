"""Chains that we seal ourselves, whole and then broken by each rule."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.arc_chains import MAIL, NAMES, NOW, carried, chain_of, judged, resealed
from fakes.dkim_keys import ed25519_key, published, rsa_key
from scop.arc import ArcResult, ArcWord, validate
from scop.dkim import public_record
from scop.dns import TIMEOUT, TXT, StaticNames, run

TWO = chain_of(2)
FIELD = rb"(?ms)^ARC-%s: (?:(?!\r\n\S).)*?\bi=%d\b.*?\r\n(?=\S)"


def without(mail: bytes, name: str, instance: int) -> bytes:
    """Return a mail that lacks one field of one set."""
    pattern = FIELD % (name.encode(), instance)
    changed = re.sub(pattern, b"", mail, count=1)
    assert changed != mail
    return changed


def doubled(mail: bytes, name: str, instance: int) -> bytes:
    """Return a mail that has one field of one set twice."""
    found = re.search(FIELD % (name.encode(), instance), mail)
    assert found is not None
    return found[0] + mail


def test_arc_chain_of_none_is_none() -> None:
    """RFC 8617 §5.2 (1): a mail that nobody sealed, and no question is asked."""
    assert ArcResult(ArcWord.NONE) == judged(MAIL, StaticNames({}))


@pytest.mark.parametrize("count", [1, 2, 50])
def test_arc_chain_of_our_own_sealing_passes(count: int) -> None:
    """RFC 8617 §4.2.1: up to fifty sets, each with who sealed it and what he says."""
    says = "dkim=pass header.d=harbor.test"
    results = [f"mx.lagoon.test;\tarc={'pass' if number else 'none'}; {says}" for number in range(count)]
    assert ArcResult(ArcWord.PASS, ("lagoon.test",) * count, tuple(results)) == judged(chain_of(count))


def test_arc_chain_of_fifty_gets_no_further_set() -> None:
    """RFC 8617 §4.2.1: there is no instance 51, and a mail that has one is broken."""
    full = chain_of(50)
    assert full == carried(full, "pass")
    more = b"".join(field + b": i=51; x; none\r\n" for field in (b"ARC-Authentication-Results",) * 51)
    assert "more than 50 sets" == judged(more + MAIL).reason


def test_arc_chain_may_have_keys_of_both_kinds() -> None:
    """RFC 8463 §1: an RSA seal above an Ed25519 one."""
    assert ArcWord.PASS is judged(carried(carried(MAIL, "none"), "pass", key=rsa_key())).result


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "body": (lambda: TWO + b"more\r\n", "message signature 2: body hash did not verify"),
    "subject": (lambda: TWO.replace(b"tide", b"tied"), "message signature 2 did not verify"),
    "added from": (lambda: b"From: eve@x.test\r\n" + TWO, "message signature 2 did not verify"),
    "results of the first": (lambda: _first(TWO, b"dkim=pass", b"dkim=fail", last=True), "seal 2 did not verify"),
    "results of the last": (lambda: _first(TWO, b"dkim=pass", b"dkim=fail"), "seal 2 did not verify"),
    "first seal": (lambda: _first(TWO, b"t=1800000000", b"t=1800000001", last=True), "seal 2 did not verify"),
    "no seal": (lambda: without(TWO, "Seal", 1), "a set lacks one of its fields"),
    "no signature": (lambda: without(TWO, "Message-Signature", 2), "a set lacks one of its fields"),
    "no results": (lambda: without(TWO, "Authentication-Results", 1), "a set lacks one of its fields"),
    "first set gone": (lambda: _without_set(TWO, 1), "the instances of its sets are not 1 to n"),
    "last set twice": (lambda: _twice(TWO, 2), "the instances of its sets are not 1 to n"),
    "two seals of one set": (
        lambda: doubled(without(TWO, "Seal", 1), "Seal", 2),
        "the instances of its sets are not 1 to n",
    ),
    "instance 0": (lambda: TWO.replace(b"i=1;", b"i=0;"), "i=0 is no instance"),
    "instance 51": (lambda: TWO.replace(b"i=1;", b"i=51;"), "i=51 is no instance"),
    "instance of three digits": (lambda: TWO.replace(b"i=1;", b"i=001;"), "i=00 is no instance"),
    "no instance": (lambda: TWO.replace(b"i=1;", b"i=one;"), "i= is no instance"),
    "cv=none above": (lambda: TWO.replace(b"cv=pass", b"cv=none"), "seal 2 says cv=none"),
    "cv=pass below": (lambda: TWO.replace(b"cv=none", b"cv=pass"), "seal 1 says cv=pass"),
    "cv=fail below": (lambda: TWO.replace(b"cv=none", b"cv=fail"), "seal 1 says cv=fail"),
    "cv=fail": (lambda: TWO.replace(b"cv=pass", b"cv=fail"), "the last seal says that the chain was broken"),
    "cv of no word": (lambda: TWO.replace(b"cv=pass", b"cv=maybe"), "cv=maybe is no status of a chain"),
    "no cv": (lambda: TWO.replace(b"cv=pass;", b""), "signature lacks cv="),
    "a seal with h=": (lambda: TWO.replace(b"cv=pass;", b"cv=pass; h=from;"), "a seal with h="),
    "a tag twice": (lambda: TWO.replace(b"cv=pass;", b"cv=pass; cv=pass;"), "tag cv= more than once"),
    "sha-1": (lambda: TWO.replace(b"a=ed25519-sha256", b"a=rsa-sha1", 1), "algorithm rsa-sha1 not accepted"),
    "another kind of key": (
        lambda: resealed(chain_of(1), lambda field: field.replace(b"ed25519-", b"rsa-")),
        "the key is not for rsa-sha256",
    ),
    "a name that is none": (
        lambda: TWO.replace(b"d=lagoon.test", b"d=(lagoon.test", 1),
        "d=(lagoon.test is no name of a host",
    ),
    "a signature over seals": (
        lambda: TWO.replace(b"h=from:", b"h=from:arc-seal:", 1),
        "a message signature that covers seals",
    ),
    "a signature without from": (lambda: TWO.replace(b"h=from:from:", b"h=to:to:", 1), "From is not signed"),
    "part of the body": (
        lambda: resealed(chain_of(1), lambda field: field.replace(b"i=1;", b"i=1; l=4;")),
        "message signature 1 does not cover the whole body",
    ),
    "expired": (
        lambda: resealed(chain_of(1), lambda field: field.replace(b"t=1800000000", b"t=1700000000; x=1799999999")),
        "signature expired",
    ),
    "of the future": (
        lambda: resealed(chain_of(1), lambda field: field.replace(b"t=1800000000", b"t=1800003601")),
        "signature of the future",
    ),
    "a huge header": (
        lambda: b"X: " + b"x" * (1 << 20) + b"\r\n" + TWO,
        "a chain in a header of more than 1048576 octets",
    ),
    "a huge field": (
        lambda: b"ARC-Seal: i=3; x=" + b"x" * 65_536 + b"\r\n" + without(TWO, "Seal", 2),
        "a field of more than 65536 octets",
    ),
    "results that are no text": (lambda: TWO.replace(b"mx.lagoon", b"\xff.lagoon", 1), "a field that is no UTF-8"),
    "results without an instance": (lambda: TWO.replace(b"Results: i=2;", b"Results: mx;", 1), "'i' wanted at 'mx;"),
}


def _first(mail: bytes, old: bytes, new: bytes, *, last: bool = False) -> bytes:
    return mail.replace(old, new, 1) if not last else new.join(mail.rsplit(old, 1))


def _without_set(mail: bytes, instance: int) -> bytes:
    for name in ("Seal", "Message-Signature", "Authentication-Results"):
        mail = without(mail, name, instance)
    return mail


def _twice(mail: bytes, instance: int) -> bytes:
    for name in ("Authentication-Results", "Message-Signature", "Seal"):
        mail = doubled(mail, name, instance)
    return mail


@pytest.mark.parametrize("how", BROKEN)
def test_arc_chain_breaks_by_each_rule(how: str) -> None:
    """RFC 8617 §5.2: whatever is wrong, the chain fails, for a reason of its own, and vouches for nobody."""
    make, reason = BROKEN[how]
    result = judged(make())
    assert (ArcWord.FAIL, (), (), False) == (result.result, result.sealers, result.results, result.is_temporary)
    assert result.reason.startswith(reason), result.reason


REVOKED = public_record(ed25519_key()).partition("p=")[0] + "p="


@pytest.mark.parametrize(
    ("records", "reason", "is_temporary"),
    [
        ([], "no key for signature", False),
        ([TXT.of(REVOKED.encode())], "key revoked", False),
        ([TXT.of(public_record(rsa_key()).encode())], "the key is not for ed25519-sha256", False),
        (TIMEOUT, "the key could not be asked for", True),
    ],
    ids=["none", "revoked", "other", "silence"],
)
def test_arc_chain_without_its_key_fails(records: list[TXT], reason: str, is_temporary: bool) -> None:
    """RFC 8617 §5.2.1: all failures are permanent, also of the DNS; which one it was is told beside."""
    names = StaticNames({(ed25519_key().record_name, "TXT"): records})
    assert ArcResult(ArcWord.FAIL, reason=reason, is_temporary=is_temporary) == judged(TWO, names)


def test_arc_chain_asks_for_each_key_once() -> None:
    """RFC 8617 §9.3: a long chain of one sealer costs one question."""
    check = validate(chain_of(20), now=NOW)
    question = next(check)
    with pytest.raises(StopIteration) as ended:
        check.send(NAMES.answer(question))
    assert ArcWord.PASS is ended.value.value.result


@pytest.mark.parametrize(("changed_by", "oldest"), [(0, 0), (2, 2), (3, 3)], ids=["nobody", "the second", "the third"])
def test_arc_chain_tells_since_when_the_mail_is_unchanged(changed_by: int, oldest: int) -> None:
    """RFC 8617 §5.2 (5): the first set from which on every message signature holds, 0 for all."""
    mail = MAIL
    for number in range(3):
        mail += b"A footer.\r\n" if number + 1 == changed_by else b""
        mail = carried(mail, "pass" if number else "none")
    assert (ArcWord.PASS, oldest) == (judged(mail).result, judged(mail).oldest_pass)


@pytest.mark.parametrize(("more", "word"), [(0, ArcWord.PASS), (1, ArcWord.FAIL)])
def test_arc_chain_is_looked_for_in_a_bounded_header(more: int, word: ArcWord) -> None:
    """RFC 8617 §9.3: in 1 MiB of it and not in an octet more, since each signature may cover all of it."""
    header_octets = TWO.index(b"\r\n\r\n")
    assert word is judged(b"X:" + b"x" * ((1 << 20) - header_octets - len(b"X:\r\n") + more) + b"\r\n" + TWO).result


def test_arc_chain_ignores_a_version() -> None:
    """RFC 8617 §4.1.2: v= is not defined, and what is not defined is ignored."""
    mail = resealed(chain_of(1), lambda field: field.replace(b"i=1;", b"i=1; v=7;"))
    assert ArcWord.PASS is judged(mail).result


def test_arc_chain_ignores_tags_of_a_seal_that_nobody_knows() -> None:
    """RFC 6376 §3.2: unknown tags mean nothing, in seals too; only h= is forbidden."""
    mail = resealed(chain_of(1), lambda field: field, lambda field: field.replace(b"i=1;", b"i=1; c=simple; zz=1;"))
    assert ArcWord.PASS is judged(mail).result


@pytest.mark.parametrize("space", [b" i = 1 ;", b"\r\n\ti=1;", b" (first) i (of) = (all) 1 (sets) ;", b"i=01;"])
def test_arc_chain_results_may_have_comments_before_the_instance(space: bytes) -> None:
    """RFC 8617 §4.1.1: comments and folding stand around each part of an instance."""
    fields = carried(MAIL, "none").replace(b"Results: i=1;", b"Results:" + space)
    result = judged(resealed(fields, lambda field: field))
    assert (ArcWord.PASS, 1) == (result.result, len(result.results))


@settings(max_examples=40)
@given(
    st.sampled_from([b"ARC-Seal: ", b"ARC-Message-Signature: ", b"ARC-Authentication-Results: "]),
    st.lists(st.sampled_from([b"i=1", b";", b" ", b"cv=none", b"a=rsa-sha256", b"b=AAAA", b"\xff", b"(", b"d=a.b"])),
)
def test_arc_chain_of_any_octets_has_an_outcome(name: bytes, pieces: list[bytes]) -> None:
    """Nothing is raised, and nothing of the kind passes."""
    field = name + b"".join(pieces) + b"\r\n"
    assert ArcWord.FAIL is judged(field + MAIL).result
    assert ArcWord.FAIL is run(validate(field + TWO, now=NOW), NAMES).result


@settings(max_examples=25)
@given(st.lists(st.binary(max_size=20), max_size=4).map(b"\r\n".join))
def test_arc_chain_holds_for_any_body(body: bytes) -> None:
    """What was sealed verifies, whatever it is."""
    mail = b"From: ann@harbor.test\r\n\r\n" + body
    assert ArcWord.PASS is judged(carried(carried(mail, "none"), "pass"), published([ed25519_key()])).result
