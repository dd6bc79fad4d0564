"""Seals that must not pass, and those that pass with a remark."""

import base64
import contextlib
import hashlib
import itertools

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from fakes.dkim_keys import ed25519_key, published, rsa_key
from scop.base import RemoteProtocolError
from scop.dkim import DkimResult, DkimWord, SigningKey, canonical_header, parse_signature, public_record, sign, verify
from scop.dns import TIMEOUT, TXT, StaticNames, run

NOW = 1_800_000_000
MAIL = b"From: ann@lagoon.test\r\nSubject: tide\r\n\r\nHigh water at nine.\r\n"


def judged(octets: bytes, names: StaticNames | None = None) -> DkimResult:
    """Return the one result of a mail with one signature."""
    (result,) = run(verify(octets, now=NOW), names or published([ed25519_key(), rsa_key()]))
    return result


def sealed(tags: str, *, key: SigningKey | None = None, mail: bytes = MAIL) -> bytes:
    """Return a mail with a seal whose field is written by hand; `tags` end before b=."""
    key = key or ed25519_key()
    own = f"DKIM-Signature: v=1; d=lagoon.test; s={key.selector}; c=relaxed/simple; {tags}; b=".encode()
    signed = canonical_header(b"From: ann@lagoon.test\r\n", "relaxed") + canonical_header(own, "relaxed")
    return own + base64.b64encode(key.sign(signed)) + b"\r\n" + mail


def body_hash(octets: bytes) -> str:
    """Return bh= of octets."""
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


WHOLE = body_hash(b"High water at nine.\r\n")
GOOD = f"a=ed25519-sha256; h=from; bh={WHOLE}"


@pytest.mark.parametrize("word", list(DkimWord))
def test_dkim_result_by_hand_holds_a_word_of_the_registry(word: DkimWord) -> None:
    """A result made of a plain string is the enumeration's own member (RFC 8601 §2.7.1)."""
    assert word is DkimResult(result=str(word), domain="lagoon.test").result  # type: ignore[arg-type]  # as a caller may
    with pytest.raises(ValueError, match="Pass"):
        DkimResult(result="Pass")  # type: ignore[arg-type]  # the same


def test_verify_a_seal_by_hand_passes() -> None:
    """The ground on which the other tests stand."""
    assert "pass" == judged(sealed(GOOD)).result


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (f"a=rsa-sha1; h=from; bh={WHOLE}", "algorithm rsa-sha1 not accepted"),
        (f"a=rsa-sha256; h=from; bh={WHOLE}", "the key is not for rsa-sha256"),
        (f"{GOOD}; x={NOW - 1}", "signature expired"),
        (f"{GOOD}; t={NOW + 7200}", "signature of the future"),
        (f"{GOOD}; t=5; x=5", "x= is not after t="),
        (f"{GOOD}; t=5; x=4", "x= is not after t="),
        (f"{GOOD}; i=ann@other.test", "i= is not within d="),
        (f"{GOOD}; i=ann@xlagoon.test", "i= is not within d="),
        (f"{GOOD}; l=22", "l= is more than the body has"),
        (f"{GOOD}; l=-1", "l= is no number"),
        (f"{GOOD}; q=finger", "q= names no way to the key that we know"),
        (f"{GOOD}; h=from", "tag h= more than once"),
        (f"a=ed25519-sha256; h=subject; bh={WHOLE}", "From is not signed"),
        ("a=ed25519-sha256; h=from; bh=*", "bh= is no base64"),
        ("a=ed25519-sha256; h=from", "signature lacks bh="),
    ],
)
def test_verify_permanent_errors(tags: str, reason: str) -> None:
    """RFC 6376 §6.1.1, RFC 8301 §3.1: a seal that breaks a rule is as none, though the arithmetic is right."""
    result = judged(sealed(tags))
    assert ("permerror", reason) == (result.result, result.reason)


def test_verify_reports_what_l_leaves_open() -> None:
    """RFC 6376 §8.2: octets below l= can be anybody's."""
    result = judged(sealed(f"a=ed25519-sha256; h=from; l=4; bh={body_hash(b'High')}"))
    assert ("pass", 17, "17 octets of the body are not signed") == (
        result.result,
        result.unsigned_octets,
        result.reason,
    )


def test_verify_small_rsa_keys_never_pass() -> None:
    """RFC 8301 §3.2: less than 1024 bits is permerror, 1024 passes."""
    small = rsa.generate_private_key(65537, 1024)
    key = SigningKey("lagoon.test", "small", small)
    tags = f"a=rsa-sha256; h=from; bh={WHOLE}"
    assert "pass" == judged(sealed(tags, key=key), published([key])).result
    # 1023 bits: the same form of key, its modulus halved (nobody needs to be able to sign with it)
    numbers = rsa.RSAPublicNumbers(65537, (small.public_key().public_numbers().n >> 1) | 1).public_key()
    octets = numbers.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = TXT.of(b"v=DKIM1; p=" + base64.b64encode(octets))
    result = judged(sealed(tags, key=key), StaticNames({(key.record_name, "TXT"): [record]}))
    assert ("permerror", "RSA key of 1023 bits") == (result.result, result.reason)


def ed25519_record(before: str, after: str = "") -> str:
    """Return a key record with other tags around p=."""
    return before + public_record(ed25519_key()).rpartition("; ")[2] + after


@pytest.mark.parametrize(
    ("record", "result", "reason"),
    [
        ("v=DKIM1; k=ed25519; p=", "permerror", "key revoked"),
        ("v=DKIM1; k=ed25519", "permerror", "key record without p="),
        ("v=DKIM1; k=ed25519; p=AAAA", "permerror", "p= holds no ed25519 key"),
        ("v=DKIM1; k=rsa; p=AAAA", "permerror", "p= holds no rsa key"),
        (ed25519_record("v=DKIM2; k=ed25519; "), "permerror", "v= is not DKIM1 or not the first tag of the key record"),
        (
            ed25519_record("k=ed25519; ", "; v=DKIM1"),
            "permerror",
            "v= is not DKIM1 or not the first tag of the key record",
        ),
        (ed25519_record("k=ed25519; s=tlsrpt; "), "permerror", "key is not for mail"),
        (ed25519_record("k=ed25519; h=sha1; "), "permerror", "key is not for sha256"),
        (ed25519_record("k=falcon; "), "permerror", "k=falcon does not name the kind of the key"),
        (ed25519_record("k=ed25519; t=s; "), "permerror", "i= names a subdomain and the key forbids it"),
        (ed25519_record("k=ed25519; t=y; s=other:email; ", "; n=x;"), "pass", ""),
        (ed25519_record("k=ed25519; g=nobody; h=sha1 : sha256; t=x; new=1; "), "pass", ""),
        (ed25519_record("v = DKIM1 ;\r\n k = ed25519; "), "pass", ""),
        (ed25519_record("k=ed25519; k=ed25519; "), "permerror", "tag k= more than once"),
    ],
    ids=itertools.count(),  # the keys are made anew by each test process, so the records cannot be names
)
def test_verify_key_records(record: str, result: str, reason: str) -> None:
    """RFC 6376 §3.6.1: what its owner says about a key holds."""
    names = StaticNames({(ed25519_key().record_name, "TXT"): [TXT.of(record.encode())]})
    actual = judged(sealed(f"{GOOD}; i=@shore.lagoon.test"), names)
    assert (result, reason, "t=y" in record) == (actual.result, actual.reason, actual.is_testing)


def test_verify_tries_several_records_of_one_name() -> None:
    """RFC 6376 §6.1.2 (4): a stranger's TXT record beside the key does no harm."""
    records = [TXT.of(b"hello"), TXT.of(public_record(ed25519_key()).encode())]
    assert "pass" == judged(sealed(GOOD), StaticNames({(ed25519_key().record_name, "TXT"): records})).result


def test_verify_tries_every_key_of_one_name_that_fits() -> None:
    """RFC 6376 §6.1.2 (4): neither a key of another kind nor another key of the same kind hides the right one."""
    other = SigningKey("lagoon.test", "ed", ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    records = [TXT.of(public_record(key).encode()) for key in (rsa_key(), other, ed25519_key())]
    names = StaticNames({(ed25519_key().record_name, "TXT"): records})
    assert "pass" == judged(sealed(GOOD), names).result
    assert "fail" == judged(sealed(GOOD), StaticNames({(other.record_name, "TXT"): records[:2]})).result


@pytest.mark.parametrize(("before", "result"), [(3, "pass"), (4, "permerror")])
def test_verify_tries_a_bounded_number_of_records(before: int, result: str) -> None:
    """RFC 6376 §6.1.2 (4): four of five."""
    records = [TXT.of(b"hello")] * before + [TXT.of(public_record(ed25519_key()).encode())]
    assert result == judged(sealed(GOOD), StaticNames({(ed25519_key().record_name, "TXT"): records})).result


@pytest.mark.parametrize(("ahead", "result"), [(3600, "pass"), (3601, "permerror")])
def test_verify_lets_clocks_differ_by_an_hour(ahead: int, result: str) -> None:
    """A seal may be a little younger than now."""
    assert result == judged(sealed(f"{GOOD}; t={NOW + ahead}")).result


@pytest.mark.parametrize(("bits", "result"), [(8192, "fail"), (8193, "permerror")])
def test_verify_bounds_the_size_of_keys(bits: int, result: str) -> None:
    """A larger key would cost us more than it protects; a bounded one is tried."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    octets = numbers.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    names = StaticNames({(rsa_key().record_name, "TXT"): [TXT.of(b"v=DKIM1; p=" + base64.b64encode(octets))]})
    assert result == judged(sealed(f"a=rsa-sha256; h=from; bh={WHOLE}", key=rsa_key()), names).result


def test_verify_a_seal_covers_others_of_its_name_and_not_itself() -> None:
    """RFC 6376 §3.5, h=: of the fields called DKIM-Signature the one under judgement is none."""
    below = sealed(GOOD)
    first = below.removesuffix(MAIL)
    tags = f"a=ed25519-sha256; h=dkim-signature:dkim-signature:from; bh={WHOLE}"
    own = f"DKIM-Signature: v=1; d=lagoon.test; s=ed; c=relaxed/simple; {tags}; b=".encode()
    signed = b"".join(canonical_header(field, "relaxed") for field in (first, b"From: ann@lagoon.test\r\n", own))
    above = own + base64.b64encode(ed25519_key().sign(signed)) + b"\r\n"
    names = published([ed25519_key()])
    results = [
        [one.result for one in run(verify(mail, now=NOW), names)]
        for mail in (above + below, above + MAIL, above + first + below)
    ]
    assert [["pass", "pass"], ["fail"], ["fail", "pass", "pass"]] == results


def test_verify_tells_signatures_apart() -> None:
    """RFC 6008 §3: the first eight characters of b=."""
    mail = sealed(GOOD)
    assert mail.rpartition(b"; b=")[2][:8].decode() == judged(mail).signature_start


def test_verify_no_key_and_no_answer() -> None:
    """A name that is not there is permanent, silence is temporary."""
    nothing = StaticNames({})
    silence = StaticNames({(ed25519_key().record_name, "TXT"): TIMEOUT})
    assert ["permerror", "temperror"] == [judged(sealed(GOOD), names).result for names in (nothing, silence)]


def test_verify_judges_a_bounded_number_of_seals() -> None:
    """RFC 6376 §8.4: eight of nine."""
    field = sealed(GOOD).removesuffix(MAIL)
    names = published([ed25519_key()])
    assert [8, 8] == [len(run(verify(field * count + MAIL, now=NOW), names)) for count in (8, 9)]


@pytest.mark.parametrize(("more", "results"), [(0, ["pass"] * 2), (1, ["permerror"])])
def test_verify_looks_for_seals_in_a_bounded_header(more: int, results: list[str]) -> None:
    """RFC 6376 §8.4: in 1 MiB of it and not in an octet more, so that nobody pays for cutting a huge one."""
    mail = sealed(GOOD).removesuffix(MAIL) + sealed(GOOD)
    field = b"X:" + b"x" * ((1 << 20) - mail.index(b"\r\n\r\n") - len(b"X:\r\n") + more) + b"\r\n"
    names = published([ed25519_key()])
    assert results == [one.result for one in run(verify(field + mail, now=NOW), names)]
    assert () == run(verify(field * 2 + MAIL, now=NOW), names)


def test_verify_a_mail_without_seals_has_no_results() -> None:
    """Nothing is asked."""
    assert () == run(verify(MAIL, now=NOW), StaticNames({}))


@given(st.binary(max_size=200))
def test_verify_never_raises(octets: bytes) -> None:
    """Octets of any kind give results."""
    run(verify(b"DKIM-Signature: " + octets, now=NOW), StaticNames({}))
    run(verify(sign(MAIL, [ed25519_key()], now=NOW)[:-60] + octets, now=NOW), published([ed25519_key()]))


@given(st.text(st.sampled_from("vabdhs=1;: \t\r\n@.xq"), max_size=60))
def test_verify_parser_raises_one_thing_only(text: str) -> None:
    """Only `RemoteProtocolError` leaves the parser of a field."""
    with contextlib.suppress(RemoteProtocolError):
        parse_signature(f"DKIM-Signature: {text}".encode())
