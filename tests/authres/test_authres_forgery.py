"""Fields that a sender wrote in our name are removed, however they are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.authres import AuthenticationResults, claims_authserv, remove_forged
from scop.authres.forgery import MAX_FIELDS_READ

US = "mx.harbor.test"

FORGED = {
    "plain": b"Authentication-Results: mx.harbor.test; dmarc=pass\r\n",
    "nothing said": b"Authentication-Results: mx.harbor.test; none\r\n",
    "no result": b"Authentication-Results: mx.harbor.test\r\n",
    "no space": b"Authentication-Results:mx.harbor.test;dmarc=pass\r\n",
    "field name in another case": b"AUTHENTICATION-results: mx.harbor.test; dmarc=pass\r\n",
    "id in another case": b"Authentication-Results: MX.Harbor.TEST; dmarc=pass\r\n",
    "final dot": b"Authentication-Results: mx.harbor.test.; dmarc=pass\r\n",
    "version": b"Authentication-Results: mx.harbor.test 1; dmarc=pass\r\n",
    "quoted": b'Authentication-Results: "mx.harbor.test"; dmarc=pass\r\n',
    "single quotes": b"Authentication-Results: 'mx.harbor.test'; dmarc=pass\r\n",
    "no-break space": b"Authentication-Results: \xc2\xa0mx.harbor.test; dmarc=pass\r\n",
    "quoted pairs": b'Authentication-Results: "mx\\.harbor.te\\st"; dmarc=pass\r\n',
    "folded quoted string": b'Authentication-Results:\r\n\t"mx.harbor.test"\r\n\t; dmarc=pass\r\n',
    "comment before": b"Authentication-Results: (ours (really)) mx.harbor.test; dmarc=pass\r\n",
    "comment behind": b"Authentication-Results: mx.harbor.test(x) 1 (y); dmarc=pass\r\n",
    "folded": b"Authentication-Results:\r\n mx.harbor.test\r\n ;\r\n dmarc=pass\r\n",
    "space before the colon": b"Authentication-Results : mx.harbor.test; dmarc=pass\r\n",
    "name folded from its colon": b"Authentication-Results\r\n : mx.harbor.test; dmarc=pass\r\n",
    "tabs": b"Authentication-Results:\tmx.harbor.test\t;\tdmarc=pass\r\n",
    "bare line feed": b"Authentication-Results: mx.harbor.test; dmarc=pass\n",
    "bare carriage return": b"Authentication-Results: mx.harbor.test; dmarc=pass\r",
    "id broken by a comment": b"Authentication-Results: mx.(and (so) on)harbor.test; dmarc=pass\r\n",
    "id broken by folding": b"Authentication-Results: mx.\r\n\tharbor.test; dmarc=pass\r\n",
    "id half quoted": b'Authentication-Results: mx."harbor".test; dmarc=pass\r\n',
    "unreadable behind our id": b"Authentication-Results: mx.harbor.test dmarc=pass\r\n",
    "comment without end": b"Authentication-Results: (mx.harbor.test; dmarc=pass\r\n",
    "not UTF-8": b"Authentication-Results: (\xff) mx.harbor.test; dmarc=pass\r\n",
    "unreadable and long": b"Authentication-Results: mx.harbor.test; " + b"dmarc=pass " * 7000 + b"\r\n",
}

KEPT = {
    "another server": b"Authentication-Results: mx.lagoon.test; spf=pass\r\n",
    "our name only in a result": b"Authentication-Results: mx.lagoon.test; spf=pass smtp.helo=mx.harbor.test\r\n",
    "our name only in a comment": b"Authentication-Results: mx.lagoon.test (to mx.harbor.test); spf=pass\r\n",
    "a longer name": b"Authentication-Results: amx.harbor.test; spf=pass\r\n",
    "a name below ours": b"Authentication-Results: mx.harbor.test.example; spf=pass\r\n",
    "no id at all": b"Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.test;\r\n",
    "another field": b"ARC-Authentication-Results: i=1; mx.harbor.test; spf=pass\r\n",
    "a longer field name": b"Authentication-Results-Original: mx.harbor.test; spf=pass\r\n",
}

BODY = b"\r\nAuthentication-Results: mx.harbor.test; dmarc=pass\r\nX-SCoP-Spam: ham\r\n\r\n.\r\n"


@pytest.mark.parametrize("spelling", FORGED)
@pytest.mark.parametrize("before", [b"", b"From: a@b.test\r\n", KEPT["another server"]])
def test_every_spelling_of_our_name_is_removed(spelling: str, before: bytes) -> None:
    """A field that may be read as ours goes, its neighbours and the body stay (RFC 8601 §5)."""
    octets = before + FORGED[spelling] + b"Subject: x\r\n" + BODY
    assert before + b"Subject: x\r\n" + BODY == remove_forged(octets, US)


@pytest.mark.parametrize("spelling", KEPT)
def test_fields_of_others_stay(spelling: str) -> None:
    """The results of another server are not ours to remove; the mail itself comes back, not a copy."""
    octets = KEPT[spelling] + b"Subject: x\r\n" + BODY
    assert remove_forged(octets, US) is octets


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        (b"harbor.test", True),
        (b"Imap.Harbor.Test.", True),
        (b'"other.mx.harbor.test" 1', True),
        (b"mx.(x)lagoon.test or harbor.test", True),  # not readable
        (b"scharbor.test", False),
        (b"harbor.test.example", False),
        (b"mx.lagoon.test", False),
    ],
)
def test_every_name_of_our_domain_is_removed(name: bytes, *, is_ours: bool) -> None:
    """RFC 8601 §5: whatever says that it was added within our domain, by a host that exists or by none."""
    octets = b"Authentication-Results: " + name + b"; dmarc=pass\r\n" + BODY
    assert (BODY if is_ours else octets) == remove_forged(octets, US, domain="harbor.test")
    assert remove_forged(octets, US) is octets


@pytest.mark.parametrize("name", [b"X-SCoP-Spam", b"x-scop-disposition", b"X-SCOP-", b"X-SCoP-Spam "])
def test_further_names_are_removed_on_request(name: bytes) -> None:
    """Fields whose names begin as asked go too, with their folded lines."""
    octets = b"From: a@b.test\r\n" + name + b": ham;\r\n\tscore=0\r\nTo: c@d.test\r\n" + BODY
    assert b"From: a@b.test\r\nTo: c@d.test\r\n" + BODY == remove_forged(octets, US, also=(b"x-scop-",))
    assert remove_forged(octets, US) is octets


@pytest.mark.parametrize("octets", [b"", b"\r\n", BODY, b"\n" + FORGED["plain"], b"Subject: x"])
def test_the_body_is_never_touched(octets: bytes) -> None:
    """Only the header is searched, and a mail may have none."""
    assert remove_forged(octets, US, also=(b"x-scop-",)) is octets


@pytest.mark.parametrize("end", [b"\r\r\n", b"\n\n", b"\n\r\n", b"\r\r"])
def test_an_empty_line_of_few_readers_ends_no_search(end: bytes) -> None:
    """Where CRLF alone ends a line, the header goes on to the first empty one of that kind (RFC 5322 §2.1)."""
    field = b"\nAuthentication-Results: mx.harbor.test; dmarc=pass\r\n"
    cleaned = remove_forged(b"X: a" + end + field + b"Y: b\r\n\r\nHello\r\n", "mx.harbor.test")
    assert b"harbor" not in cleaned


def test_a_header_without_an_end_is_searched() -> None:
    """A mail may end within its header."""
    assert b"Subject: x\r\n" == remove_forged(b"Subject: x\r\n" + FORGED["plain"], US)


def test_an_internationalized_name_is_ours_in_both_forms() -> None:
    """U-labels and A-labels name the same server (RFC 8616 §5)."""
    assert claims_authserv(" mx.häfen.test; none", "mx.xn--hfen-loa.test")
    assert claims_authserv(" mx.xn--hfen-loa.test; none", "mx.häfen.test")


@given(st.binary(max_size=300))
def test_removing_is_total_and_idempotent(octets: bytes) -> None:
    """Nothing escapes on any octets, and a cleaned mail has nothing left to remove."""
    cleaned = remove_forged(octets, US)
    assert remove_forged(cleaned, US) is cleaned


@given(st.lists(st.sampled_from([*FORGED.values(), *KEPT.values()]), max_size=6))
def test_exactly_the_forged_fields_go(fields: list[bytes]) -> None:
    """Of any header the forged fields go and the others stay in their order."""
    expected = b"".join(field for field in fields if field in KEPT.values())
    assert expected + b"\r\nbody" == remove_forged(b"".join(fields) + b"\r\nbody", US)


def test_what_we_write_is_ours() -> None:
    """A field of our own making is recognised."""
    assert b"" == remove_forged(AuthenticationResults(US).to_field(), US)


@pytest.mark.parametrize("count", [MAX_FIELDS_READ, MAX_FIELDS_READ + 1])
def test_so_many_fields_are_read_and_no_more(count: int) -> None:
    """Below more fields than any honest mail has, they are removed unread (RFC 8601 §5 lets us remove all)."""
    cleaned = remove_forged(KEPT["another server"] * count + KEPT["a longer field name"] + BODY, US)
    assert KEPT["another server"] * MAX_FIELDS_READ + KEPT["a longer field name"] + BODY == cleaned


def test_removing_is_linear() -> None:
    """A header that only repeats a name, or white space before it, costs no more than its length."""
    for piece in (b"authentication-results ", b"\vauthentication-results:", b"\r", b"\v", b"X: y\r\n"):
        remove_forged(b"X: " + piece * 30_000 + FORGED["plain"] + BODY, US, also=(b"x-scop-",))
