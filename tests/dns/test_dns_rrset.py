"""Records of a section put together to RRsets."""

from hypothesis import given
from hypothesis import strategies as st

from scop.dns import MX, NS, A, Opaque
from scop.dns.message import Record
from scop.dns.rdata import RRSIG, Rdata
from scop.dns.rrset import RRset, gather

ONE, TWO = A("192.0.2.1"), A("192.0.2.2")


def signature(covered: str, tag: int = 1) -> RRSIG:
    """Return a signature over that type."""
    return RRSIG(covered, 13, 2, 60, 2, 1, tag, "test", b"signature")


def test_rrset_has_the_lowest_ttl_and_no_record_twice() -> None:
    """RFC 2181 §5.2 and §5.5; the order of the first records is kept."""
    records = (
        Record("b.test", 300, ONE),
        Record("a.test", 300, NS("b.test")),
        Record("b.test", 60, TWO),
        Record("b.test", 90, ONE),
    )
    assert (RRset("b.test", "A", 60, (ONE, TWO)), RRset("a.test", "NS", 300, (NS("b.test"),))) == gather(records)


def test_rrset_bears_the_signatures_over_it_wherever_they_stand() -> None:
    """RFC 4035 §2.2: a signature belongs to the type that it covers, and its TTL counts too."""
    first, second = signature("A"), signature("A", 2)
    records = (Record("a.test", 30, first), Record("a.test", 60, ONE), Record("a.test", 60, second))
    (rrset,) = gather(records)
    assert RRset("a.test", "A", 30, (ONE,), (first, second)) == rrset
    assert (Record("a.test", 30, ONE),) == rrset.records()
    assert [ONE, first, second] == [record.rdata for record in rrset.records(with_signatures=True)]


def test_rrset_of_signatures_over_what_is_not_there_is_one_by_owner() -> None:
    """As an answer to a question for RRSIG has them; one without octets covers nothing."""
    mail, address, empty = signature("MX"), signature("A"), Opaque("RRSIG", b"")
    records = tuple(Record("a.test", 60, rdata) for rdata in (mail, address, empty))
    assert (RRset("a.test", "RRSIG", 60, (mail, address, empty)),) == gather(records)


RDATAS: st.SearchStrategy[Rdata] = st.sampled_from(
    [ONE, TWO, MX(1, "a.test"), signature("A"), signature("MX"), signature("TXT")]
)


@given(st.lists(st.builds(Record, st.sampled_from(["a.test", "b.test", ""]), st.integers(0, 9), RDATAS), max_size=20))
def test_rrsets_hold_each_record_once(records: list[Record]) -> None:
    """Nothing is lost, nothing is doubled, each owner and type stands once."""
    rrsets = gather(records)
    assert len(rrsets) == len({(rrset.owner, rrset.type) for rrset in rrsets})
    found = [(record.name, record.rdata) for rrset in rrsets for record in rrset.records(with_signatures=True)]
    assert len(found) == len(set(found))
    assert {(record.name, record.rdata) for record in records} == set(found)
