"""Which addresses may stand in an envelope, which in a header field, and why not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address, DefectKind, parse_addresses
from scop.mime.fields.addr_spec import AddrSpecFault, AddrSpecVerdict, check_mailbox

F = AddrSpecFault


@pytest.mark.parametrize(
    ("text", "fault_5321", "fault_5322"),
    [
        ("a@b.test", None, None),
        ('"a b"@b', None, None),
        ('""@b', None, None),
        ("a@[192.0.2.1]", None, None),
        ("a@[012.0.2.1]", None, None),  # RFC 5321 §4.1.3: Snum has one to three digits
        ("a@[ipv6:2001:db8::]", None, None),
        ("a@[IPv6:1:2:3:4:5:6:192.0.2.1]", None, None),
        ("a", F.NO_AT_SIGN, F.NO_AT_SIGN),
        ("", F.NO_AT_SIGN, F.NO_AT_SIGN),
        ("@b", F.NO_LOCAL_PART, F.NO_LOCAL_PART),
        ("(c)@b", F.NO_LOCAL_PART, F.NO_LOCAL_PART),
        ("a@", F.NO_DOMAIN, F.NO_DOMAIN),
        ("a@ (c)", F.NO_DOMAIN, F.NO_DOMAIN),
        ("a..b@c", F.LOCAL_PART, F.LOCAL_PART),
        ('a"b"@c', F.LOCAL_PART, F.LOCAL_PART),
        ("a b@c", F.LOCAL_PART, F.LOCAL_PART),
        ("[a]@c", F.LOCAL_PART, F.LOCAL_PART),
        ("a@b@c", F.DOMAIN, F.DOMAIN),
        ("a@b.", F.DOMAIN, F.DOMAIN),
        ("a@b[1]", F.DOMAIN, F.DOMAIN),
        ('a@"b"', F.DOMAIN, F.DOMAIN),
        ("a,b@c", F.ATEXT, F.ATEXT),
        ("a)@c", F.ATEXT, F.ATEXT),
        ("<a@b>", F.ATEXT, F.ATEXT),
        ('"a@b', F.QUOTED_STRING, F.QUOTED_STRING),
        ('"a\0"@b', F.QUOTED_STRING, F.QUOTED_STRING),
        ("a@[b", F.DOMAIN_LITERAL, F.DOMAIN_LITERAL),
        ("a@[b[c]", F.DOMAIN_LITERAL, F.DOMAIN_LITERAL),
        ("(a@b", F.COMMENT, F.COMMENT),
        ("(a\0)a@b", F.COMMENT, F.COMMENT),
        ("(a\\)a@b", F.COMMENT, F.COMMENT),
        ("a@b\n", F.FWS, F.FWS),
        ("a@b\r\n", F.FWS, F.FWS),
        ("a@b\r\n \r\n (c)", F.CFWS, None),
        ("a(c(d)(e)\\()@b", F.CFWS, None),
        ("a . b@c", F.CFWS, None),
        (" a@b", F.CFWS, None),
        ('a."b"@c', F.OBSOLETE, None),
        ('"\x01"@c', F.OBSOLETE, None),
        ('"\\\0"@c', F.OBSOLETE, None),
        ('"a\r\n b"@c', F.OBSOLETE, None),
        ("a@-b", F.SUB_DOMAIN, None),
        ("a@b_c", F.SUB_DOMAIN, None),
        ("a@[b]", F.ADDRESS_LITERAL, None),
        ("a@[256.0.2.1]", F.ADDRESS_LITERAL, None),
        ("a@[ 192.0.2.1]", F.ADDRESS_LITERAL, None),
        ("a@[x-tag:y]", F.ADDRESS_LITERAL, None),
        ("a@[IPv6:1:2:3:4:5:6:7::]", F.ADDRESS_LITERAL, None),
        ("a@[IPv6:1:2:3:4:5:6:7]", F.ADDRESS_LITERAL, None),
        ("a@[IPv6:1.2.3.4::]", F.ADDRESS_LITERAL, None),
        ("a@[IPv6:1::2%eth0]", F.ADDRESS_LITERAL, None),
        (f"{'a' * 64}@b", None, None),
        (f"{'a' * 65}@b", F.LOCAL_PART_TOO_LONG, None),
        (f"a@{'b' * 63}", None, None),
        (f"a@{'b' * 64}", F.LABEL_TOO_LONG, None),
        (f"a@{'b.' * 127}c", F.MAILBOX_TOO_LONG, None),
        (f"a@{'b.' * 128}c", F.DOMAIN_TOO_LONG, None),
        (f"ab@{'b.' * 125}c", None, None),
        (f"a@{'b.' * 125}cc", None, None),
        (f"ab@{'b.' * 125}cc", F.MAILBOX_TOO_LONG, None),
        ("é@b", F.ATEXT, F.ATEXT),
    ],
)
def test_check_mailbox_names_the_fault(text: str, fault_5321: F | None, fault_5322: F | None) -> None:
    """Each production of RFC 5321 §4.1.2, §4.1.3 and RFC 5322 §3.2, §3.4.1 says no at its own place."""
    assert AddrSpecVerdict(fault_5321, fault_5322) == check_mailbox(text)


@pytest.mark.parametrize(
    ("text", "fault_5321", "fault_5322"),
    [
        ("é@b", None, None),
        ('"é \\\\"@b', None, None),
        ("é@bücher.test", None, None),
        ("a@BÜCHER.test", F.SUB_DOMAIN, None),  # RFC 5890 §2.3.2.1: a U-label is in lower case
        ("a@☃.test", F.SUB_DOMAIN, None),
        ("a@-é.test", F.SUB_DOMAIN, None),
        ("a@b。é", F.SUB_DOMAIN, None),
        ("a@[é]", F.ADDRESS_LITERAL, None),
        ('"\\é"@b', F.OBSOLETE, None),  # RFC 6532 §3.2 widens quoted-pair, RFC 6531 §3.3 does not
        ("(é)a@b", F.CFWS, None),
        (f"{'é' * 32}@b", None, None),
        (f"{'é' * 33}@b", F.LOCAL_PART_TOO_LONG, None),  # RFC 6531 §3.3: octets count
        ("\ud800@b", F.ATEXT, F.ATEXT),
    ],
)
def test_check_mailbox_allows_utf8_where_asked(text: str, fault_5321: F | None, fault_5322: F | None) -> None:
    """RFC 6531 §3.3 and RFC 6532 §3.2 add text beyond ASCII, and U-labels that can be registered."""
    assert AddrSpecVerdict(fault_5321, fault_5322) == check_mailbox(text, utf8=True)


_PIECES = st.sampled_from([*'ab. @()[]"\\<,:é\r\n\t\x01\0', "a@b", '"q r"', "(c)", "[1.2.3.4]", "[IPv6:::]", "\r\n "])


@given(st.lists(_PIECES, max_size=10).map("".join))
def test_check_mailbox_agrees_with_the_reader_of_lists(text: str) -> None:
    """What is an addr-spec is read without a defect, as one address, and never raises (RFC 5322 §3.4.1)."""
    verdict = check_mailbox(text, utf8=True)
    assert verdict.is_valid_5322 or not verdict.is_valid_5321
    kept = not any(pair in text for pair in ("\\\r", "\\\n", "\\\0"))  # these have no place in a value
    if verdict.is_valid_5322 and kept:
        defects: list[DefectKind] = []
        (found,) = parse_addresses(text, defects=defects)
        assert [] == defects
        assert isinstance(found, Address)
        assert found.domain


@pytest.mark.parametrize(("depth", "expected"), [(100, None), (101, F.COMMENT)])
def test_check_mailbox_bounds_comments(depth: int, expected: F | None) -> None:
    """Comments nest as deep as the limit of a parse."""
    assert expected == check_mailbox(f"a@b{'(' * depth}{')' * depth}").fault_5322


@pytest.mark.parametrize(
    "flood", ["a", " ", "\r\n ", "(", "()", "(\\)", '"', '"\\', '" ', "[", "[ ", "a.", "a ", "@", "é"]
)
def test_check_mailbox_takes_linear_time(flood: str) -> None:
    """No address makes the scanner look at a stretch again and again."""

    def seconds(octets: int) -> float:
        text = flood * (octets // len(flood))
        start = time.process_time()
        check_mailbox(text, utf8=True)
        check_mailbox(f"a@{text}", utf8=True)
        return time.process_time() - start

    assert seconds(160_000) < 16 * max(min(seconds(10_000) for _ in range(3)), 0.001) * 5
