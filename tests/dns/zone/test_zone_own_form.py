"""The form that we write ourselves is read and written as dnspython would, or not at all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.message import Record
from scop.dns.rdata import AAAA, CAA, CNAME, DS, MX, NS, PTR, SOA, SRV, TLSA, TXT, A, Rdata
from scop.dns.zone.master_file import rare_rdata_text, read_any_records
from scop.dns.zone.own_form import rdata_text, read_own_records, write_records

ORIGIN = "p.test"
_labels = st.one_of(st.from_regex(r"[a-z0-9_-]{1,63}", fullmatch=True), st.sampled_from(["*", "a\\.b", 'q"', "\\200"]))
_names = st.one_of(st.lists(_labels, max_size=3).map(lambda labels: ".".join([*labels, ORIGIN])), st.just(""))
_short, _octet, _long = st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 0xFFFF_FFFF)
_rdatas: st.SearchStrategy[Rdata] = st.one_of(
    st.ip_addresses(v=4).map(lambda address: A(str(address))),
    st.ip_addresses(v=6).map(lambda address: AAAA(str(address))),
    st.builds(NS, _names),
    st.builds(PTR, _names),
    st.builds(CNAME, _names),
    st.builds(MX, _short, _names),
    st.builds(SRV, _short, _short, _short, _names),
    st.builds(TXT, st.lists(st.binary(max_size=255), min_size=1, max_size=3).map(tuple)),
    st.builds(TLSA, _octet, _octet, st.just(1), st.binary(min_size=32, max_size=32)),
    st.builds(TLSA, _octet, _octet, st.just(0), st.binary(min_size=1, max_size=100)),
    st.builds(SOA, _names, _names, _long, _long, _long, _long, _long),
    st.builds(CAA, st.just(0), st.just(b"issue"), st.just(b"ca.test; x=1")),
    st.builds(DS, _short, st.just(13), st.just(2), st.binary(min_size=32, max_size=32)),
)
_records = st.builds(Record, _names.filter(bool), st.integers(0, 0x7FFF_FFFF), _rdatas)


def read_by_dnspython(text: str) -> tuple[Record, ...] | None:
    """Return what dnspython reads, None where it refuses."""
    try:
        return read_any_records(text, ORIGIN)
    except RemoteProtocolError:
        return None


@given(_rdatas)
def test_own_form_is_what_dnspython_writes(rdata: Rdata) -> None:
    """No record changes its text with who writes it, so that no history shows changes that are none."""
    assert rare_rdata_text(rdata) == rdata_text(rdata)


@settings(max_examples=60)
@given(st.lists(_records, max_size=4), st.integers(0, 400), st.text('. "\\();@$\n\t0aIN-', max_size=3))
def test_own_form_is_read_as_dnspython_does(records: list[Record], place: int, noise: str) -> None:
    """Whatever is written, and whatever somebody types into it, is read alike, or left to dnspython."""
    whole = write_records(records)
    for text in (whole, whole[:place] + noise + whole[place:], whole[:place] + noise + whole[place + 1 :]):
        found = read_own_records(text, ORIGIN)
        assert found is None or read_by_dnspython(text) == found


def test_own_form_is_read_back() -> None:
    """What a zone usually holds is read without dnspython."""
    rdatas: list[Rdata] = [A("192.0.2.1"), AAAA("2001:db8::1"), MX(5, "mx.p.test"), TXT((b'a "b" \\ \0\xff', b""))]
    records = [Record(f"a{n}.p.test", 60, rdata) for n, rdata in enumerate(rdatas)]
    assert tuple(records) == read_own_records(write_records(records), ORIGIN)


@pytest.mark.parametrize(
    "line",
    [
        "a 60 IN A 192.0.2.1",  # a name that is not full
        "a.p.test. IN A 192.0.2.1",
        "a.p.test. 60 A 192.0.2.1",
        "a.p.test. 2147483648 IN A 192.0.2.1",
        "a.p.test. 60 IN A 192.0.2.256",
        "a.p.test. 60 IN AAAA fe80::1%1",
        "a.q.test. 60 IN A 192.0.2.1",
        "a..p.test. 60 IN A 192.0.2.1",
        f"{'a' * 64}.p.test. 60 IN A 192.0.2.1",
        f"{'a.' * 124}p.test. 60 IN A 192.0.2.1",
        'a.p.test. 60 IN TXT "a" ; a comment',
        'a.p.test. 60 IN TXT "\\256"',
        "a.p.test. 60 IN TXT (",
        "a.p.test. 60 IN CNAME b.p.test.\na.p.test. 60 IN A 192.0.2.1",
        "a.p.test. 60 IN A 192.0.2.1\na.p.test. 61 IN A 192.0.2.2",
        "a.p.test. 60 IN MX 65536 b.p.test.",
        "a.p.test. 60 IN TLSA 3 1 1 aabb",
        "$ORIGIN p.test.",
        "",
    ],
)
def test_own_form_leaves_the_rest_to_dnspython(line: str) -> None:
    """What a person wrote, or what is wrong, is read by who can say where."""
    assert read_own_records(f"{line}\n", ORIGIN) is None


def test_own_form_needs_no_dnspython() -> None:
    """A zone of usual records is read and written, and dnspython is not loaded for it."""
    text = "p.test. 60 IN SOA ns.p.test. h.p.test. 1 2 3 4 5\np.test. 60 IN NS ns.p.test.\n"
    program = (
        f"import sys; from scop.dns.zone.zone import Zone; z = Zone.parse({text!r}, 'p.test'); "
        f"print(z.to_text() == {text!r}, 'dns' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "True False" == done.stdout.strip()
