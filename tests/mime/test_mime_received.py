"""Received: the hops that the hosts of the world write, and what programs ask of them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import Limits
from scop.mime.defects import DefectKind
from scop.mime.fields.dates import UNKNOWN_ZONE
from scop.mime.fields.received import Clause, Received, parse_received, write_received

_DATE = datetime.datetime(2024, 1, 24, 12, 0, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
_POSTFIX_TEXT = (
    "from mx.harbor.test (mail.harbor.test [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
    " (256/256 bits)) (No client certificate requested) by mx.lagoon.test (Postfix) with ESMTPS id 4ZkQ2v1"
    " for <bob@lagoon.test>"
)
_EXCHANGE_TEXT = (
    "from A.test (10.1.2.3) by B.test (10.1.2.4) with Microsoft SMTP Server (version=TLS1_2, cipher=X)"
    " id 15.1.2 via Frontend Transport"
)
_POSTFIX = Received(
    (
        Clause("from", "mx.harbor.test", "mail.harbor.test [192.0.2.1]"),
        Clause("", "", "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"),
        Clause("", "", "No client certificate requested"),
        Clause("by", "mx.lagoon.test", "Postfix"),
        Clause("with", "ESMTPS"),
        Clause("id", "4ZkQ2v1"),
        Clause("for", "<bob@lagoon.test>"),
    ),
    _DATE,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{_POSTFIX_TEXT}; Wed, 24 Jan 2024 12:00:01 +0100 (CET)", _POSTFIX),
        (
            "FROM a\tBY b VIA c WITH d ID <e@f> FOR g; Wed, 24 Jan 2024 12:00:01 +0100",
            Received(
                tuple(
                    Clause(name, value)
                    for name, value in zip(
                        ("from", "by", "via", "with", "id", "for"), ("a", "b", "c", "d", "<e@f>", "g"), strict=True
                    )
                ),
                _DATE,
            ),
        ),
        (
            f"{_EXCHANGE_TEXT}; Wed, 24 Jan 2024 12:00:01 +0100",
            Received(
                (
                    Clause("from", "A.test", "10.1.2.3"),
                    Clause("by", "B.test", "10.1.2.4"),
                    Clause("with", "Microsoft SMTP Server", "version=TLS1_2, cipher=X"),
                    Clause("id", "15.1.2"),
                    Clause("via", "Frontend Transport"),
                ),
                _DATE,
            ),
        ),
        (
            "by 10.1.2.3 with SMTP id x; Wed, 24 Jan 2024 12:00:01 +0100",
            Received((Clause("by", "10.1.2.3"), Clause("with", "SMTP"), Clause("id", "x")), _DATE),
        ),
        (
            'from by by with (a; b) for <"c; d"@e>; Wed, 24 Jan 2024 12:00:01 +0100',  # hosts may have such names
            Received((Clause("from", "by"), Clause("by", "with", "a; b"), Clause("for", '<"c; d"@e>')), _DATE),
        ),
        (
            "from x by y tls TLS_AES_128_GCM_SHA256 state quarantine; Wed, 24 Jan 2024 12:00:01 +0100",
            Received(
                (
                    Clause("from", "x"),
                    Clause("by", "y"),
                    Clause("tls", "TLS_AES_128_GCM_SHA256"),  # RFC 8314 §7.4
                    Clause("state", "quarantine"),  # RFC 6729 §3
                ),
                _DATE,
            ),
        ),
        (
            "from x (=?utf-8?q?gr=C3=BC=C3=9F?=) by ü.test (\\(a\\)\t b) with SMTP; Wed, 24 Jan 2024 12:00:01 +0100",
            Received((Clause("from", "x", "grüß"), Clause("by", "ü.test", "(a) b"), Clause("with", "SMTP")), _DATE),
        ),
        (  # qmail
            "(qmail 123 invoked by uid 0); 24 Jan 2024 11:00:01 -0000",
            Received((Clause("", "", "qmail 123 invoked by uid 0"),), _DATE.astimezone(UNKNOWN_ZONE)),
        ),
        ("; Wed, 24 Jan 2024 12:00:01 +0100", Received((), _DATE)),
    ],
)
def test_received_is_read_without_a_defect(text: str, expected: Received) -> None:
    """RFC 5321 §4.4, and the comments and values of several words that hosts write."""
    defects: list[DefectKind] = []
    assert (expected, []) == (parse_received(text, defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from x by y", Received((Clause("from", "x"), Clause("by", "y")))),
        ("from x; by y", Received((Clause("from", "x ;"), Clause("by", "y")))),
        ("from (c) by y", Received((Clause("from", "", "c"), Clause("by", "y")))),
        ("from", Received((Clause("from", ""),))),
        ("words before from x", Received((Clause("", "words before"), Clause("from", "x")))),
        (
            "from x (one) y (two) z by w",
            Received((Clause("from", "x y z", "one"), Clause("", "", "two"), Clause("by", "w"))),
        ),
        ('from "x y', Received((Clause("from", "x y"),))),
        (
            "from x (never closed by y; 1 Jan 2024 00:00 +0000",
            Received((Clause("from", "x", "never closed by y; 1 Jan 2024 00:00 +0000"),)),
        ),
        ("from \udce9 by \0", Received((Clause("from", "\uf7e9"), Clause("by", "\ufffd")))),
        *((text, None) for text in ("", "unknown", "x; y", ")")),
    ],
)
def test_received_where_the_grammar_is_broken(text: str, expected: Received | None) -> None:
    """Every word and every comment is kept; what tells nothing is None."""
    defects: list[DefectKind] = []
    assert (expected, [DefectKind.INVALID_RECEIVED]) == (parse_received(text, defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "helo", "reverse_name", "address"),
    [
        ("from h.test (r.test [192.0.2.1]) by x", "h.test", "r.test", "192.0.2.1"),  # Postfix, Sendmail
        ("from h.test (unknown [192.0.2.1]) by x", "h.test", "", "192.0.2.1"),
        ("from h.test (user@r.test [192.0.2.1] (may be forged)) by x", "h.test", "r.test", "192.0.2.1"),
        ("from h.test (r.test [IPv6:2001:DB8::1]) (using TLS) by x", "h.test", "r.test", "2001:db8::1"),
        ("from r.test ([192.0.2.1] helo=h.test) by x", "h.test", "r.test", "192.0.2.1"),  # Exim
        ("from [192.0.2.1] (helo=h.test) by x", "h.test", "", "192.0.2.1"),
        ("from [192.0.2.1] (port=25 helo=[127.0.0.1]) by x", "[127.0.0.1]", "", "192.0.2.1"),
        ("from r.test (HELO h.test) (192.0.2.1) by x", "h.test", "r.test", "192.0.2.1"),  # qmail
        ("from unknown (HELO h.test) (192.0.2.1) by x", "h.test", "", "192.0.2.1"),
        ("from H.test (192.0.2.1) by x (192.0.2.9)", "H.test", "", "192.0.2.1"),  # Exchange
        ("from [192.0.2.1] by x", "[192.0.2.1]", "", "192.0.2.1"),
        ("from h.test ([999.0.2.1]) by x ([192.0.2.1])", "h.test", "", ""),
        ("by x with SMTP", "", "", ""),
    ],
)
def test_received_tells_of_the_client(text: str, helo: str, reverse_name: str, address: str) -> None:
    """Name, looked-up name and address of the client stand where each host puts them (RFC 5321 §4.4: TCP-info)."""
    hop = parse_received(text)
    assert hop is not None
    assert (helo, reverse_name, address) == (hop.helo, hop.reverse_name, hop.address)


def test_received_tells_of_the_host() -> None:
    """Each clause by its name; "" where it is not there."""
    hop, empty = _POSTFIX, Received(())
    assert ("mx.harbor.test", "mx.lagoon.test", "ESMTPS", "4ZkQ2v1", "bob@lagoon.test") == (
        *(hop.from_, hop.by, hop.protocol, hop.id, hop.for_address),
    )
    assert [""] * 5 == [empty.from_, empty.by, empty.protocol, empty.id, empty.for_address]


_WORDS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_characters='()"\\; \t', exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9),
        st.sampled_from(['"a (b; c"', "<a@b>", "\\(", "[192.0.2.1]"]),
    ).filter(lambda word: word.lower() not in ("from", "by", "via", "with", "id", "for", "tls", "state")),
    min_size=1,
    max_size=3,
).map(" ".join)
_COMMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=90).map(
    lambda text: " ".join(text.split())
)
_CLAUSES = st.builds(Clause, st.sampled_from(["from", "by", "via", "with", "id", "for"]), _WORDS, _COMMENTS)


@given(st.lists(_CLAUSES, max_size=6).map(tuple))
@example((Clause("by", "x", "=?utf-8?q?x?="), Clause("id", "y", "\\( )")))
def test_received_written_and_read_is_the_same(clauses: tuple[Clause, ...]) -> None:
    """Any words and any comments come back, each in its clause."""
    hop = Received(clauses, _DATE)
    assert repr(hop) == repr(parse_received(" ".join(write_received(hop))))


@pytest.mark.parametrize(
    "clause",
    [
        Clause("", ""),
        Clause("with", "a by b"),
        Clause("by", "a  b"),
        Clause("by", "a (b)"),
        Clause("by", '"a'),
        Clause("by", "a", " b"),
        Clause("FROM", "a"),
        Clause("helo", "a"),
        Clause("by", "a\r\nb"),
        Clause("by", "a", "b\r\nc"),
        Clause("by", "a", "b\0"),
        Clause("by", "\udce9"),
        Clause("by", "a; 1 Jan 2024 00:00 +0000"),
    ],
)
def test_received_that_would_be_read_otherwise_is_refused(clause: Clause) -> None:
    """No hop is written that its reader would not see."""
    with pytest.raises(ValueError, match=r"not a hop|line end|surrogates"):
        write_received(Received((clause,)))


@pytest.mark.parametrize("depth", [2, 3])
def test_received_bounds_comments(depth: int) -> None:
    """Comments that nest deeper than the limit take the rest of the field."""
    defects: list[DefectKind] = []
    limits = Limits(comment_depth=depth)
    hop = parse_received("by x (a(b(c))); Wed, 24 Jan 2024 12:00:01 +0100", limits=limits, defects=defects)
    assert hop is not None
    assert (depth == 3, depth == 2) == (hop.date == _DATE, DefectKind.COMMENT_TOO_DEEP in defects)
