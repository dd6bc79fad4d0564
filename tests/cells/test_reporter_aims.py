"""Where TLS reports go: what the record of a destination says, and what is no record."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.cells.reporter.aims import Aim, aim_of_dmarc, aim_of_tls
from scop.dmarc.destinations import MAX_DESTINATIONS
from scop.dns import TXT, Answer, Question, StaticNames


class Answering:
    """A DNS that answers at once."""

    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        """Answer."""
        return self._names.answer(question)


class Said(Answering):
    """A DNS that says one thing."""

    def __init__(self, *texts: bytes, silent: bool = False) -> None:
        name = ("_smtp._tls.sea.test", "TXT")
        super().__init__(StaticNames({name: "TIMEOUT"} if silent else {name: tuple(map(TXT.of, texts))}))


@pytest.mark.parametrize(
    ("texts", "addresses", "unsupported"),
    [
        ((b"v=TLSRPTv1; rua=mailto:t@sea.test",), ["t@sea.test"], []),
        (
            (b"v=TLSRPTv1;rua=mailto:t@Sea.Test , https://sea.test/v1/tls;",),
            ["t@sea.test"],
            ["https://sea.test/v1/tls"],
        ),
        ((b"v=TLSRPTv1; ext=1; rua=mailto:a%2Bb@else.test", b"v=spf1 -all"), ["a+b@else.test"], []),
        ((b"v=TLSRPTv1; rua=mailto:t@sea.test,mailto:t@sea.test",), ["t@sea.test"], []),
        ((b"v=TLSRPTv1; rua=mailto:a..b@sea.test,mailto:%C3%BC@sea.test,mailto:t@sea.test",), ["t@sea.test"], []),
        ((b"v=TLSRPTv1; rua=https://sea.test/\x1b[2J",), [], ["https://sea.test/\\x1b[2J"]),
    ],
    ids=["mail", "https", "extension", "twice", "no addresses", "to a terminal"],
)
async def test_tls_record_names_destinations(
    texts: tuple[bytes, ...], addresses: list[str], unsupported: list[str]
) -> None:
    """RFC 8460 §3.1: any number of URIs, extensions are passed over, and so are other TXT records."""
    aim = await aim_of_tls("sea.test", Said(*texts))
    assert (addresses, unsupported, False) == (list(aim.addresses), list(aim.unsupported), aim.is_open)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((), "sea.test asks for no TLS reports"),
        ((b"v=TLSRPTv2; rua=mailto:t@sea.test",), "sea.test asks for no TLS reports"),
        (
            (b"v=TLSRPTv1; rua=mailto:a@sea.test", b"v=TLSRPTv1; rua=mailto:b@sea.test"),
            "sea.test has 2 TLS-RPT records",
        ),
        ((b"v=TLSRPTv1; rua=",), "the TLS-RPT record of sea.test is malformed: v=TLSRPTv1; rua="),
        (
            (b"v=TLSRPTv1 rua=mailto:t@sea.test",),
            "the TLS-RPT record of sea.test is malformed: v=TLSRPTv1 rua=mailto:t@sea.test",
        ),
    ],
    ids=["none", "another version", "two", "empty", "no semicolon"],
)
async def test_tls_record_that_is_none(texts: tuple[bytes, ...], reason: str) -> None:
    """RFC 8460 §3.1: several records count as none."""
    assert Aim(reasons=(reason,)) == await aim_of_tls("sea.test", Said(*texts))


async def test_reports_go_where_they_can() -> None:
    """RFC 9990 §3.5: malformed URIs are ignored, and so harm no other; there is a limit to how many are served."""
    uris = ("mailto:a..b@sea.test", "mailto:%C3%BC@sea.test", "mailto:x@[sea", "mailto:t@sea.test")
    aim = await aim_of_dmarc("sea.test", uris, Said())
    reasons = (
        "mailto:x@[sea is no mailto address",
        "no mail can be sent to a..b@sea.test",
        "no mail can be sent to ü@sea.test",
    )
    assert (("t@sea.test",), reasons) == (aim.addresses, aim.reasons)


async def test_reports_go_to_few_where_a_destination_names_others() -> None:
    """RFC 9990 §4, step 9: its own record may name many addresses; each is a letter on our disk."""
    record = b"v=DMARC1; rua=" + b",".join(b"mailto:a%d@sky.test" % number for number in range(50))
    names = StaticNames({("sea.test._report._dmarc.sky.test", "TXT"): (TXT.of(record),)})
    aim = await aim_of_dmarc("sea.test", ("mailto:t@sky.test",), Answering(names))
    assert tuple(f"a{number}@sky.test" for number in range(MAX_DESTINATIONS)) == aim.addresses


async def test_tls_record_of_a_silent_dns_is_open() -> None:
    """Nobody said that no report is wanted."""
    assert (await aim_of_tls("sea.test", Said(silent=True))).is_open


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=60).map(b"v=TLSRPTv1".__add__), max_size=3))
async def test_tls_record_may_hold_anything(texts: list[bytes]) -> None:
    """Whatever stands in it, there are addresses, or a reason why there are none."""
    aim = await aim_of_tls("sea.test", Said(*texts))
    assert aim.is_wanted or aim.reasons
